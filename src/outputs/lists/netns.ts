import { netnsName } from '../../model/ids.js';
import { ownersOf } from '../../model/select.js';
import type { Netns } from '../../model/types.js';
import { type Fact, listFact } from '../facts.js';
import { defineList } from './contract.js';

export const list = defineList({
  name: 'netns',
  group: 'Namespaces:',
  help: 'network namespaces: role, owner, network, how a container is attached',
  example: 'nsatlas netns --role overlay',
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
});

/** The namespace's own status, or that of the first table that could not be read completely. */
function status(netns: Netns): string {
  const bad = netns.tables.find((table) => table.status !== 'OK' && table.status !== 'NOT_READ');
  if (netns.status !== 'OK' || bad === undefined) return netns.status;
  return `${bad.table} ${bad.status}`;
}

function fileName(netns: Netns): string | undefined {
  const [first, ...others] = netns.paths;
  if (first === undefined) return undefined;
  const name = first.slice(first.lastIndexOf('/') + 1);
  return others.length === 0 ? name : `${name} (+${others.length})`;
}

function networks(netns: Netns): string | undefined {
  const own = netns.networkName ?? netns.networkId;
  const joined = netns.owner?.networks.map((network) => network.name).join(',');
  return own ?? (joined === '' ? undefined : joined);
}

/** The network modes of its containers, each once: "bridge,container". */
function modes(netns: Netns): string | undefined {
  const all = ownersOf(netns).map(({ networkMode }) => networkMode);
  return all.length === 0 ? undefined : [...new Set(all)].join(',');
}

function containers(netns: Netns): string | undefined {
  const names = ownersOf(netns).map(({ containerName }) => containerName);
  if (names.length === 0) return undefined;
  const [first, second, ...others] = names;
  const shown = [first, second].filter((name) => name !== undefined).join(',');
  return others.length === 0 ? shown : `${shown},+${others.length}`;
}

function subject(netns: Netns): string {
  const name = netnsName(netns);
  return name === netns.id ? `netns ${name}` : `netns ${name} ${netns.id}`;
}

function facts(netns: Netns): Fact[] {
  const containers = ownersOf(netns).map(({ containerName }) => containerName);
  return [
    { label: '', key: 'role', value: netns.role },
    { label: 'status', value: netns.status === 'OK' || netns.status === 'NOT_READ' ? undefined : netns.status },
    listFact(
      '',
      netns.tables
        .filter(({ status }) => status !== 'OK' && status !== 'NOT_READ')
        .map(({ table, status }) => `${table}:${status}`),
      'tables',
    ),
    { label: 'name', value: netnsName(netns), onlyChanges: true },
    { label: 'network', value: netns.networkName ?? netns.networkId },
    listFact('containers', containers),
    { ...listFact('paths', netns.paths), onlyChanges: true },
  ];
}
