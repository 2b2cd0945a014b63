import type { NextHop, Route } from '../../model/types.js';
import { deviceOf, type Fact } from '../facts.js';
import { defineRows } from './contract.js';

export const list = defineRows({
  name: 'routes',
  help: 'routes of all tables',
  example: 'nsatlas routes --container web',
  without: ['mac'],
  hasCounters: true,
  columns: () => [
    { title: 'DESTINATION', cell: (row) => row.dst },
    {
      title: 'VIA',
      cell: (row) =>
        row.gateway ??
        row.nextHops.map((hop) => [hop.gateway ?? hop.ifname ?? hop.ifindex, ...lowered(hop)].join(' ')).join(', '),
      mood: (row) => (row.nextHops.some((hop) => isDown(hop)) ? 'bad' : undefined),
    },
    { title: 'INTERFACE', cell: (row) => row.ifname ?? row.ifindex },
    { title: 'NHID', cell: (row) => row.nexthopId, align: 'right' },
    { title: 'SOURCE', cell: (row) => row.prefsrc },
    { title: 'TYPE', cell: (row) => row.type },
    { title: 'PROTOCOL', cell: (row) => row.protocol },
    { title: 'SCOPE', cell: (row) => row.scope },
    { title: 'METRIC', cell: (row) => row.metric, align: 'right' },
    { title: 'TABLE', cell: (row) => tableName(row.table), align: 'right' },
    { title: 'FLAGS', cell: (row) => row.flags.join(',') },
  ],
  changes: { subject: (row, netns) => `route ${row.dst} dev ${deviceOf(row, netns)}`, facts, factsWhenGone: true },
});

function facts(row: Route): Fact[] {
  return [
    { label: 'nhid', value: row.nexthopId?.toString() },
    { label: 'via', value: row.gateway },
    { label: 'nexthop', value: row.nextHops.map(leg) },
    { label: 'encap', value: row.encapsulation },
    { label: 'src', value: row.prefsrc },
    { label: '', key: 'type', value: row.type === 'unicast' ? undefined : row.type },
    { label: 'table', value: row.table === MAIN ? undefined : tableName(row.table) },
    { label: 'proto', value: row.protocol },
    { label: 'metric', value: row.metric?.toString() },
    { label: '', key: 'metrics', value: Object.entries(row.metrics).map(([name, value]) => `${name} ${value}`) },
    { label: 'congctl', value: row.congestionControl },
    { label: 'pref', value: row.preference === 'medium' ? undefined : row.preference },
    { label: 'scope', value: row.scope, onlyChanges: true },
    { label: '', key: 'flags', value: row.flags },
  ];
}

/** "10.0.1.1 dev eth0 weight 1 dead linkdown" */
function leg(hop: NextHop): string {
  const to = [hop.gateway, hop.ifname ?? hop.ifindex].filter((word) => word !== undefined).join(' dev ');
  const encap = hop.encapsulation === undefined ? [] : ['encap', hop.encapsulation];
  return [to, 'weight', hop.weight, ...encap, ...lowered(hop)].join(' ');
}

/** Flags in the words of `ip route`. */
function lowered({ flags }: NextHop): string[] {
  return flags.map((flag) => flag.toLowerCase());
}

/** RT_TABLE_MAIN, linux/rtnetlink.h */
const MAIN = 254;

// linux/rtnetlink.h, enum rt_class_t
const ROUTE_TABLES: Readonly<Record<number, string>> = { 253: 'default', 254: 'main', 255: 'local' };

/** Name of a routing table, or its number. */
export function tableName(table: number): string {
  return ROUTE_TABLES[table] ?? String(table);
}

/** Whether a next hop takes no packets, by its flags. */
export function isDown({ flags }: { readonly flags: readonly string[] }): boolean {
  return flags.includes('DEAD') || flags.includes('LINKDOWN');
}
