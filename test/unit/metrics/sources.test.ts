import { Registry } from 'prom-client';
import t from 'tap';
import type { Members } from '../../../src/collector/types.js';
import type { LinkCounters } from '../../../src/tables/links/link-counters.js';
import { createCollectorMetrics } from '../../../src/metrics/collector.js';
import { HostMetrics, type MeasuredHost } from '../../../src/metrics/host.js';
import { type CountedHost, createInterfaceMetrics } from '../../../src/metrics/interfaces.js';
import { type MetricSource, type Scrape, SeriesBudget, Slices } from '../../../src/metrics/scrape.js';
import { rowCounts } from '../../../src/model/row-counts.js';
import type { HostEntry, Ifindex, Netns, Overlay } from '../../../src/model/types.js';
import { DurationCounter } from '../../../src/live/stats.js';
import type { NetnsTally } from '../../../src/live/index.js';
import { fakeNetns, fakeSnapshot } from '../agent/fake-host.js';

/** One scrape of a source: what its registry and its sheets say. */
async function scrape(
  registry: Registry,
  source: MetricSource,
  limit = 1000,
): Promise<{ text: string; problem: string | undefined; dropped: Record<string, number> }> {
  const budget = new SeriesBudget(limit);
  const context: Scrape = { signal: AbortSignal.timeout(5000), slices: new Slices(() => performance.now()), budget };
  const { sheets, problem } = await source.collect(context);
  const text = `${await registry.metrics()}${sheets.flatMap((sheet) => [...sheet.text()]).join('')}`;
  return { text, problem: problem?.message, dropped: Object.fromEntries(budget.dropped) };
}

function linesOf(text: string, name: string): string[] {
  return text.split('\n').filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `));
}

function tally(key: number, head: Partial<Netns> = {}, more: Partial<NetnsTally> = {}): NetnsTally {
  return { key, head: { ...fakeNetns(key), ...head }, kinds: new Map(), vxlans: [], ...more };
}

function fakeLive(tallies: readonly NetnsTally[], more: Partial<MeasuredHost> = {}): MeasuredHost {
  const [scans, reads, lag] = [new DurationCounter(), new DurationCounter(), new DurationCounter()];
  return {
    ready: async () => undefined,
    host: () => fakeSnapshot([]).host,
    freshness: () => ({ mode: 'EVENTS', ageMs: 1500, rescanMs: 60_000, lostEvents: 3, interruptedDumps: 4 }),
    features: async () => [
      { name: 'containers', enabled: true, detail: '' },
      { name: 'containers', enabled: false, detail: '' },
      { name: 'events', enabled: true, detail: '' },
    ],
    gaps: () => [],
    stats: () => ({ scans, reads, lag, events: 7, lostEvents: 3, interruptedDumps: 4 }),
    tallies: () => tallies,
    ...more,
  };
}

function hostSource(registry: Registry, live: MeasuredHost): MetricSource {
  return new HostMetrics(registry, live, 100);
}

t.test('metrics of a host', async (t) => {
  t.test('count namespaces by role and status, and say of each whether it is up', async (t) => {
    const registry = new Registry();
    const live = fakeLive([
      tally(1, { role: 'HOST' }),
      tally(2, { role: 'CONTAINER', status: 'DENIED' }),
      tally(3, { role: 'CONTAINER' }),
      tally(4, { role: 'CONTAINER' }),
    ]);
    const { text } = await scrape(registry, hostSource(registry, live));
    t.strictSame(linesOf(text, 'nsatlas_namespaces'), [
      'nsatlas_namespaces{role="host",status="ok"} 1',
      'nsatlas_namespaces{role="container",status="denied"} 1',
      'nsatlas_namespaces{role="container",status="ok"} 2',
    ]);
    const up = linesOf(text, 'nsatlas_namespace_up');
    t.equal(up.length, 4);
    t.equal(up.filter((line) => line.endsWith(' 0')).length, 1);
  });

  t.test('leave out namespaces that are well before those that are not', async (t) => {
    const registry = new Registry();
    const tallies = Array.from({ length: 20 }, (_, at) => tally(at + 1, { status: at % 4 === 3 ? 'FAILED' : 'OK' }));
    const { text, dropped } = await scrape(registry, hostSource(registry, fakeLive(tallies)), 6);
    t.equal(linesOf(text, 'nsatlas_namespace_up').filter((line) => line.endsWith(' 0')).length, 5);
    t.equal(linesOf(text, 'nsatlas_namespace_up').length, 6);
    t.strictSame(dropped, { namespaces: 14 });
  });

  t.test('tell rows of an overlay that are known, and none that were not read', async (t) => {
    const registry = new Registry();
    const vxlan = { ifindex: 2 as Ifindex, name: 'vxlan0', vni: 4097, fdb: 5, neighbors: undefined };
    const live = fakeLive([tally(1, { role: 'OVERLAY', networkId: 'abc', networkName: 'net' }, { vxlans: [vxlan] })]);
    const { text } = await scrape(registry, hostSource(registry, live));
    t.match(linesOf(text, 'nsatlas_overlay_fdb_entries').join(''), /vni="4097",network="net",network_id="abc"\} 5$/);
    t.strictSame(linesOf(text, 'nsatlas_overlay_neighbors'), []);
    t.equal(linesOf(text, 'nsatlas_overlay_info').length, 1);
  });

  t.test('have a VXLAN in metadata mode, without a VNI', async (t) => {
    const registry = new Registry();
    const vxlan = { ifindex: 2 as Ifindex, name: 'vxlan0', vni: undefined, fdb: 5, neighbors: undefined };
    const { text } = await scrape(registry, hostSource(registry, fakeLive([tally(1, {}, { vxlans: [vxlan] })])));
    const [line] = linesOf(text, 'nsatlas_overlay_fdb_entries');
    t.match(line ?? '', /interface="vxlan0",ifindex="2"/);
    t.notMatch(line ?? '', /vni/);
  });

  t.test('tell what is known, how old it is and that it is late, when reading does not end in time', async (t) => {
    const registry = new Registry();
    const live = fakeLive([tally(1)], {
      ready: (_tables, signal) =>
        new Promise((_resolve, reject) => {
          // The signal's own timer does not keep a process.
          const hold = setInterval(() => undefined, 1000);
          signal.addEventListener('abort', () => {
            clearInterval(hold);
            reject(signal.reason as Error);
          });
        }),
    });
    const { text, problem } = await scrape(registry, hostSource(registry, live));
    t.match(problem ?? '', /could not be read in time/);
    t.equal(linesOf(text, 'nsatlas_namespace_up').length, 1);
    t.strictSame(linesOf(text, 'nsatlas_state_age_seconds'), ['nsatlas_state_age_seconds 1.5']);
  });

  t.test('count gaps by status and operation, and take a feature as off when it is off for one engine', async (t) => {
    const registry = new Registry();
    const gap = { status: 'FAILED', operation: 'netns fd', message: 'x' } as const;
    const { text } = await scrape(
      registry,
      hostSource(registry, fakeLive([], { gaps: () => [gap, gap, { status: 'DENIED', message: 'y' }] })),
    );
    t.strictSame(linesOf(text, 'nsatlas_gaps'), [
      'nsatlas_gaps{status="failed",operation="netns-fd"} 2',
      'nsatlas_gaps{status="denied",operation="none"} 1',
    ]);
    t.strictSame(linesOf(text, 'nsatlas_feature_enabled'), [
      'nsatlas_feature_enabled{feature="containers"} 0',
      'nsatlas_feature_enabled{feature="events"} 1',
    ]);
    t.strictSame(linesOf(text, 'nsatlas_events_lost_total'), ['nsatlas_events_lost_total 3']);
    t.strictSame(linesOf(text, 'nsatlas_events_total'), ['nsatlas_events_total 7']);
  });
});

function link(ifindex: number, name: string, more: Partial<LinkCounters> = {}): LinkCounters {
  const counters = Array.from({ length: 8 }, (_, at) => ifindex * 10 + at);
  const none = { kind: undefined, mac: undefined, masterIfindex: undefined, isLoopback: false };
  return { ifindex: ifindex as Ifindex, name: { text: name }, ...none, counters, ...more };
}

function counted(heads: readonly Netns[], links: readonly (readonly LinkCounters[])[]): CountedHost {
  return {
    host: () => fakeSnapshot([]).host,
    head: (key) => heads[key - 1],
    networks: () => [
      {
        id: 'n',
        name: 'bridge',
        driver: 'bridge',
        scope: 'local',
        vnis: [],
        subnets: [],
        bridge: 'docker0',
        labels: {},
        engine: '',
      },
    ],
    counters: async () =>
      links.map((some, at) => ({
        key: at + 1,
        links: new Map(some.map((one) => [one.ifindex as number, one])),
        isWhole: at !== 1,
      })),
  };
}

t.test('metrics of interfaces', async (t) => {
  t.test('have each counter under its own name', async (t) => {
    const registry = new Registry();
    const { text } = await scrape(registry, createInterfaceMetrics(registry, counted([fakeNetns(1)], [[link(2, 'eth0')]])));
    const values = [...text.matchAll(/^nsatlas_interface_(\w+)_total\{.*interface="eth0",ifindex="2"\} (\d+)$/gm)];
    t.strictSame(
      values.map(([, name, value]) => `${name} ${value}`),
      [
        'receive_packets 20',
        'transmit_packets 21',
        'receive_bytes 22',
        'transmit_bytes 23',
        'receive_errors 24',
        'transmit_errors 25',
        'receive_dropped 26',
        'transmit_dropped 27',
      ],
    );
  });

  t.test(
    'name the network where it is known: by the namespace, by the MAC of an endpoint, by the bridge; and nowhere else',
    async (t) => {
      const registry = new Registry();
      const owner = {
        ...{ containerId: 'c', containerName: 'web', image: '', labels: {}, networkMode: '', networkModeRaw: '', engine: '' },
        serviceName: 'svc',
        networks: [{ name: 'front', id: 'f', mac: '02:42:0a:00:01:02', aliases: [] }],
      };
      const heads: Netns[] = [
        { ...fakeNetns(1), role: 'HOST' },
        { ...fakeNetns(2), role: 'CONTAINER', owner },
        { ...fakeNetns(3), role: 'OVERLAY', networkId: 'abc' },
      ];
      const source = createInterfaceMetrics(
        registry,
        counted(heads, [
          [link(1, 'eth0'), link(2, 'docker0'), link(3, 'veth0', { masterIfindex: 2 as Ifindex })],
          [link(1, 'eth0', { mac: '02:42:0a:00:01:02' }), link(2, 'eth1', { mac: '02:42:0a:00:01:03' })],
          [link(1, 'br0')],
        ]),
      );
      const { text } = await scrape(registry, source);
      const networks = linesOf(text, 'nsatlas_interface_receive_bytes_total').map(
        (line) =>
          `${/interface="(\w+)"/.exec(line)?.[1]} ${/network="(\w+)"/.exec(line)?.[1]} ${/service="(\w+)"/.exec(line)?.[1]}`,
      );
      t.strictSame(networks, [
        'eth0 undefined undefined',
        'docker0 bridge undefined',
        'veth0 bridge undefined',
        'eth0 front svc',
        'eth1 undefined svc',
        'br0 abc undefined',
      ]);
      t.strictSame(linesOf(text, 'nsatlas_interface_counters_unread_namespaces'), [
        'nsatlas_interface_counters_unread_namespaces 1',
      ]);
    },
  );

  t.test('drop loopbacks first, then what comes last, whole interfaces at a time', async (t) => {
    const registry = new Registry();
    const heads = [fakeNetns(1), fakeNetns(2)];
    const lo = link(1, 'lo', { isLoopback: true });
    const live = counted(heads, [
      [lo, link(2, 'a')],
      [lo, link(2, 'b'), link(3, 'c')],
    ]);
    const left = async (limit: number): Promise<string> => {
      const { text } = await scrape(new Registry(), createInterfaceMetrics(new Registry(), live), limit);
      return linesOf(text, 'nsatlas_interface_receive_bytes_total')
        .map((line) => /interface="(\w+)"/.exec(line)?.[1])
        .join(' ');
    };
    t.equal(await left(40), 'a b c lo lo');
    t.equal(await left(39), 'a b c lo');
    t.equal(await left(24), 'a b c');
    t.equal(await left(23), 'a b');
    t.equal(await left(0), '');
    const { dropped } = await scrape(registry, createInterfaceMetrics(registry, live), 23);
    t.strictSame(dropped, { interfaces: 24 });
  });
});

function entry(agent: string, more: Partial<HostEntry> = {}): HostEntry {
  const known: Record<string, number> = { fdb: 4, neighbors: 5, routes: 6 };
  const rows = rowCounts((section) => known[section] ?? 0);
  const counts = { namespaces: 2, interfaces: 3, ...rows, gaps: 7, disconnects: 8, resyncs: 9 };
  return { agent, source: '--agent', state: 'LIVE', ...counts, ...more };
}

function fakeMembers(entries: readonly HostEntry[]): Members {
  return { tables: [], members: () => [], entries: () => entries, gaps: () => [], subscribe: () => () => undefined };
}

t.test('metrics of a collector', async (t) => {
  t.test('say of each agent whether it is up, how old its host is, and of all how many are in which state', async (t) => {
    const registry = new Registry();
    const members = fakeMembers([
      entry('a:1', { host: 'ha', hostName: 'A', ageMs: 100 }),
      entry('b:1', { host: 'hb', hostName: 'B', state: 'STALE', ageMs: 90_000 }),
      entry('c:1', { state: 'UNREACHABLE' }),
    ]);
    const { text } = await scrape(registry, createCollectorMetrics(registry, members));
    t.strictSame(linesOf(text, 'nsatlas_agents'), [
      'nsatlas_agents{state="live"} 1',
      'nsatlas_agents{state="syncing"} 0',
      'nsatlas_agents{state="stale"} 1',
      'nsatlas_agents{state="unreachable"} 1',
      'nsatlas_agents{state="conflict"} 0',
    ]);
    t.strictSame(linesOf(text, 'nsatlas_agent_up'), [
      'nsatlas_agent_up{host="ha",name="A",agent="a:1"} 1',
      'nsatlas_agent_up{host="hb",name="B",agent="b:1"} 0',
      'nsatlas_agent_up{agent="c:1"} 0',
    ]);
    t.strictSame(linesOf(text, 'nsatlas_agent_age_seconds'), [
      'nsatlas_agent_age_seconds{host="ha",name="A",agent="a:1"} 0.1',
      'nsatlas_agent_age_seconds{host="hb",name="B",agent="b:1"} 90',
    ]);
    t.equal(linesOf(text, 'nsatlas_agent_resyncs_total').length, 3);
  });

  t.test('tell no series twice, even if two agents look the same', async (t) => {
    const registry = new Registry();
    const { text } = await scrape(registry, createCollectorMetrics(registry, fakeMembers([entry('a:1'), entry('a:1')])));
    t.equal(linesOf(text, 'nsatlas_agent_up').length, 1);
  });

  t.test('count members, endpoints and rows of overlays, and each unknown VTEP once', async (t) => {
    const registry = new Registry();
    const remotes = [
      { vtep: '192.0.2.1', host: 'ha', fdbEntries: 1 },
      { vtep: '192.0.2.9', fdbEntries: 2 },
    ];
    const member = {
      netnsId: 'net:[1]',
      ifindex: 2 as Ifindex,
      ifname: 'vxlan0',
      operState: 'UP',
      mtu: 1450,
      dstPort: 4789,
      subnets: [],
    };
    const overlay: Overlay = {
      ...{ id: 'net/4097', networkId: 'net', networkName: 'app', vni: 4097, subnets: [], endpoints: 12 },
      members: [
        { ...member, host: 'ha', endpoints: 5, fdbEntries: 3, remotes },
        { ...member, host: 'hb', endpoints: 7, remotes },
      ],
    };
    const overlays = (): readonly (readonly Overlay[])[] => [[], [overlay], []];
    const { text } = await scrape(registry, createCollectorMetrics(registry, fakeMembers([]), overlays));
    const labels = '{overlay="net/4097",vni="4097",network="app",network_id="net"}';
    t.strictSame(
      text.split('\n').filter((line) => line.startsWith('nsatlas_fabric')),
      [
        `nsatlas_fabric_overlay_members${labels} 2`,
        `nsatlas_fabric_overlay_endpoints${labels} 12`,
        `nsatlas_fabric_overlay_fdb_entries${labels} 3`,
        `nsatlas_fabric_overlay_unknown_vteps${labels} 1`,
      ],
    );
  });
});
