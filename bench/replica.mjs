// What a collector's replicas cost: memory per row and per interface, time to apply, the longest stretch and the longest pause of the
// garbage collector; and beside it the same rows and interfaces kept as their protobuf bytes. Agents are made up, their events are real
// bytes.
//
//   npm run build && node --expose-gc bench/replica.mjs [rows|interfaces] [HOSTS]
import { openSync, readSync } from 'node:fs';
import { performance, PerformanceObserver } from 'node:perf_hooks';
import { setImmediate as turn } from 'node:timers/promises';

const { ReplicaHost } = await import('../dist/src/collector/replica/replica.js');
const { ALL_TABLES, noRemovals, noRows } = await import('../dist/src/tables/index.js');
const { decode, encode } = await import('../dist/src/wire/codec.js');
const { encodeChange, encodeWatchBody, watchMessage } = await import('../dist/src/wire/watch-bytes.js');

const host = (number) => ({
  id: `host-${number}`,
  name: `node-${number}`,
  bootId: 'b',
  kernel: '6.12.0',
  agentVersion: '0.1.0',
  engines: [],
  readAt: '2026-11-21T05:58:35.123Z',
});
const freshness = { mode: 'EVENTS', ageMs: 0, rescanMs: 60_000, lostEvents: 0, interruptedDumps: 0 };

const head = (number, rows) => ({
  id: `net:[${number}]`,
  dev: 4,
  paths: [`/run/docker/netns/1-${number}`],
  pids: [],
  cookie: BigInt(number),
  role: 'OVERLAY',
  networkId: 'x8sn2ys3vd',
  networkName: 'backend',
  joined: [],
  status: 'OK',
  tables: ALL_TABLES.map((table) => ({ table, status: 'OK', rows, attempts: 1 })),
  interfaces: [],
  ...noRows(),
});

const nothing = {
  whole: false,
  removedIfindexes: [],
  interfaces: [],
  ...noRows(),
  ...noRemovals(),
};

const hex = (number, digits) => number.toString(16).padStart(digits, '0');
const mac = (at) => `02:42:0a:${hex((at >> 16) & 255, 2)}:${hex((at >> 8) & 255, 2)}:${hex(at & 255, 2)}`;
const ip = (at) => `10.${(at >> 16) & 255}.${(at >> 8) & 255}.${at & 255}`;

const fdb = (netnsId, at, rowId) => ({
  netnsId,
  ifindex: 4,
  ifname: 'vxlan0',
  mac: mac(at),
  dst: `192.0.2.${at % 50}`,
  state: 'PERMANENT',
  rawState: 0x80,
  flags: ['SELF'],
  masterIfindex: 2,
  masterName: 'br0',
  linkNsid: 0,
  rowId,
});

const neighbor = (netnsId, at, rowId) => ({
  netnsId,
  ifindex: 4,
  ifname: 'vxlan0',
  ip: ip(at),
  mac: mac(at),
  state: at % 3 ? 'REACHABLE' : 'STALE',
  rawState: at % 3 ? 2 : 4,
  flags: [],
  rowId,
});

// As a port of a bridge has them.
const PORT_ATTRIBUTES =
  'state priority cost hairpin guard root_block fastleave mcast_to_unicast learning flood mcast_flood bcast_flood proxy_arp proxy_arp_wifi designated_cost topology_change_ack config_pending vlan_tunnel group_fwd_mask neigh_suppress mrp_ring_open mrp_in_open isolated locked mab neigh_vlan_suppress multicast_router mcast_eht_hosts_limit mcast_max_groups group_fwd_mask_str'.split(
    ' ',
  );

const link = (netnsId, ifindex, number) => ({
  netnsId,
  ifindex,
  name: ['lo', 'br0', 'vxlan0', 'veth0', 'veth1'][ifindex - 1] ?? `veth${ifindex}`,
  altnames: [],
  kind: ['', 'bridge', 'vxlan'][ifindex - 1] ?? 'veth',
  linkType: 'ether',
  mac: mac(number * 5 + ifindex),
  broadcast: 'ff:ff:ff:ff:ff:ff',
  mtu: 1450,
  minMtu: 68,
  maxMtu: 65_535,
  flags: ['UP', 'BROADCAST', 'RUNNING', 'MULTICAST', 'LOWER_UP'],
  rawFlags: 69_699,
  operState: 'UP',
  linkMode: 'DEFAULT',
  carrier: true,
  carrierChanges: 2,
  carrierUpCount: 1,
  carrierDownCount: 1,
  masterIfindex: 2,
  masterName: 'br0',
  linkIfindex: ifindex + 1,
  linkNsid: 0,
  linkNetnsId: 'net:[4026531840]',
  group: 0,
  txQueueLength: 1000,
  qdisc: 'noqueue',
  promiscuity: 1,
  allmulti: 0,
  numTxQueues: 2,
  numRxQueues: 2,
  gsoMaxSize: 65_536,
  gsoMaxSegs: 65_535,
  gsoIpv4MaxSize: 65_536,
  groMaxSize: 65_536,
  groIpv4MaxSize: 65_536,
  tsoMaxSize: 524_280,
  tsoMaxSegs: 65_535,
  protoDown: false,
  addrGenMode: 'EUI64',
  attributes: {},
  portKind: 'bridge',
  portAttributes: {
    ...Object.fromEntries(PORT_ATTRIBUTES.map((name) => [name, name.length % 2 ? 'false' : '0'])),
    root_id: `8000.${mac(number)}`,
    bridge_id: `8000.${mac(number)}`,
    designated_port: `${32_769 + ifindex}`,
    id: `0x${8001 + ifindex}`,
    no: `0x${ifindex}`,
  },
  unknownAttributes: { 'link/62': new Uint8Array(4), 'link/63': new Uint8Array(4) },
  addresses: [`${ip(number * 5 + ifindex)}/24`],
  addressDetails: [
    {
      family: 'inet',
      address: ip(number * 5 + ifindex),
      prefixLength: 24,
      broadcast: '10.255.255.255',
      scope: 'global',
      label: 'eth0',
      flags: ['PERMANENT'],
    },
  ],
  veth: { status: 'PAIRED', peer: { netnsId: 'net:[4026531840]', ifindex: ifindex + 1, name: `vethpeer${ifindex}` } },
});

/** The messages of a first state. */
function messagesOf(changes, { number = 1, epoch = 'agent-1' } = {}) {
  const cursor = { epoch, revision: 0n };
  const first = [encodeWatchBody({ restart: { reason: 'no cursor was given' } }), encodeWatchBody({ host: host(number) })];
  const last = encodeWatchBody({ synced: { freshness } });
  return [
    ...[...first, ...changes.flatMap(encodeChange)].map((body) => watchMessage(cursor, body)),
    watchMessage({ epoch, revision: 9n }, last),
  ];
}

function* bigNetns(rows, firstId) {
  const netns = head(4_026_532_287, rows);
  for (let at = 0; at < rows; at += 150) {
    const some = Array.from({ length: Math.min(150, rows - at) }, (_, index) => fdb(netns.id, at + index, firstId + at + index));
    yield { ...nothing, netns, whole: at === 0, fdb: some };
  }
  for (let at = 0; at < rows; at += 150) {
    const some = Array.from({ length: Math.min(150, rows - at) }, (_, index) =>
      neighbor(netns.id, at + index, firstId + at + index),
    );
    yield { ...nothing, netns, neighbors: some };
  }
}

function smallNetns(number, links) {
  const netns = head(4_026_532_000 + number, links);
  const interfaces = Array.from({ length: links }, (_, index) => link(netns.id, index + 1, number));
  const routes = ['default', '10.0.1.0/24', '172.18.0.0/16'].map((dst, rowId) => ({
    netnsId: netns.id,
    family: 'inet',
    table: 254,
    dst,
    ifindex: 2,
    ifname: 'br0',
    type: 'unicast',
    scope: 'link',
    protocol: 'kernel',
    flags: [],
    nextHops: [],
    metrics: {},
    rowId,
  }));
  const neighbors = [0, 1].map((rowId) => neighbor(netns.id, number * 7 + rowId, rowId));
  return { ...nothing, netns, whole: true, interfaces, routes, neighbors };
}

const schedstat = openSync(`/proc/self/task/${process.pid}/schedstat`, 'r');
const digits = Buffer.alloc(64);

/** Milliseconds that the main thread ran: what others take of the machine does not count. */
function ranMs() {
  return Number(digits.toString('latin1', 0, readSync(schedstat, digits, 0, 64, 0)).split(' ')[0]) / 1e6;
}

/** Times of a run: what the garbage collector stopped, what decoding and applying took, the longest of one message. */
class Meter {
  pauses = [];
  decodeMs = 0;
  applyMs = 0;
  longestMs = 0;
  #observer = new PerformanceObserver((list) => this.#note(list.getEntries()));

  constructor() {
    this.#observer.observe({ entryTypes: ['gc'] });
  }

  #note(entries) {
    for (const { duration, detail } of entries) this.pauses.push({ duration, kind: detail.kind });
  }

  apply(replica, bytes) {
    const start = ranMs();
    const event = decode('nsatlas.v1.WatchResponse', bytes);
    const decoded = ranMs();
    replica.received();
    replica.apply(event);
    replica.commit();
    const took = ranMs() - decoded;
    this.decodeMs += decoded - start;
    this.applyMs += took;
    this.longestMs = Math.max(this.longestMs, took);
  }

  async end() {
    await turn();
    await turn();
    this.#observer.disconnect();
    this.pauses.sort((a, b) => b.duration - a.duration);
  }
}

/**
 * The comparator: the least that a host costs whose rows are kept as protobuf bytes, back to back in chunks, with the revision and the place
 * of each. It cannot find a row that is sent again by another id, which a replica must.
 */
class ByteHost {
  #chunks = [];
  #used = Infinity;
  #places = new Map();

  received() {}

  apply({ netns: change }) {
    if (change === undefined) return;
    for (const link of change.interfaces)
      this.#keep('Interface', { ...link, netnsId: '' }, `link ${change.netns.id} ${link.ifindex}`);
    for (const row of change.fdb) this.#keep('FdbEntry', { ...row, netnsId: '' }, 2 * row.rowId);
    for (const row of change.neighbors) this.#keep('Neighbor', { ...row, netnsId: '' }, 2 * row.rowId + 1);
  }

  commit() {}

  #keep(message, row, key) {
    const bytes = encode(`nsatlas.v1.${message}`, row);
    // A length and a revision stand before each.
    const size = bytes.length + 10;
    if (this.#used + size > CHUNK) {
      this.#chunks.push(new Uint8Array(CHUNK));
      this.#used = 0;
    }
    this.#chunks.at(-1).set(bytes, this.#used + 10);
    this.#places.set(key, (this.#chunks.length - 1) * CHUNK + this.#used);
    this.#used += size;
  }
}

const CHUNK = 64 * 1024;

const memory = () => {
  globalThis.gc?.();
  globalThis.gc?.();
  const { heapUsed, external, arrayBuffers, rss } = process.memoryUsage();
  return { heapUsed, arrayBuffers, external, rss };
};
const mib = (bytes) => `${(bytes / 1024 / 1024).toFixed(0)} MiB`;
const options = { epoch: 'collector', now: () => performance.now() };

async function feed(meter, replicas, messages) {
  // A message of each in turn, as they come from many agents at once.
  for (const message of messages) {
    for (const replica of replicas) meter.apply(replica, message);
    await turn();
  }
}

async function measure(title, replicas, messages, units) {
  const before = memory();
  const meter = new Meter();
  await feed(meter, replicas, messages);
  await meter.end();
  const peak = process.memoryUsage().rss;
  const after = memory();
  const bytes = after.heapUsed + after.arrayBuffers - before.heapUsed - before.arrayBuffers;
  const [worst] = meter.pauses;
  console.log(`${title}: ${units.count} ${units.of}`);
  console.log(
    `  ${(bytes / units.count).toFixed(1)} bytes each; heap ${mib(after.heapUsed)}, buffers ${mib(after.arrayBuffers)}, resident ${mib(after.rss)}, at most ${mib(peak)}`,
  );
  console.log(
    `  decode ${((1000 * meter.decodeMs) / units.count).toFixed(2)} µs, apply ${((1000 * meter.applyMs) / units.count).toFixed(2)} µs each; longest apply ${meter.longestMs.toFixed(1)} ms`,
  );
  console.log(
    `  garbage collector: ${meter.pauses.length} pauses, longest ${meter.pauses
      .slice(0, 5)
      .map(({ duration, kind }) => `${duration.toFixed(1)} ms (${kind})`)
      .join(', ')}${worst === undefined ? 'none' : ''}`,
  );
}

const asBytes = 'the same as protobuf bytes';
const byteHosts = (hosts) => Array.from({ length: hosts }, () => new ByteHost());

async function rows(hosts, each) {
  await measure(asBytes, byteHosts(hosts), messagesOf([...bigNetns(each, 0)]), { count: hosts * each * 2, of: 'rows' });
  const replicas = Array.from({ length: hosts }, () => new ReplicaHost(options));
  await measure('rows', replicas, messagesOf([...bigNetns(each, 0)]), { count: hosts * each * 2, of: 'FDB and neighbour rows' });
  const again = messagesOf([...bigNetns(each, 7)], { epoch: 'agent-2' });
  const revisions = replicas.map(({ revision }) => revision);
  await measure('sent again by a restarted agent', replicas, again, { count: hosts * each * 2, of: 'rows' });
  if (replicas.some(({ revision }, at) => revision !== revisions[at])) throw new Error('what was sent again counts as changed');
  const start = ranMs();
  let read = 0;
  const [replica] = replicas;
  for (const part of replica.parts(replica.keys()[0], undefined, ALL_TABLES)) read += part.fdb.length + part.neighbors.length;
  console.log(`  read ${((1000 * (ranMs() - start)) / read).toFixed(2)} µs each`);
}

async function interfaces(hosts, namespaces, links) {
  const replicas = Array.from({ length: hosts }, () => new ReplicaHost(options));
  const changes = Array.from({ length: namespaces }, (_, number) => smallNetns(number, links));
  await measure(asBytes, byteHosts(hosts), messagesOf(changes), { count: hosts * namespaces * links, of: 'interfaces' });
  await measure('interfaces', replicas, messagesOf(changes), { count: hosts * namespaces * links, of: 'interfaces' });
  const start = ranMs();
  let read = 0;
  for (const replica of replicas.slice(0, 20))
    for (const key of replica.keys())
      for (const part of replica.parts(key, undefined, ALL_TABLES)) read += part.interfaces.length;
  console.log(`  read ${((1000 * (ranMs() - start)) / read).toFixed(2)} µs each`);
}

const [what = 'all', hosts] = process.argv.slice(2);
if (what !== 'rows') await interfaces(Number(hosts ?? 200), 100, 4);
if (what !== 'interfaces') await rows(Number(hosts ?? 50), 50_000);
