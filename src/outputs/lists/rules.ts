import type { Rule } from '../../model/types.js';
import { netnsName } from '../../model/ids.js';
import { hex } from '../../tables/shared/names.js';
import { byGroup, type Column } from '../columns.js';
import type { Fact } from '../facts.js';
import { defineRows } from './contract.js';
import { tableName } from './routes.js';

export const list = defineRows({
  name: 'rules',
  help: 'policy routing rules, which choose the routing table for a packet',
  example: 'nsatlas rules --container web',
  without: ['mac'],
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
    { label: 'proto', value: row.protocol },
    { label: '', key: 'flags', value: row.flags.filter((flag) => flag !== 'INVERT' && flag !== 'UNRESOLVED') },
  ];
}

function attached(name: string | undefined, detached: boolean): string | undefined {
  return name === undefined || !detached ? name : `${name} (none)`;
}

/** The kernel leaves a mark of 0 out, not its mask. // fib_nl_fill_rule(), net/core/fib_rules.c */
function mark({ fwmark, fwmask }: Rule): string | undefined {
  return fwmark === undefined && fwmask === undefined ? undefined : masked(hex(fwmark ?? 0), fwmask, 0xffffffff);
}

/** "80/0xff"; a mask of all bits is not shown. */
function masked(value: string | number | undefined, mask: number | undefined, all: number): string | undefined {
  return value === undefined || mask === undefined || mask === all ? value?.toString() : `${value}/${hex(mask)}`;
}

/** What else a packet has to be, in the words of `ip rule`. */
function selector(row: Rule): string[] {
  return [
    ...(row.l3mdev ? ['l3mdev'] : []),
    ...word('tos', row.tos === undefined ? undefined : hex(row.tos)),
    ...word('dscp', masked(row.dscp, row.dscpMask, 0x3f)),
    ...word('ipproto', row.ipProtocol),
    ...word('sport', masked(span(row.sportStart, row.sportEnd), row.sportMask, 0xffff)),
    ...word('dport', masked(span(row.dportStart, row.dportEnd), row.dportMask, 0xffff)),
    ...word('uidrange', row.uidStart === undefined ? undefined : `${row.uidStart}-${row.uidEnd}`),
    ...word('tun_id', row.tunnelId),
    ...word('flowlabel', row.flowLabel === undefined ? undefined : masked(hex(row.flowLabel), row.flowLabelMask, 0xfffff)),
  ];
}

function word(name: string, value: string | number | bigint | undefined): string[] {
  return value === undefined ? [] : [`${name} ${value}`];
}

function span(start: number | undefined, end: number | undefined): string | undefined {
  return start === undefined || start === end ? start?.toString() : `${start}-${end}`;
}

/** In the words of `ip rule`. Of what applies only to interfaces in a VRF, only a lookup is in its table. */
function action(row: Rule): string {
  const suppressed = [
    ...word('suppress_prefixlength', row.suppressPrefixLength),
    ...word('suppress_ifgroup', row.suppressInterfaceGroup),
    ...word('realms', row.realmFrom === undefined ? row.realmTo : `${row.realmFrom}/${row.realmTo ?? 0}`),
  ];
  return [...what(row), ...suppressed].join(' ');
}

function what({ action: name, table, gotoPriority, l3mdev, flags }: Rule): string[] {
  if (gotoPriority !== undefined) return [`goto ${gotoPriority}`, ...(flags.includes('UNRESOLVED') ? ['[unresolved]'] : [])];
  if (table !== undefined) return [`lookup ${tableName(table)}`];
  return [name === 'lookup' && l3mdev ? 'lookup [l3mdev-table]' : name];
}
