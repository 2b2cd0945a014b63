import type { Rule } from '../../model/types.js';
import { netnsName } from '../../model/ids.js';
import { byGroup, type Column } from '../columns.js';
import type { Fact } from '../facts.js';
import { defineRows } from './contract.js';
import { tableName } from './routes.js';

export const list = defineRows({
  name: 'rules',
  help: 'policy routing rules, which choose the routing table for a packet',
  example: 'nsatlas rules --container web',
  // A collector does not keep the order in which the kernel lists them, which is the order in which they are tried.
  sort: byPriority,
  columns: (): Column<Rule>[] => [
    { title: 'FAMILY', cell: (row) => row.family },
    { title: 'PRIORITY', cell: (row) => row.priority, align: 'right' },
    { title: 'NOT', cell: (row) => (row.flags.includes('INVERT') ? 'not' : undefined) },
    { title: 'FROM', cell: (row) => row.src ?? 'all' },
    { title: 'TO', cell: (row) => row.dst },
    { title: 'IIF', cell: (row) => attached(row.iif, row.flags.includes('IIF_DETACHED')) },
    { title: 'OIF', cell: (row) => attached(row.oif, row.flags.includes('OIF_DETACHED')) },
    { title: 'MARK', cell: (row) => mark(row) },
    { title: 'SELECTOR', cell: (row) => selector(row).join(' ') },
    { title: 'ACTION', cell: (row) => action(row), mood: (row) => (row.flags.includes('UNRESOLVED') ? 'bad' : undefined) },
    { title: 'PROTOCOL', cell: (row) => row.protocol },
  ],
  changes: {
    subject: (row, netns) => `rule ${row.family} ${row.priority} from ${row.src ?? 'all'}@${netnsName(netns)}`,
    facts,
    factsWhenGone: true,
  },
});

/** Family by family of each namespace, as they came. */
function byPriority(rules: readonly Rule[]): Rule[] {
  const listOf = ({ host, netnsId, family }: Rule): string => `${host} ${netnsId} ${family}`;
  return byGroup(rules, listOf, (a, b) => a.priority - b.priority);
}

function facts(row: Rule): Fact[] {
  return [
    { label: '', key: 'not', value: row.flags.includes('INVERT') ? 'not' : undefined },
    { label: 'to', value: row.dst },
    { label: 'iif', value: row.iif },
    { label: 'oif', value: row.oif },
    { label: 'fwmark', value: mark(row) },
    { label: '', key: 'selector', value: selector(row) },
    { label: '', key: 'action', value: action(row) },
    { label: '', key: 'flags', value: row.flags.filter((flag) => flag !== 'INVERT') },
  ];
}

function attached(name: string | undefined, detached: boolean): string | undefined {
  return name === undefined || !detached ? name : `${name} (none)`;
}

function mark({ fwmark, fwmask }: Rule): string | undefined {
  if (fwmark === undefined) return undefined;
  const value = `0x${fwmark.toString(16)}`;
  return fwmask === undefined || fwmask === 0xffffffff ? value : `${value}/0x${fwmask.toString(16)}`;
}

/** What else a packet has to be, in the words of `ip rule`. */
function selector(row: Rule): string[] {
  return [
    ...(row.l3mdev ? ['l3mdev'] : []),
    ...word('tos', row.tos === undefined ? undefined : `0x${row.tos.toString(16)}`),
    ...word('dscp', row.dscp),
    ...word('ipproto', row.ipProtocol),
    ...word('sport', span(row.sportStart, row.sportEnd)),
    ...word('dport', span(row.dportStart, row.dportEnd)),
    ...word('uidrange', row.uidStart === undefined ? undefined : `${row.uidStart}-${row.uidEnd}`),
    ...word('tun_id', row.tunnelId),
    ...word('flowlabel', row.flowLabel),
  ];
}

function word(name: string, value: string | number | bigint | undefined): string[] {
  return value === undefined ? [] : [`${name} ${value}`];
}

function span(start: number | undefined, end: number | undefined): string | undefined {
  return start === undefined || start === end ? start?.toString() : `${start}-${end}`;
}

function action(row: Rule): string {
  const suppressed = [
    ...word('suppress_prefixlength', row.suppressPrefixLength),
    ...word('suppress_ifgroup', row.suppressInterfaceGroup),
    ...word('realms', row.realmTo === undefined ? undefined : [row.realmFrom, row.realmTo].filter(Boolean).join('/')),
  ];
  const what = row.table === undefined ? (row.l3mdev ? 'lookup of the VRF' : row.action) : `lookup ${tableName(row.table)}`;
  return [row.gotoPriority === undefined ? what : `goto ${row.gotoPriority}`, ...suppressed].join(' ');
}
