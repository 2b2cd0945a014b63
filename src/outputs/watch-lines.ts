import { netnsName } from '../model/ids.js';
import type { FdbEntry, Gap, Host, Neighbor, Netns, Network, Route } from '../model/types.js';
import type { Difference, WatchChange, WatchCounts } from '../wire/watch-merge.js';
import { tableName } from './columns.js';
import { type Fact, interfaceFacts, listFact, type NameOf } from './watch-facts.js';
import { printable } from '../text/printable.js';

/**
 * A change as lines for people, most often one: "+ " something new, "- " something gone, "~ " something else than before. None for what is
 * of no interest to them (counts of carrier changes). Safe to write to a terminal whatever the names in it; no line break at the end.
 */
export function watchLines(change: WatchChange, nameOf: NameOf): string[] {
  return linesOf(change, nameOf).map(printable);
}

/** "12 namespaces, 48 interfaces, 96 fdb rows": what there is none of is left out, but for the namespaces. */
export function countWords({ namespaces, interfaces, fdb, neighbors, routes }: WatchCounts): string {
  const words = [
    counted(namespaces, 'namespace'),
    ...(interfaces === 0 ? [] : [counted(interfaces, 'interface')]),
    ...(fdb === 0 ? [] : [counted(fdb, 'fdb row')]),
    ...(neighbors === 0 ? [] : [counted(neighbors, 'neighbour')]),
    ...(routes === 0 ? [] : [counted(routes, 'route')]),
  ];
  return words.join(', ');
}

function counted(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? '' : 's'}`;
}

function linesOf(change: WatchChange, nameOf: NameOf): string[] {
  switch (change.what) {
    case 'interface':
      return describe(
        change,
        (link) => `${link.name}@${netnsName(change.netns)}`,
        (link) => interfaceFacts(link, nameOf),
      );
    case 'fdb':
      return describe(change, (row) => `fdb ${row.mac ?? '-'} dev ${deviceOf(row, change.netns)}`, fdbFacts, fdbFacts);
    case 'neighbors':
      return describe(change, (row) => `neigh ${row.ip} dev ${deviceOf(row, change.netns)}`, neighborFacts, neighborFacts);
    case 'routes':
      return describe(change, (row) => `route ${row.dst} dev ${deviceOf(row, change.netns)}`, routeFacts, routeFacts);
    case 'netns':
      return describe(change, netnsSubject, netnsFacts);
    case 'network':
      return describe(change, ({ name }) => `network ${name}`, networkFacts);
    case 'host':
      return describe(change, ({ name }) => `host ${name}`, hostFacts);
    case 'gap':
      return describe(change, ({ message }) => `gap ${message}`, gapFacts);
  }
}

/** @param goneFacts what is said of something that is gone */
function describe<Value>(
  { old, new: now }: Difference<Value>,
  subject: (value: Value) => string,
  facts: (value: Value) => Fact[],
  goneFacts: (value: Value) => Fact[] = () => [],
): string[] {
  if (now === undefined) return old === undefined ? [] : [`- ${[subject(old), ...goneFacts(old).flatMap(words)].join(' ')}`];
  if (old === undefined) return [`+ ${[subject(now), ...facts(now).flatMap(words)].join(' ')}`];
  const differences = compare(facts(old), facts(now));
  return differences.length === 0 ? [] : [`~ ${subject(now)} ${differences.join(', ')}`];
}

function words({ label, value, onlyChanges }: Fact): string[] {
  const text = typeof value === 'string' ? value : value?.join(' ');
  if (text === undefined || text === '' || onlyChanges === true) return [];
  return [label === '' ? text : `${label} ${text}`];
}

function compare(before: readonly Fact[], after: readonly Fact[]): string[] {
  const old = new Map(before.map((fact) => [fact.key ?? fact.label, fact]));
  const now = new Map(after.map((fact) => [fact.key ?? fact.label, fact]));
  return [...new Set([...now.keys(), ...old.keys()])].flatMap((key) => {
    const [was, is] = [old.get(key), now.get(key)];
    const { label = '', inBoth = false, onlyNew = false } = is ?? was ?? {};
    if (onlyNew) return [];
    const text = difference(was?.value, is?.value);
    if (text === undefined || (inBoth && (was === undefined || is === undefined))) return [];
    return [label === '' ? text : `${label} ${text}`];
  });
}

function difference(old: Fact['value'], now: Fact['value']): string | undefined {
  if (!isList(old) && !isList(now)) return old === now ? undefined : `${old ?? '-'} → ${now ?? '-'}`;
  const [before, after] = [asList(old), asList(now)];
  const changes = [
    ...before.filter((item) => !after.includes(item)).map((item) => `-${item}`),
    ...after.filter((item) => !before.includes(item)).map((item) => `+${item}`),
  ];
  return changes.length === 0 ? undefined : changes.join(' ');
}

function asList(value: Fact['value']): readonly string[] {
  if (value === undefined) return [];
  return isList(value) ? value : [value];
}

function isList(value: Fact['value']): value is readonly string[] {
  return Array.isArray(value);
}

function deviceOf({ ifname, ifindex }: { ifname?: string; ifindex?: number }, netns: Netns): string {
  return `${ifname ?? ifindex ?? '-'}@${netnsName(netns)}`;
}

function fdbFacts(row: FdbEntry): Fact[] {
  return [
    { label: 'vlan', value: row.vlan?.toString() },
    { label: 'vni', value: row.vni?.toString() },
    { label: 'dst', value: row.dst },
    { label: 'port', value: row.dstPort?.toString() },
    { label: 'master', value: row.masterName ?? row.masterIfindex?.toString() },
    { label: '', value: row.state },
    listFact(
      '',
      row.flags.filter((flag) => flag !== 'SELF' && flag !== 'MASTER'),
      'flags',
    ),
  ];
}

function neighborFacts(row: Neighbor): Fact[] {
  return [{ label: 'lladdr', value: row.mac }, { label: '', value: row.state }, listFact('', row.flags, 'flags')];
}

function routeFacts(row: Route): Fact[] {
  return [
    { label: 'via', value: row.gateway },
    listFact(
      'nexthop',
      row.nextHops.map(({ gateway, ifname, ifindex, weight }) => `${gateway ?? ifname ?? ifindex} weight ${weight}`),
    ),
    { label: 'src', value: row.prefsrc },
    { label: '', key: 'type', value: row.type === 'unicast' ? undefined : row.type },
    { label: 'table', value: row.table === MAIN ? undefined : tableName(row.table) },
    { label: 'proto', value: row.protocol },
    { label: 'metric', value: row.metric?.toString() },
    listFact('', row.flags, 'flags'),
  ];
}

/** RT_TABLE_MAIN, linux/rtnetlink.h */
const MAIN = 254;

function netnsSubject(netns: Netns): string {
  const name = netnsName(netns);
  return name === netns.id ? `netns ${name}` : `netns ${name} ${netns.id}`;
}

function netnsFacts(netns: Netns): Fact[] {
  const containers = [netns.owner, ...netns.joined].flatMap((owner) => (owner === undefined ? [] : [owner.containerName]));
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

function networkFacts(network: Network): Fact[] {
  return [{ label: '', value: network.driver }, listFact('vni', network.vnis.map(String)), listFact('subnet', network.subnets)];
}

function hostFacts(host: Host): Fact[] {
  return [
    { label: 'id', value: host.id },
    { label: 'kernel', value: host.kernel },
    listFact(
      'engines',
      host.engines.map(({ socket, version }) => `${socket} ${version}`),
    ),
  ];
}

function gapFacts({ status }: Gap): Fact[] {
  return [{ label: '', value: status, onlyChanges: true }];
}
