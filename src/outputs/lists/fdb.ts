import type { FdbEntry } from '../../model/types.js';
import { seconds } from '../columns.js';
import { deviceOf, type Fact } from '../facts.js';
import { defineRows } from './contract.js';

export const list = defineRows({
  name: 'fdb',
  help: 'forwarding tables of bridges and VXLANs: which MAC is behind which VTEP',
  example: 'nsatlas fdb --network app_net --kind vxlan',
  hasCounters: true,
  columns: () => [
    { title: 'INTERFACE', cell: (row) => row.ifname ?? row.ifindex },
    { title: 'MAC', cell: (row) => row.mac },
    { title: 'DST', cell: (row) => row.dst ?? nexthop(row) },
    { title: 'STATE', cell: (row) => row.state },
    { title: 'FLAGS', cell: (row) => row.flags.join(',') },
    { title: 'MASTER', cell: (row) => row.masterName ?? row.masterIfindex },
    { title: 'VLAN', cell: (row) => row.vlan, align: 'right' },
    { title: 'VNI', cell: (row) => row.vni, align: 'right' },
    { title: 'USED', cell: (row) => seconds(row.usedSeconds), align: 'right' },
    { title: 'UPDATED', cell: (row) => seconds(row.updatedSeconds), align: 'right' },
  ],
  changes: { subject: (row, netns) => `fdb ${row.mac ?? '-'} dev ${deviceOf(row, netns)}`, facts, factsWhenGone: true },
});

function facts(row: FdbEntry): Fact[] {
  return [
    { label: 'vlan', value: row.vlan?.toString() },
    { label: 'vni', value: row.vni?.toString() },
    { label: 'src_vni', value: row.srcVni?.toString() },
    { label: 'dst', value: row.dst },
    { label: 'nhid', value: row.nexthopId?.toString() },
    { label: 'port', value: row.dstPort?.toString() },
    { label: 'via', value: row.viaIfindex?.toString() },
    { label: 'master', value: row.masterName ?? row.masterIfindex?.toString() },
    { label: '', value: row.state },
    { label: 'proto', value: row.protocol },
    { label: '', key: 'flags', value: row.flags.filter((flag) => flag !== 'SELF' && flag !== 'MASTER') },
  ];
}

/** Where a row of a VXLAN leads that has no address of its own: to the VTEPs of a group of next hops, as `bridge fdb` shows it. */
function nexthop({ nexthopId }: FdbEntry): string | undefined {
  return nexthopId === undefined ? undefined : `nhid ${nexthopId}`;
}
