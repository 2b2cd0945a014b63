import { factsOf, factWords } from '../../kinds/facts.js';
import type { VxlanRow } from '../../model/types.js';
import { compare } from '../../text/order.js';
import { someOf } from '../columns.js';
import type { ListView } from './contract.js';

export const list: ListView<'vxlans'> = {
  name: 'vxlans',
  group: 'Namespaces:',
  help: 'VXLAN interfaces: VNI, network, forwarding entries',
  example: 'nsatlas vxlans --vni 4097 -o json',
  // Inode numbers of namespaces are arbitrary, so the order in which namespaces are read means nothing to people, and the same two
  // overlays would change places from one boot to the next.
  sort: (rows) => rows.toSorted(byVni),
  columns: () => [
    { title: 'NETWORK', cell: (row) => row.networkName ?? row.networkId },
    { title: 'VNI', cell: (row) => row.vni, align: 'right' },
    { title: 'INTERFACE', cell: (row) => row.name },
    {
      title: 'STATE',
      cell: (row) => (row.flags.includes('UP') ? row.operState : 'DOWN'),
      mood: (row) => (row.flags.includes('UP') ? 'good' : 'bad'),
    },
    { title: 'SUBNET', cell: (row) => someOf(row.subnets) },
    { title: 'BRIDGE', cell: (row) => row.masterName ?? row.masterIfindex },
    { title: 'PORT', cell: (row) => row.dstPort, align: 'right' },
    { title: 'MTU', cell: (row) => row.mtu, align: 'right' },
    { title: 'FDB', cell: (row) => row.fdbEntries ?? 'unread', align: 'right' },
    { title: 'FLAGS', cell: (row) => vxlanFlags(row) },
    { title: 'NAMESPACE', cell: (row) => row.netnsName },
    { title: 'NETNS', cell: (row) => row.netnsId },
  ],
};

/** Sorts after every VNI, which has 24 bits. */
const NO_VNI = 2 ** 24;

function byVni(a: VxlanRow, b: VxlanRow): number {
  return (
    (a.vni ?? NO_VNI) - (b.vni ?? NO_VNI) || compare(a.host, b.host) || compare(a.netnsName, b.netnsName) || a.ifindex - b.ifindex
  );
}

/** Facts that the other columns do not show. */
function vxlanFlags({ vxlan }: VxlanRow): string | undefined {
  const facts = factsOf({ kind: 'vxlan', attributes: {}, vxlan });
  return factWords(facts.filter(({ name }) => name !== 'vni' && name !== 'port'));
}
