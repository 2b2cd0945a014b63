import type { Endpoint } from '../../model/types.js';
import { compare } from '../../text/order.js';
import { byGroup, type Column, someOf, UP_STATES } from '../columns.js';
import { hostNames, silence } from '../host-columns.js';
import type { ListView } from './contract.js';

export const list: ListView<'endpoints'> = {
  name: 'endpoints',
  group: 'Overlays and hosts:',
  help: 'what is attached to overlay networks: address, host, container, service',
  example: 'nsatlas endpoints --from node-1.json node-2.json --ip 10.0.1.7',
  sort: byAddress,
  columns,
};

/** For all of them at once, because hosts with equal names have to be distinguished. */
function columns(endpoints: readonly Endpoint[]): Column<Endpoint>[] {
  const names = hostNames(endpoints);
  return [
    { title: 'NETWORK', cell: (row) => row.networkName ?? row.networkId },
    { title: 'VNI', cell: (row) => row.vni, align: 'right' },
    { title: 'IP', cell: (row) => someOf(row.ips) },
    { title: 'MAC', cell: (row) => row.mac },
    { title: 'HOST', cell: (row) => names.get(row.host) },
    { title: 'AGE', cell: (row) => silence(row), mood: () => 'bad' },
    { title: 'NAME', cell: (row) => row.netnsName ?? row.owner?.containerName },
    { title: 'SERVICE', cell: (row) => row.owner?.serviceName },
    { title: 'ROLE', cell: (row) => row.role },
    { title: 'INTERFACE', cell: (row) => row.ifname ?? row.ifindex },
    { title: 'STATE', cell: (row) => row.operState, mood: (row) => UP_STATES[row.operState ?? ''] },
    { title: 'PORT', cell: (row) => row.port.name },
    { title: 'STATE', cell: (row) => row.portOperState, mood: (row) => UP_STATES[row.portOperState] },
    { title: 'VTEP', cell: (row) => row.vtep },
    { title: 'STATUS', cell: (row) => (row.status === 'PAIRED' ? undefined : row.status), mood: () => 'bad' },
    { title: 'NETNS', cell: (row) => row.netnsId },
  ];
}

/** Overlay by overlay, in the order received; within each by the first address, items without one last. */
function byAddress(endpoints: readonly Endpoint[]): Endpoint[] {
  const keyOf = ({ ips: [ip] }: Endpoint): string => addressKey(ip);
  return byGroup(
    endpoints,
    ({ overlay }) => overlay,
    (a, b) => compare(keyOf(a), keyOf(b)) || compare(a.host, b.host),
  );
}

/** A text that sorts like addresses: IPv4 numerically, before IPv6, before none. */
function addressKey(ip: string | undefined): string {
  if (ip === undefined) return '~';
  if (ip.includes(':')) return `6${ip}`;
  return `4${ip
    .split('.')
    .map((part) => part.padStart(3, '0'))
    .join('.')}`;
}
