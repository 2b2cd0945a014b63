// What the decoders make of a kernel's answers, field by field as iproute2 prints the same.
import t, { type Test } from 'tap';
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DumpDecoder } from '../support/dump.js';
import type { AddressRecord, FdbRecord, LinkRecord, NeighborRecord, RouteRecord } from '../../src/tables/shared/records.js';
import { decodeAll, readCapture } from '../support/fixture.js';
import { runScenario } from '../support/scenario.js';

t.setTimeout(0);

type Json = Record<string, unknown>;

/** A scenario's answers, decoded, and what commands there printed as JSON. */
function run(t: Test, scenario: string, commands: Readonly<Record<string, string>>, before = ':') {
  const directory = mkdtempSync(join(tmpdir(), 'nsatlas-decode-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  const after = Object.entries(commands).map(([name, command]) => `${command} > "$1/${name}.json"`);
  runScenario(scenario, directory, { before, after: after.join('\n') });
  return {
    answer: (name: string): DumpDecoder => {
      const decoder = decodeAll(readCapture(join(directory, `${name}.bin`)));
      assert.deepEqual([decoder.errors, decoder.failure, decoder.ended], [[], undefined, true]);
      return decoder;
    },
    said: (name: string): Json[] => JSON.parse(readFileSync(join(directory, `${name}.json`), 'utf8') || '[]') as Json[],
  };
}

/** Without what is undefined, for iproute2 leaves out what it does not know. */
function compact(object: Json): Json {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined && value !== null));
}

/** Only these keys. */
function pick(object: Json, keys: readonly string[]): Json {
  return compact(Object.fromEntries(keys.map((key) => [key, object[key]])));
}

/** Rows in an order that does not depend on the kernel's hash tables. */
function sorted(rows: readonly Json[]): string[] {
  return rows.map((row) => JSON.stringify(Object.fromEntries(Object.entries(row).sort(([a], [b]) => (a < b ? -1 : 1))))).sort();
}

/** Keys of `ip -d -j link` that are compared as they are. */
const LINK_KEYS = [
  'ifindex ifname mtu qdisc operstate link_type address broadcast promiscuity allmulti min_mtu max_mtu txqlen num_tx_queues num_rx_queues',
  'gso_max_size gso_max_segs tso_max_size tso_max_segs gro_max_size inet6_addr_gen_mode ifalias altnames link_netnsid group flags kind',
  'slave_kind master link',
]
  .join(' ')
  .split(' ');

/** A link as iproute2 puts it. */
function linkAsIp(link: LinkRecord, names: ReadonlyMap<number, string>): Json {
  const flags = new Set(link.flags);
  // RUNNING is shown by its absence, and only while UP: print_link_flags(), ip/ipaddress.c.
  if (flags.has('UP') && !flags.has('RUNNING')) flags.add('NO-CARRIER');
  flags.delete('RUNNING');
  const own = link.linkNsid === undefined && link.linkIfindex !== undefined;
  return compact({
    ifindex: link.ifindex,
    ifname: link.name,
    mtu: link.mtu,
    qdisc: link.qdisc,
    operstate: link.operState,
    link_type: link.linkType,
    address: link.mac,
    broadcast: link.broadcast,
    promiscuity: link.promiscuity,
    allmulti: link.allmulti,
    min_mtu: link.minMtu,
    max_mtu: link.maxMtu,
    txqlen: link.txQueueLength,
    num_tx_queues: link.numTxQueues,
    num_rx_queues: link.numRxQueues,
    gso_max_size: link.gsoMaxSize,
    gso_max_segs: link.gsoMaxSegs,
    tso_max_size: link.tsoMaxSize,
    tso_max_segs: link.tsoMaxSegs,
    gro_max_size: link.groMaxSize,
    inet6_addr_gen_mode: link.addrGenMode,
    ifalias: link.alias,
    altnames: link.altnames.length > 0 ? link.altnames : undefined,
    link_netnsid: link.linkNsid,
    group: link.group === 0 ? 'default' : String(link.group),
    flags: [...flags].sort(),
    kind: link.kind,
    slave_kind: link.portKind,
    master: link.masterIfindex === undefined ? undefined : names.get(link.masterIfindex),
    link: own ? names.get(link.linkIfindex as number) : undefined,
  });
}

/** What iproute2 said of a link, in the shape of linkAsIp(). */
function ipLink(said: Json): Json {
  const info = (said['linkinfo'] ?? {}) as Json;
  // M-DOWN is no flag: iproute2 looks at the lower link itself.
  const flags = (said['flags'] as string[]).filter((flag) => flag !== 'M-DOWN').sort();
  return pick({ ...said, flags, kind: info['info_kind'], slave_kind: info['info_slave_kind'] }, LINK_KEYS);
}

t.test('links are what ip -d -j link shows', async (t) => {
  // iproute2 prints a control character in a name as it is, which is no JSON; the fixture of this scenario has such a name.
  const before = 'ip link del "$(printf \'n\\377\\033[m\')"';
  const { answer, said } = run(t, 'links', { link: 'ip -d -j link' }, before);
  const { links } = answer('links');
  const names = new Map(links.map(({ ifindex, name }) => [ifindex as number, name]));
  const shown = said('link');
  t.ok(links.length >= 9, `${links.length} links`);
  t.strictSame(
    links.map((link) => linkAsIp(link, names)),
    shown.map(ipLink),
  );
  const vxlan = links.find(({ name }) => name === 'vxlan1')?.vxlan;
  const data = (shown.find(({ ifname }) => ifname === 'vxlan1')?.['linkinfo'] as Json)['info_data'] as Json;
  t.strictSame(
    [vxlan?.vni, vxlan?.dstPort, vxlan?.local, vxlan?.remote, vxlan?.ttl],
    [data['id'], data['port'], data['local'], data['remote'], data['ttl']],
  );
});

/** Flags that iproute2 prints as keys of their own. PERMANENT is shown by the absence of "dynamic". */
const ADDRESS_FLAGS: Readonly<Record<string, string>> = {
  SECONDARY: 'secondary',
  TEMPORARY: 'temporary',
  NODAD: 'nodad',
  OPTIMISTIC: 'optimistic',
  DADFAILED: 'dadfailed',
  HOMEADDRESS: 'home',
  DEPRECATED: 'deprecated',
  TENTATIVE: 'tentative',
  MANAGETEMPADDR: 'mngtmpaddr',
  NOPREFIXROUTE: 'noprefixroute',
  MCAUTOJOIN: 'autojoin',
  STABLE_PRIVACY: 'stable-privacy',
};

function addressAsIp(address: AddressRecord): Json {
  const words = address.flags.filter((flag) => flag !== 'PERMANENT').map((flag) => [ADDRESS_FLAGS[flag] ?? flag, true] as const);
  return compact({
    family: address.family,
    local: address.address,
    address: address.peer,
    prefixlen: address.prefixLength,
    metric: address.metric,
    broadcast: address.broadcast,
    scope: address.scope.startsWith('0x') ? String(Number(address.scope)) : address.scope,
    label: address.label,
    ...Object.fromEntries(words),
    dynamic: address.flags.includes('PERMANENT') ? undefined : true,
    valid_life_time: address.validLifetimeSeconds ?? 0xffffffff,
    preferred_life_time: address.preferredLifetimeSeconds ?? 0xffffffff,
  });
}

t.test('addresses are what ip -d -j addr shows', async (t) => {
  const { answer, said } = run(t, 'addresses', { addr: 'ip -d -j addr' });
  const { addresses } = answer('addresses');
  let compared = 0;
  for (const link of said('addr')) {
    const own = addresses.filter(({ ifindex }) => ifindex === link['ifindex']).map(addressAsIp);
    // Later releases of iproute2 print IFA_PROTO, too; the second may have turned between the two questions.
    const theirs = (link['addr_info'] as Json[]).map(({ protocol: _protocol, ...rest }) => rest);
    t.strictSame(own.map(coarse), theirs.map(coarse));
    compared += own.length;
  }
  t.equal(compared, addresses.length);
  t.ok(compared > 18, `${compared} addresses`);
  const made = Object.fromEntries(addresses.map(({ address, protocol }) => [address, protocol]));
  t.strictSame([made['::1'], made['fe80::ff:fe00:a'], made['10.0.1.2']], ['kernel_lo', 'kernel_ll', undefined]);
});

/** Lifetimes to ten seconds, and without what duplicate address detection changes at any moment. */
function coarse({ tentative: _tentative, ...row }: Json): Json {
  const round = (key: string): number => Math.round(Number(row[key]) / 10);
  return { ...row, valid_life_time: round('valid_life_time'), preferred_life_time: round('preferred_life_time') };
}

const NEIGHBOR_KEYS = ['dst', 'dev', 'lladdr', 'state', 'protocol', 'router', 'proxy', 'extern_learn', 'managed', 'offload'];

function neighborAsIp(row: NeighborRecord): Json {
  const has = (flag: string): boolean | undefined => row.flags.includes(flag) || undefined;
  return compact({
    dst: row.ip,
    dev: row.ifindex === 10 ? 'va' : String(row.ifindex),
    lladdr: row.mac,
    // NUD_NONE is shown by its absence.
    state: row.state === 'NONE' ? undefined : row.state,
    protocol: row.protocol,
    router: has('ROUTER'),
    proxy: has('PROXY'),
    extern_learn: has('EXT_LEARNED'),
    managed: has('EXT_MANAGED'),
  });
}

/** iproute2 prints flags as keys with the value null. */
function ipNeighbor(said: Json): Json {
  const flags = Object.fromEntries(Object.entries(said).map(([key, value]) => [key, value === null ? true : value]));
  const state = said['state'];
  return pick({ ...flags, state: Array.isArray(state) ? state.join('|') : undefined }, NEIGHBOR_KEYS);
}

t.test('neighbours and proxies are what ip -j neigh shows', async (t) => {
  const { answer, said } = run(t, 'neighbors', {
    neigh: 'ip -j neigh show nud all',
    proxy: 'ip -j neigh show proxy',
  });
  // What is being resolved changes from one question to the next; IPv6 multicast rows come when the kernel likes.
  const steady = (row: Json): boolean =>
    !/INCOMPLETE|PROBE|DELAY/.test(String(row['state'])) && !String(row['dst']).startsWith('ff02::');
  const own = [...answer('neighbors').neighbors, ...answer('proxies').neighbors].map(neighborAsIp).filter(steady);
  const theirs = [...said('neigh'), ...said('proxy')].map(ipNeighbor).filter(steady);
  t.strictSame(sorted(own), sorted(theirs));
  t.ok(own.length >= 12, `${own.length} rows`);
});

const FDB_KEYS = ['mac', 'ifname', 'dst', 'port', 'vni', 'src_vni', 'viaIf', 'nhid', 'vlan', 'master', 'flags', 'state'];

/** state_n2a() and fdb_print_flags() of bridge/fdb.c. */
function fdbAsBridge(row: FdbRecord, names: ReadonlyMap<number, string>): Json {
  const state = row.rawState & 0x80 ? 'permanent' : row.rawState & 0x40 ? 'static' : row.rawState & 0x04 ? 'stale' : '';
  const words: Readonly<Record<string, string>> = {
    SELF: 'self',
    ROUTER: 'router',
    EXT_LEARNED: 'extern_learn',
    OFFLOADED: 'offload',
    MASTER: 'master',
    STICKY: 'sticky',
  };
  return compact({
    mac: row.mac,
    ifname: names.get(row.ifindex),
    dst: row.dst,
    port: row.dstPort,
    vni: row.vni,
    src_vni: row.srcVni,
    viaIf: row.viaIfindex === undefined ? undefined : names.get(row.viaIfindex),
    nhid: row.nexthopId,
    vlan: row.vlan,
    master: row.masterIfindex === undefined ? undefined : names.get(row.masterIfindex),
    flags: row.flags.map((flag) => words[flag] ?? flag).sort(),
    state,
  });
}

t.test('forwarding tables are what bridge -j fdb shows', async (t) => {
  const { answer, said } = run(t, 'fdb', { fdb: 'bridge -j fdb show' });
  const names = new Map([
    [10, 'va'],
    [11, 'vb'],
    [20, 'br0'],
    [30, 'vxlan0'],
    [31, 'vxlan6'],
    [32, 'vxlanm'],
  ]);
  // Multicast memberships come when IPv6 likes, and the bridge learns between the two questions.
  const steady = (row: Json): boolean => !/^(33:33|01:00:5e)/.test(String(row['mac'])) && row['state'] !== '';
  const own = answer('fdb')
    .fdb.map((row) => fdbAsBridge(row, names))
    .filter(steady);
  const theirs = said('fdb').map((row) => pick({ ...row, flags: [...(row['flags'] as string[])].sort() }, FDB_KEYS));
  t.strictSame(sorted(own), sorted(theirs.filter(steady)));
  t.ok(own.length >= 14, `${own.length} rows`);
});

const TABLES: Readonly<Record<number, string>> = { 253: 'default', 254: 'main', 255: 'local' };
const ROUTE_KEYS = [
  'type',
  'dst',
  'from',
  'tos',
  'gateway',
  'dev',
  'table',
  'protocol',
  'scope',
  'prefsrc',
  'metric',
  'flags',
  'pref',
  'nhid',
  'nexthops',
  'metrics',
];
const DEVICES: Readonly<Record<number, string>> = { 1: 'lo', 10: 'va', 11: 'vb' };

/** iproute2 leaves the length out where it is the whole address. */
function withoutFullLength(dst: string): string {
  return dst.replace(dst.includes(':') ? /\/128$/ : /\/32$/, '');
}

function routeAsIp(route: RouteRecord): Json {
  const { lock: _lock, ...metrics } = route.metrics;
  const all = compact({ ...metrics, congestion: route.congestionControl });
  // The kernel has it in eighths of a millisecond.
  if (metrics['rtt'] !== undefined) all['rtt'] = metrics['rtt'] / 8;
  const legs = route.nextHops.map(({ gateway, ifindex, weight, flags }) => ({
    gateway,
    dev: DEVICES[ifindex],
    weight,
    flags: flags.map((flag) => flag.toLowerCase()),
  }));
  return compact({
    type: route.type,
    dst: withoutFullLength(route.dst),
    from: route.src,
    tos: route.tos === undefined ? undefined : `0x${route.tos.toString(16)}`,
    gateway: route.gateway,
    dev: route.ifindex === undefined ? undefined : DEVICES[route.ifindex],
    table: TABLES[route.table] ?? String(route.table),
    protocol: route.protocol.startsWith('0x') ? String(Number(route.protocol)) : route.protocol,
    scope: route.scope,
    prefsrc: route.prefsrc,
    metric: route.metric,
    flags: route.flags.map((flag) => flag.toLowerCase()),
    pref: route.preference,
    nhid: route.nexthopId,
    nexthops: legs.length === 0 ? undefined : legs,
    metrics: Object.keys(all).length === 0 ? undefined : [all],
  });
}

function ipRoute(said: Json): Json {
  const via = said['via'] as Json | undefined;
  return pick({ ...said, gateway: said['gateway'] ?? via?.['host'] }, ROUTE_KEYS);
}

t.test('routes of all tables are what ip -d -j route shows', async (t) => {
  const { answer, said } = run(t, 'routes', { all: 'ip -d -j route show table all' });
  // iproute2 prints the end of an "encap ip" tunnel as a second "dst", so that route is told apart below.
  const plain = (row: Json): boolean => row['encap'] === undefined;
  const { routes } = answer('routes');
  const own = routes.filter(({ encapsulation }) => encapsulation === undefined).map(routeAsIp);
  const theirs = said('all').filter(plain).map(ipRoute);
  // Duplicate address detection adds routes to local addresses when it ends.
  const steady = (row: Json): boolean => !String(row['dst']).startsWith('fe80::') && row['type'] !== 'anycast';
  t.strictSame(sorted(own.filter(steady)), sorted(theirs.filter(steady)));
  t.strictSame(
    routes.flatMap(({ encapsulation }) => encapsulation ?? []),
    said('all').flatMap((row) => row['encap'] ?? []),
  );
  t.ok(own.length > 30, `${own.length} routes`);
  t.equal(
    routes.find(({ dst }) => dst === '2001:db8:10::/48')?.expiresSeconds,
    Number(said('all').find(({ dst }) => dst === '2001:db8:10::/48')?.['expires']),
  );
});

t.test('namespaces have the ids that they were given', async (t) => {
  const { answer } = run(t, 'nsids', {});
  t.strictSame(
    answer('nsids').nsids.map(({ nsid }) => nsid as number),
    [0, 1234],
  );
});
