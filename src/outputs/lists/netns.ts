import { netnsName } from '../../model/ids.js';
import { ownersOf } from '../../model/select.js';
import type { Netns, TableStatus } from '../../model/types.js';
import type { Fact } from '../facts.js';
import type { ListView } from './contract.js';

export const list: ListView<'netns'> = {
  name: 'netns',
  group: 'Namespaces:',
  help: 'network namespaces: role, owner, network, how a container is attached',
  example: 'nsatlas netns --role overlay',
  without: ['kind', 'interface', 'vni', 'mac', 'ip'],
  columns: () => [
    { title: 'NAME', cell: (netns) => netns.netnsName ?? netns.id },
    { title: 'ROLE', cell: (netns) => netns.role },
    { title: 'FILE', cell: (netns) => fileName(netns) },
    { title: 'NETWORK', cell: (netns) => networks(netns) },
    { title: 'CONTAINERS', cell: (netns) => containers(netns) },
    { title: 'MODE', cell: (netns) => modes(netns) },
    { title: 'SERVICE', cell: (netns) => netns.owner?.serviceName },
    { title: 'LINKS', cell: (netns) => netns.tables.find((table) => table.table === 'LINKS')?.rows, align: 'right' },
    { title: 'PROCS', cell: (netns) => netns.pids.length, align: 'right' },
    { title: 'NETNS', cell: (netns) => netns.id },
    { title: 'STATUS', cell: (netns) => status(netns), mood: (netns) => (status(netns) === 'OK' ? 'good' : 'bad') },
  ],
  changes: { subject, facts },
};

/** The namespace's own status, or that of the first table that could not be read completely. */
function status(netns: Netns): string {
  const [bad] = badTables(netns);
  return netns.status !== 'OK' || bad === undefined ? netns.status : `${bad.table} ${bad.status}`;
}

/** Tables that could not be read completely. */
function badTables({ tables }: Netns): TableStatus[] {
  return tables.filter(({ status }) => status !== 'OK' && status !== 'NOT_READ');
}

function fileName(netns: Netns): string | undefined {
  const [first, ...others] = netns.paths;
  if (first === undefined) return undefined;
  const name = first.slice(first.lastIndexOf('/') + 1);
  return others.length === 0 ? name : `${name} (+${others.length})`;
}

function networks(netns: Netns): string | undefined {
  return netns.networkName ?? netns.networkId ?? netns.owner?.networks.map((network) => network.name).join(',');
}

/** The network modes of its containers, each once: "bridge,container". */
function modes(netns: Netns): string {
  return [...new Set(ownersOf(netns).map(({ networkMode }) => networkMode))].join(',');
}

function containers(netns: Netns): string {
  const names = ownersOf(netns).map(({ containerName }) => containerName);
  return [...names.slice(0, 2), ...(names.length > 2 ? [`+${names.length - 2}`] : [])].join(',');
}

function subject(netns: Netns): string {
  const name = netnsName(netns);
  return name === netns.id ? `netns ${name}` : `netns ${name} ${netns.id}`;
}

function facts(netns: Netns): Fact[] {
  return [
    { label: '', key: 'role', value: netns.role },
    { label: 'status', value: netns.status === 'OK' || netns.status === 'NOT_READ' ? undefined : netns.status },
    { label: '', key: 'tables', value: badTables(netns).map(({ table, status }) => `${table}:${status}`) },
    { label: 'name', value: netnsName(netns), onlyChanges: true },
    { label: 'network', value: netns.networkName ?? netns.networkId },
    { label: 'containers', value: ownersOf(netns).map(({ containerName }) => containerName) },
    { label: 'paths', value: netns.paths, onlyChanges: true },
  ];
}
