import { netnsName } from '../../model/ids.js';
import type { NexthopObject } from '../../model/types.js';
import { byGroup, type Column } from '../columns.js';
import type { Fact } from '../facts.js';
import { defineRows } from './contract.js';
import { isDown } from './routes.js';

export const list = defineRows({
  name: 'nexthops',
  help: 'next hop objects and groups, to which routes refer by id',
  example: 'nsatlas nexthops --ip 10.0.1.1',
  without: ['mac'],
  hasCounters: true,
  // As the kernel lists them; a collector does not keep that order.
  sort: (rows) =>
    byGroup(
      rows,
      ({ host, netnsId }) => `${host} ${netnsId}`,
      (a, b) => a.id - b.id,
    ),
  columns: (): Column<NexthopObject>[] => [
    { title: 'ID', cell: (row) => row.id, align: 'right' },
    { title: 'VIA', cell: (row) => row.gateway },
    { title: 'INTERFACE', cell: (row) => row.ifname ?? row.ifindex },
    { title: 'GROUP', cell: (row) => members(row).join(' ') },
    { title: 'TYPE', cell: (row) => [type(row), ...resilient(row).flat()].join(' ') },
    { title: 'SCOPE', cell: (row) => row.scope },
    { title: 'PROTOCOL', cell: (row) => row.protocol },
    { title: 'FLAGS', cell: (row) => row.flags.join(','), mood: (row) => (isDown(row) ? 'bad' : undefined) },
  ],
  changes: { subject: (row, netns) => `nexthop ${row.id}@${netnsName(netns)}`, facts, factsWhenGone: true },
});

function facts(row: NexthopObject): Fact[] {
  return [
    { label: '', key: 'type', value: type(row) },
    { label: 'via', value: row.gateway },
    { label: 'dev', value: row.ifname ?? row.ifindex?.toString() },
    { label: 'group', value: members(row) },
    ...resilient(row).map(([label, value]): Fact => ({ label, value: value.toString() })),
    { label: 'scope', value: row.scope, onlyChanges: true },
    { label: 'proto', value: row.protocol },
    { label: '', key: 'flags', value: row.flags },
  ];
}

/** "1*5": the id and the weight, where it has one. */
function members({ group }: NexthopObject): string[] {
  return group.map(({ id, weight }) => (weight === 1 ? `${id}` : `${id}*${weight}`));
}

function type(row: NexthopObject): string | undefined {
  const words = [row.blackhole ? 'blackhole' : undefined, row.fdb ? 'fdb' : undefined, row.groupType, row.encapsulation];
  return words.filter((each) => each !== undefined).join(' ') || undefined;
}

/** What a resilient group has besides its members, timers in seconds: in the words of `ip nexthop`. */
function resilient({ buckets, idleTimerSeconds, unbalancedTimerSeconds }: NexthopObject): (readonly [string, number])[] {
  const all = [
    ['buckets', buckets],
    ['idle_timer', idleTimerSeconds],
    ['unbalanced_timer', unbalancedTimerSeconds],
  ] as const;
  return all.flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const]));
}
