// Metrics of an agent as it is installed, over the real kernel, scraped by a real Prometheus.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { FakeEngine, standIn } from '../support/engine-stand-in.js';
import { eventually } from '../support/hygiene.js';
import { Scratch, type ScratchNetns } from '../support/netns.js';
import { promtool, startPrometheus, prometheusObstacle } from '../support/prometheus.js';
import { ROOT } from '../support/root.js';
import { parseText, type ScrapedAgent, type Series, seriesOf, startScraped } from './metrics-rig.js';

t.setTimeout(0);

const NETWORK = 'abcdefghij0123456789klmno';
/** Everything that could break a label, 4,000 characters of it. */
const HOSTILE = `evil"\\\n{}=,\u001b[31m\u202eü💥${'x'.repeat(4000)}`;

interface World {
  readonly scratch: Scratch;
  readonly engine: FakeEngine;
  readonly web: ScratchNetns;
  readonly evil: ScratchNetns;
  readonly flags: readonly string[];
}

/** An overlay with two containers on it, one of them with a hostile name, as a Docker engine and the kernel tell of them. */
async function world(t: Test): Promise<World> {
  const engine = new FakeEngine();
  const stand = await standIn(engine.handler);
  const { socket } = stand;
  t.after(() => stand.close());
  const scratch = Scratch.create(t);
  const overlay = scratch.netns(`1-${NETWORK.slice(0, 10)}`);
  overlay.ip('link add br0 type bridge');
  overlay.ip('link add vxlan0 type vxlan id 4097 dstport 4789');
  overlay.exec(['bridge', 'fdb', 'add', '02:42:0a:00:01:09', 'dev', 'vxlan0', 'dst', '192.0.2.7', 'self', 'permanent']);
  overlay.ip('neigh add 10.0.1.9 lladdr 02:42:0a:00:01:09 dev vxlan0 nud permanent');
  engine.networks.set(NETWORK, { Id: NETWORK, Name: 'app_net', Driver: 'overlay' });
  const [web, evil] = [
    { id: 'a'.repeat(64), name: 'web.1' },
    { id: 'b'.repeat(64), name: HOSTILE },
  ].map(({ id, name }, at) => {
    const netns = scratch.netns(id.slice(0, 12));
    const mac = `02:42:0a:00:01:0${at + 2}`;
    scratch.veth({ netns: overlay, name: `veth${at}` }, { netns, name: 'eth0' });
    overlay.ip(`link set veth${at} master br0`);
    netns.ip(`link set eth0 address ${mac}`);
    netns.ip(`addr add 10.0.1.${at + 2}/24 dev eth0`);
    const labels = { 'com.docker.swarm.service.name': at === 0 ? 'web' : HOSTILE };
    engine.containers.set(id, { id, name, labels, networks: { app_net: { NetworkID: NETWORK, MacAddress: mac } } });
    return netns;
  });
  overlay.ip('link set br0 up');
  assert.ok(web !== undefined && evil !== undefined);
  const flags = ['--netns-dir', scratch.dir, '--docker-socket', socket, '--host-id', 'h1', '--metrics-interfaces'];
  return { scratch, engine, web, evil, flags };
}

/** Sends packets of 1,000 bytes to nobody in particular at an address. */
function send(from: ScratchNetns, address: string, packets: number): void {
  const program =
    'import socket,sys\ns=socket.socket(2,2)\nfor _ in range(int(sys.argv[2])): s.sendto(bytes(1000),(sys.argv[1],9))';
  from.exec(['python3', '-c', program, address, `${packets}`]);
}

/** A scrape in which the names have come from the engine. */
async function named(agent: ScrapedAgent): Promise<Series[]> {
  let series: Series[] = [];
  for (let round = 0; round < 50; round++) {
    series = parseText(await agent.scrape());
    if (seriesOf(series, 'nsatlas_namespace_up', { container: 'web.1' }).length === 1) return series;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error('no name came from the engine');
}

const SKIP = { skip: prometheusObstacle() ?? false };

t.test('metrics of an agent', async (t) => {
  t.test('tell of a host what is there, under names and units that promtool accepts', SKIP, async (t) => {
    const { web, flags } = await world(t);
    const agent = await startScraped(t, flags);
    const series = await named(agent);
    const checked = promtool(['check', 'metrics'], await agent.scrape());
    t.strictSame(checked, { status: 0, said: '' });
    const value = (name: string, labels: Record<string, string> = {}): number[] =>
      seriesOf(series, name, labels).map((one) => one.value);
    t.strictSame(value('nsatlas_namespaces', { role: 'overlay', status: 'ok' }), [1]);
    t.strictSame(value('nsatlas_namespaces', { role: 'container', status: 'ok' }), [2]);
    t.strictSame(value('nsatlas_interfaces', { kind: 'vxlan' }), [1]);
    t.strictSame(value('nsatlas_interfaces', { kind: 'veth' }), [4]);
    const overlay = { host: 'h1', vni: '4097', network: 'app_net', interface: 'vxlan0' };
    t.strictSame(value('nsatlas_overlay_info', { ...overlay, network_id: NETWORK }), [1]);
    t.ok((value('nsatlas_overlay_fdb_entries', overlay)[0] ?? 0) >= 1);
    t.strictSame(value('nsatlas_overlay_neighbors', overlay), [1]);
    t.strictSame(value('nsatlas_feature_enabled', { feature: 'containers' }), [1]);
    t.strictSame(value('nsatlas_collect_success', { source: 'host' }), [1]);
    t.ok((value('nsatlas_scan_duration_seconds_count')[0] ?? 0) >= 1);
    const eth0 = { netns: web.id, interface: 'eth0', kind: 'veth', service: 'web', container: 'web.1', network: 'app_net' };
    const [link] = web.ipJson('-s link show eth0') as { stats64: { rx: { bytes: number }; tx: { packets: number } } }[];
    const [received] = value('nsatlas_interface_receive_bytes_total', eth0);
    t.ok(received !== undefined && received <= (link?.stats64.rx.bytes ?? 0), `${received}`);
    t.equal(value('nsatlas_interface_transmit_errors_total', eth0).length, 1);
  });

  t.test('count what the kernel counts, anew in each scrape', async (t) => {
    const { web, flags } = await world(t);
    const agent = await startScraped(t, flags);
    const bytes = async (): Promise<number> => {
      const series = await named(agent);
      return seriesOf(series, 'nsatlas_interface_transmit_bytes_total', { netns: web.id, interface: 'eth0' })[0]?.value ?? -1;
    };
    const before = await bytes();
    t.ok(before >= 0);
    send(web, '10.0.1.3', 3);
    const counted = (): number => {
      const [link] = web.ipJson('-s link show eth0') as { stats64: { tx: { bytes: number } } }[];
      return link?.stats64.tx.bytes ?? 0;
    };
    await eventually('the counters grow', async () => (await bytes()) >= before + 3000);
    t.ok((await bytes()) <= counted());
  });

  t.test('are not broken by a name of 4,000 hostile characters, which is cut', SKIP, async (t) => {
    const { evil, flags } = await world(t);
    // An interface can have such a name, too, in its 15 bytes.
    evil.exec(['ip', 'link', 'add', 'a"b\\{}\u001b,=ü', 'type', 'bridge']);
    const agent = await startScraped(t, flags);
    const series = await named(agent);
    t.strictSame(promtool(['check', 'metrics'], await agent.scrape()), { status: 0, said: '' });
    const [up] = seriesOf(series, 'nsatlas_namespace_up', { netns: evil.id });
    const container = up?.labels['container'] ?? '';
    t.ok(container.startsWith('evil"\\\\u{a}{}=,\\u{1b}[31m\\u{202e}ü💥xxx'), container);
    t.match(container, /x~[0-9a-f]{8}$/);
    t.equal(
      seriesOf(series, 'nsatlas_interface_receive_bytes_total', { interface: 'a"b\\{}\\u{1b},=ü', netns: evil.id }).length,
      1,
    );
    for (const { labels } of series) for (const label of Object.values(labels)) t.ok(Array.from(label).length <= 128, label);
    const identities = series.map(({ name, labels }) => JSON.stringify([name, Object.entries(labels).sort()]));
    t.equal(new Set(identities).size, identities.length);
  });

  t.test('stay under the limit on series whatever there is, keep the same ones, and say how many are left out', async (t) => {
    const { evil, flags } = await world(t);
    evil.ipBatch(Array.from({ length: 40 }, (_, at) => `link add flood${at} type bridge`));
    const agent = await startScraped(t, [...flags, '--metrics-series-limit', '100']);
    await named(agent);
    const told = async (): Promise<string[]> => {
      const series = parseText(await agent.scrape());
      const limited = series.filter(({ name }) => /^nsatlas_(?:interface_.*_total|namespace_up|overlay_)/.test(name));
      assert.ok(limited.length <= 100, `${limited.length} series`);
      const dropped = seriesOf(series, 'nsatlas_series_dropped', { scope: 'interfaces' })[0]?.value ?? 0;
      const counted = series.filter(({ name }) => /^nsatlas_interface_.*_total$/.test(name)).length;
      // br0, vxlan0, two veths, two eth0, forty bridges, three lo; eight series each.
      assert.equal(counted + dropped, 8 * 49);
      return limited.map(({ name, labels }) => JSON.stringify([name, labels]));
    };
    const first = await told();
    await new Promise((resolve) => setTimeout(resolve, 1100));
    t.strictSame(await told(), first);
  });

  t.test('say of a namespace that may not be entered that it is not up', async (t) => {
    const scratch = Scratch.create(t);
    const netns = scratch.netns();
    const prefix = ['setpriv', '--bounding-set=-sys_admin', '--inh-caps=-sys_admin'];
    const agent = await startScraped(t, ['--netns-dir', scratch.dir, '--metrics-interfaces'], prefix);
    const series = parseText(await agent.scrape());
    t.strictSame(
      seriesOf(series, 'nsatlas_namespace_up').map(({ labels, value }) => [labels['netns'], value]),
      [[netns.id, 0]],
    );
    t.strictSame(
      seriesOf(series, 'nsatlas_namespaces').map(({ labels, value }) => [labels['status'], value]),
      [['denied', 1]],
    );
    t.equal(seriesOf(series, 'nsatlas_interface_counters_unread_namespaces')[0]?.value, 1);
    t.equal(seriesOf(series, 'nsatlas_feature_enabled', { feature: 'enter' })[0]?.value, 0);
    t.ok(seriesOf(series, 'nsatlas_gaps', { status: 'denied' }).length > 0);
  });

  t.test('are off unless asked for, and an address that others can reach is refused', async (t) => {
    const scratch = Scratch.create(t);
    await t.rejects(
      startScraped(t, ['--netns-dir', scratch.dir, '--metrics-listen', '0.0.0.0:0']),
      /cannot listen on 0\.0\.0\.0:0: other machines can reach it/,
    );
  });

  t.test(
    'are found and scraped by a real Prometheus, whose recorded rule gives the bytes that a service receives',
    {
      timeout: 120_000,
      ...SKIP,
    },
    async (t) => {
      const { scratch, evil, flags } = await world(t);
      const agent = await startScraped(t, flags);
      await named(agent);
      const list = join(scratch.dir, 'targets.json');
      writeFileSync(list, JSON.stringify([{ targets: [agent.metrics] }]));
      const prometheus = await startPrometheus(t, {
        global: { scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' },
        rule_files: [join(ROOT, 'deploy/prometheus-rules.yml')],
        scrape_configs: [{ job_name: 'nsatlas-agents', file_sd_configs: [{ files: [list] }] }],
      });
      const rate = async (): Promise<number> => {
        send(evil, '10.0.1.2', 2);
        const [sample] = await prometheus.query('nsatlas:service_receive_bytes:rate1m{service="web"}');
        return sample?.value ?? 0;
      };
      await eventually('the rule has a value', async () => (await rate()) > 10, 60_000);
      t.strictSame(
        (await prometheus.targets()).map(({ health, lastError }) => ({ health, lastError })),
        [{ health: 'up', lastError: '' }],
      );
      // The hostile name is one service of its own, no more.
      const services = await prometheus.query('count by (service) (nsatlas_interface_receive_bytes_total{service!=""})');
      t.equal(services.length, 2);
    },
  );
});
