// The command line of many hosts, as it is installed: a collector, and agents that each read scratch namespaces of their own.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import t, { type Test } from 'tap';
import { type CliResult, items, NSATLAS, nsatlasAsync } from '../support/cli.js';
import { eventually } from '../support/hygiene.js';
import { Scratch, type ScratchNetns } from '../support/netns.js';

t.setTimeout(0);

interface Server {
  readonly child: ChildProcess;
  readonly address: string;
  readonly log: string[];
  /** SIGTERM; the exit status. */
  end(): Promise<number | null>;
}

/** Starts a server of the command line; it ends with the test. Make it before the scratch folder that it reads. */
async function serve(t: Test, args: readonly string[], listen = '127.0.0.1:0'): Promise<Server> {
  const child = spawn(process.execPath, [NSATLAS, ...args, '--listen', listen], { stdio: ['ignore', 'inherit', 'pipe'] });
  t.after(() => child.kill('SIGKILL'));
  const log: string[] = [];
  const lines = createInterface({ input: child.stderr });
  const address = await new Promise<string>((resolve, reject) => {
    lines.on('line', (line) => {
      log.push(line);
      const { msg, addresses } = JSON.parse(line) as { msg: string; addresses?: string[] };
      if (msg === 'serving') resolve(addresses?.[0] ?? '');
    });
    child.once('exit', () => reject(new Error(`${args[0]} ended: ${log.join('\n')}`)));
  });
  const end = async (): Promise<number | null> => {
    const exit = once(child, 'exit');
    child.kill('SIGTERM');
    return ((await exit) as [number | null])[0];
  };
  return { child, address, log, end };
}

const NETWORK = 'x8sn2ys3vd';

interface HostMade {
  readonly name: string;
  readonly dir: string;
  readonly overlay: ScratchNetns;
  /** Flags of an agent that reads it. */
  readonly flags: readonly string[];
}

/** A host as dockerd makes it: its own namespace, an overlay's with a bridge and a VXLAN, and one container on it. */
function makeHost(t: Test, number: number, other: number): HostMade {
  const scratch = Scratch.create(t);
  const [machine, overlay, container] = [scratch.netns('default'), scratch.netns(`1-${NETWORK}`), scratch.netns(hex(number))];
  machine.ip('link add eth0 type bridge');
  machine.ip(`addr add 192.0.2.${number}/24 dev eth0`);
  machine.ip('link set eth0 up');
  overlay.ip('link add br0 mtu 1450 type bridge');
  overlay.ip('addr add 10.0.9.1/24 dev br0');
  overlay.ip('link set br0 up');
  overlay.ip(
    `link add vxlan0 mtu 1450 type vxlan id 4097 dstport 4789 local 192.0.2.${number} proxy l2miss l3miss learning udpcsum`,
  );
  overlay.ip('link set vxlan0 master br0');
  overlay.ip('link set vxlan0 up');
  scratch.veth({ netns: container, name: 'eth0' }, { netns: overlay, name: 'veth0' });
  overlay.ip('link set veth0 master br0');
  container.ip(`link set eth0 address 02:42:0a:00:09:${byte(number)}`);
  container.ip(`addr add 10.0.9.${number}/24 dev eth0`);
  const there = `02:42:0a:00:09:${byte(other)}`;
  overlay.exec(['bridge', 'fdb', 'add', there, 'dev', 'vxlan0', 'dst', `192.0.2.${other}`, 'self', 'permanent']);
  const name = `node-${number}`;
  const flags = ['--netns-dir', scratch.dir, '--host-id', `id-${number}`, '--host-name', name];
  return { name, dir: scratch.dir, overlay, flags };
}

function byte(value: number): string {
  return value.toString(16).padStart(2, '0');
}

/** As Docker names a sandbox: 12 hexadecimal digits. */
function hex(value: number): string {
  return value.toString(16).padStart(12, 'a');
}

/** Two hosts, their agents and a collector that knows both. */
async function twoHosts(t: Test): Promise<{ hosts: [HostMade, HostMade]; agents: [Server, Server]; collector: Server }> {
  const hosts: [HostMade, HostMade] = [makeHost(t, 11, 12), makeHost(t, 12, 11)];
  const agents: [Server, Server] = [await serve(t, ['agent', ...hosts[0].flags]), await serve(t, ['agent', ...hosts[1].flags])];
  const collector = await serve(t, ['collector', '--agent', agents[0].address, '--agent', agents[1].address]);
  await eventually('both hosts are known', async () => (await ask(collector, 'hosts')).status === 0);
  return { hosts, agents, collector };
}

function ask({ address }: Server, ...args: string[]): Promise<CliResult> {
  return nsatlasAsync([...args, '--collector', address]);
}

interface Watching {
  readonly lines: string[];
  readonly said: string[];
  /** Ctrl-C; the exit status. */
  end(): Promise<number | null>;
}

function watch(t: Test, { address }: Server, ...args: string[]): Watching {
  const child = spawn(process.execPath, [NSATLAS, 'watch', '--collector', address, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  t.after(() => child.kill('SIGKILL'));
  const [lines, said]: [string[], string[]] = [[], []];
  createInterface({ input: child.stdout }).on('line', (line) => lines.push(line));
  createInterface({ input: child.stderr }).on('line', (line) => said.push(line));
  return {
    lines,
    said,
    end: async () => {
      const exit = once(child, 'exit');
      child.kill('SIGINT');
      return ((await exit) as [number | null])[0];
    },
  };
}

t.test('every list of a collector is the lists of its agents, with the host of each row', { timeout: 300_000 }, async (t) => {
  const { hosts, agents, collector } = await twoHosts(t);
  for (const list of ['netns', 'interfaces', 'vxlans', 'veths', 'fdb', 'neighbors', 'routes']) {
    const [all, ...single] = await Promise.all([
      ask(collector, list, '-o', 'json'),
      ...agents.map((agent) => nsatlasAsync([list, '-o', 'json', '--agent', agent.address])),
    ]);
    t.strictSame([all.status, all.stderr], [0, ''], list);
    // Row ids are of whoever tells them, and of what several hosts have the order is by VNI.
    const rows = (result: CliResult): string[] =>
      items<Record<string, unknown>>(result).items.map(({ rowId: _, ...row }) => JSON.stringify(sorted(row)));
    t.strictSame(rows(all).sort(), single.flatMap(rows).sort(), list);
    t.ok(rows(all).length >= 2 || list === 'neighbors', list);
  }
  const { stdout } = await ask(collector, 'vxlans');
  t.match(stdout, /^HOST +NETWORK .*\nnode-11 +x8sn2ys3vd +4097 .*\nnode-12 +x8sn2ys3vd +4097 /);
  const narrowed = await ask(collector, 'netns', '--host', 'id-12', '--role', 'overlay', '-o', 'json');
  t.strictSame(
    items<{ host: string; id: string }>(narrowed).items.map(({ host, id }) => [host, id]),
    [['id-12', hosts[1].overlay.id]],
  );
});

t.test(
  'hosts, overlays and endpoints are joined across hosts, and snapshots of the hosts give the same',
  {
    timeout: 300_000,
  },
  async (t) => {
    const { hosts, collector } = await twoHosts(t);
    const { stdout, status } = await ask(collector, 'hosts');
    t.equal(status, 0);
    t.match(stdout, /^NAME +STATE +AGE +AGENT .*\nnode-11 +LIVE .*\nnode-12 +LIVE .*\n$/);
    const overlays = await ask(collector, 'overlays');
    t.match(overlays.stdout, /\nx8sn2ys3vd +4097 +node-11 +192\.0\.2\.11 .* node-12\(1\) /);
    t.match(overlays.stdout, /\nx8sn2ys3vd +4097 +node-12 +192\.0\.2\.12 .* node-11\(1\) /);
    const endpoints = await ask(collector, 'endpoints', '--ip', '10.0.9.12');
    t.match(endpoints.stdout, /^NETWORK .*\nx8sn2ys3vd +4097 +10\.0\.9\.12 +02:42:0a:00:09:0c +node-12 .*192\.0\.2\.12 .*\n$/);

    const files = await Promise.all(
      hosts.map(async ({ name, dir }) => {
        const snapshot = await ask(collector, 'snapshot', '-o', 'json', '--host', name);
        assert.deepEqual([snapshot.status, snapshot.stderr], [0, '']);
        const path = join(dir, 'snapshot.json');
        writeFileSync(path, snapshot.stdout);
        return path;
      }),
    );
    for (const list of ['overlays', 'endpoints']) {
      const [asked, saved] = await Promise.all([
        ask(collector, list, '-o', 'json'),
        nsatlasAsync([list, '-o', 'json', '--from', ...files]),
      ]);
      // How well a host is known is the collector's to say.
      const bare = (text: string): unknown =>
        JSON.parse(text, (key, value: unknown) => (/^(state|ageMs|fabric)$/.test(key) ? undefined : value));
      t.strictSame(bare(asked.stdout), bare(saved.stdout));
    }
    const { status: several, stderr } = await ask(collector, 'snapshot');
    t.equal(several, 2);
    t.match(stderr, /snapshot shows one host: give --host with one of node-11 \(id-11\), node-12 \(id-12\)/);
    t.match(
      (await ask(collector, 'snapshot', '--host', 'node-13')).stderr,
      /--host matches no host; known hosts: node-11 \(id-11\)/,
    );
  },
);

t.test(
  'a change is one line with its host in front, a host that falls silent is said, and its data stay',
  {
    timeout: 300_000,
  },
  async (t) => {
    const { hosts, agents, collector } = await twoHosts(t);
    const watching = watch(t, collector);
    await eventually(
      'it is in sync',
      () => watching.lines.some((line) => line.startsWith('synced: 2 hosts, 6 namespaces')),
      20_000,
    );
    hosts[1].overlay.ip('link set vxlan0 mtu 1400');
    await eventually(
      'the change is shown',
      () => watching.lines.includes(`node-12 ~ vxlan0@overlay:${NETWORK} mtu 1450 → 1400`),
      20_000,
    );
    agents[1].child.kill('SIGSTOP');
    await eventually(
      'the silence is shown',
      () => watching.lines.some((line) => /^~ host node-12 LIVE → .* STALE/.test(line)),
      30_000,
    );
    const { status, stdout, stderr } = await ask(collector, 'vxlans');
    t.equal(status, 1);
    t.match(stderr, /node-12/);
    t.match(stdout, /^HOST +AGE .*\nnode-11 +- .*\nnode-12 +\S+ STALE +x8sn2ys3vd .* 1400 /);
    t.match((await ask(collector, 'overlays')).stdout, /\nx8sn2ys3vd +4097 +node-12 +\S+ STALE +192\.0\.2\.12 /);
    agents[1].child.kill('SIGCONT');
    await eventually('it is heard again', () => watching.lines.some((line) => /^~ host node-12 .* → LIVE/.test(line)), 30_000);
    t.equal((await ask(collector, 'hosts')).status, 0);
    t.equal(await watching.end(), 0);
  },
);

t.test(
  'a watch goes on when the collector comes back, and JSON has every event with its host',
  { timeout: 300_000 },
  async (t) => {
    const { hosts, agents, collector } = await twoHosts(t);
    const json = await ask(collector, 'watch', '-o', 'json', '--until-synced', '--table', 'links');
    t.equal(json.status, 0, json.stderr);
    const events = json.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    t.strictSame(new Set(events.map(({ host }) => host)), new Set(['id-11', 'id-12', undefined]));
    t.ok(events.at(-1)?.['synced'] !== undefined);

    const watching = watch(t, collector);
    await eventually('it is in sync', () => watching.lines.some((line) => line.startsWith('synced')));
    t.equal(await collector.end(), 0);
    await eventually('it waits', () => watching.said.some((line) => /retrying in/.test(line)));
    const again = ['collector', '--agent', agents[0].address, '--agent', agents[1].address];
    const { address } = await serve(t, again, collector.address);
    t.equal(address, collector.address);
    await eventually(
      'both hosts are told again',
      () => watching.lines.filter((line) => /^node-1[12] synced/.test(line)).length >= 2,
      30_000,
    );
    hosts[0].overlay.ip('link set br0 mtu 1300');
    await eventually(
      'changes are shown',
      () => watching.lines.some((line) => /^node-11 ~ br0@.* mtu 1450 → 1300/.test(line)),
      20_000,
    );
    t.equal(await watching.end(), 0);
  },
);

t.test('agent and collector in one process know this host, and others', { timeout: 300_000 }, async (t) => {
  const hosts = [makeHost(t, 11, 12), makeHost(t, 12, 11)] as const;
  const agent = await serve(t, ['agent', ...hosts[1].flags]);
  const up = await serve(t, ['up', ...hosts[0].flags, '--agent', agent.address]);
  await eventually(
    'both hosts are known',
    async () =>
      items<{ state: string }>(await ask(up, 'hosts', '-o', 'json')).items.filter(({ state }) => state === 'LIVE').length === 2,
    20_000,
  );
  const { stdout } = await ask(up, 'hosts');
  t.match(stdout, /\nnode-11 +LIVE +\S+ +local .*\nnode-12 +LIVE +\S+ +127\.0\.0\.1:\d+ /);
  const own = await nsatlasAsync(['netns', '-o', 'json', '--agent', up.address]);
  t.strictSame([own.status, items(own).items.length], [0, 3]);
  t.equal(items(await ask(up, 'netns', '-o', 'json')).items.length, 6);
  t.equal(await up.end(), 0);
});

t.test('a collector ends with status 0 on SIGTERM, and a second one cannot have its port', async (t) => {
  const collector = await serve(t, ['collector', '--agent', '127.0.0.1:1']);
  const hosts = await ask(collector, 'hosts');
  t.equal(hosts.status, 1);
  t.match(hosts.stdout, /\nUNREACHABLE +127\.0\.0\.1:1 /);
  t.match(hosts.stderr, /127\.0\.0\.1:1/);
  const second = await nsatlasAsync(['collector', '--agent', '127.0.0.1:1', '--listen', collector.address]);
  t.equal(second.status, 1);
  t.match(second.stderr, /nsatlas: cannot listen on 127\.0\.0\.1:\d+: .*in use/);
  t.equal(await collector.end(), 0);
});

/** The same object with its keys in order. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, sorted(inner)]),
  );
}
