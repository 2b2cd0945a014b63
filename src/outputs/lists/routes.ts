import type { Route } from '../../model/types.js';
import { deviceOf, type Fact } from '../facts.js';
import { defineRows } from './contract.js';

export const list = defineRows({
  name: 'routes',
  help: 'routes of all tables',
  example: 'nsatlas routes --container web',
  hasCounters: true,
  columns: () => [
    { title: 'DESTINATION', cell: (row) => row.dst },
    { title: 'VIA', cell: (row) => row.gateway ?? row.nextHops.map((hop) => hop.gateway ?? hop.ifname ?? hop.ifindex).join(',') },
    { title: 'INTERFACE', cell: (row) => row.ifname ?? row.ifindex },
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
    { label: 'via', value: row.gateway },
    {
      label: 'nexthop',
      value: row.nextHops.map(({ gateway, ifname, ifindex, weight }) => `${gateway ?? ifname ?? ifindex} weight ${weight}`),
    },
    { label: 'src', value: row.prefsrc },
    { label: '', key: 'type', value: row.type === 'unicast' ? undefined : row.type },
    { label: 'table', value: row.table === MAIN ? undefined : tableName(row.table) },
    { label: 'proto', value: row.protocol },
    { label: 'metric', value: row.metric?.toString() },
    { label: '', key: 'flags', value: row.flags },
  ];
}

/** RT_TABLE_MAIN, linux/rtnetlink.h */
const MAIN = 254;

// linux/rtnetlink.h, enum rt_class_t
const ROUTE_TABLES: Readonly<Record<number, string>> = { 253: 'default', 254: 'main', 255: 'local' };

/** Name of a routing table, or its number. */
export function tableName(table: number): string {
  return ROUTE_TABLES[table] ?? String(table);
}
