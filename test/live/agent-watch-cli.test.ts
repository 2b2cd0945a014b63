// `nsatlas watch` as people run it: over an agent whose host is made up, and over the real kernel.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { startAgent } from '../../src/agent/server.js';
import { toJson } from '../../src/wire/json.js';
import { NSATLAS, nsatlasAsync } from '../support/cli.js';
import { eventually } from '../support/hygiene.js';
import { Scratch } from '../support/netns.js';
import { fakeLink, fakeLog, fakeNetns, withFdb } from '../unit/agent/fake-host.js';
import { FakeLive } from '../unit/agent/fake-live.js';
import { scratch } from './agent-rig.js';

t.setTimeout(0);

interface Watching {
  readonly child: ChildProcess;
  stdout: string;
  stderr: string;
  /** Ctrl-C; the exit status. */
  end(): Promise<number | null>;
}

function watch(t: Test, args: readonly string[]): Watching {
  const child = spawn(process.execPath, [NSATLAS, 'watch', ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  t.after(() => child.kill('SIGKILL'));
  const watching: Watching = {
    child,
    stdout: '',
    stderr: '',
    end: async () => {
      child.kill('SIGINT');
      const [status] = (await once(child, 'exit')) as [number | null];
      return status;
    },
  };
  child.stdout.on('data', (chunk: Buffer) => (watching.stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (watching.stderr += chunk.toString()));
  return watching;
}

/** An agent at a path of its own, so that a second one can take its place. */
async function serveAt(t: Test, address: string, live: FakeLive): Promise<() => Promise<void>> {
  const agent = await startAgent({ live, log: fakeLog(), listen: [address] });
  const stop = (): Promise<void> => agent.drain(1000);
  t.after(stop);
  return stop;
}

t.test('the first state is one line, each change one, and Ctrl-C ends with status 0', async (t) => {
  const live = new FakeLive({ namespaces: [fakeNetns(1, { role: 'HOST' }), withFdb(2, 3)] });
  const address = `unix:${join(scratch(t), 's')}`;
  await serveAt(t, address, live);
  const watching = watch(t, ['--agent', address]);
  await eventually('it is in sync', () => watching.stdout.includes('synced'));
  live.setLink(fakeLink('net:[1]', 1, { mtu: 1400 }));
  live.setLink(fakeLink('net:[1]', 7, { name: 'evil\u001b[2J', veth: { status: 'PEER_NOT_VISIBLE' }, masterName: 'br0' }));
  await eventually('the changes of links are shown', () => watching.stdout.includes('evil'));
  live.remove('net:[2]');
  await eventually('the end is shown', () => watching.stdout.includes('- netns'));
  t.equal(await watching.end(), 0);
  t.strictSame(watching.stdout.trimEnd().split('\n'), [
    'synced: 2 namespaces, 2 interfaces, 3 fdb rows',
    '~ eth1@host mtu 1500 → 1400',
    '+ evil\\u{1b}[2J@host UP master br0 peer ? (PEER_NOT_VISIBLE) 10.0.1.2/24',
    '- netns 2 net:[2]',
  ]);
  t.equal(watching.stderr, '');
});

t.test('JSON is one line for each event, in the proto3 JSON of the message', async (t) => {
  const live = new FakeLive({ namespaces: [fakeNetns(1)] });
  const address = `unix:${join(scratch(t), 's')}`;
  await serveAt(t, address, live);
  const { status, stdout } = await nsatlasAsync([
    'watch',
    '--agent',
    address,
    '-o',
    'json',
    '--until-synced',
    '--table',
    'links',
  ]);
  t.equal(status, 0);
  const events = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  t.strictSame(
    events.map((event) => Object.keys(event)[1]),
    ['restart', 'host', 'networks', 'netns', 'gaps', 'synced'],
  );
  const interfaces = (events[3]?.['netns'] as { interfaces: unknown[] }).interfaces;
  t.strictSame(interfaces, (JSON.parse(toJson({ items: [fakeLink('net:[1]', 1)] })) as { items: unknown[] }).items);
  t.strictSame(events.at(-1)?.['cursor'], { epoch: live.epoch, revision: String(live.revision) });
});

t.test('an agent that comes back is gone on with, and another one begun with anew', async (t) => {
  const live = new FakeLive({ namespaces: [fakeNetns(1)] });
  const address = `unix:${join(scratch(t), 's')}`;
  const stop = await serveAt(t, address, live);
  const watching = watch(t, ['--agent', address]);
  await eventually('it is in sync', () => watching.stdout.includes('synced'));
  await stop();
  live.add(fakeNetns(2));
  const stopAgain = await serveAt(t, address, live);
  await eventually('what was missed is shown', () => watching.stdout.includes('+ netns 2'));
  t.match(watching.stderr, /cannot reach the agent at .*; retrying in \d\.\d s/);
  t.notMatch(watching.stderr, /resyncing/);
  await stopAgain();
  await serveAt(t, address, new FakeLive({ namespaces: [fakeNetns(3)] }, 'another epoch'));
  await eventually('it is in sync again', () => watching.stdout.match(/^synced/gm)?.length === 2);
  t.match(watching.stderr, /resyncing: the agent was restarted/);
  t.equal(await watching.end(), 0);
});

t.test('a reader that goes away ends it quietly', async (t) => {
  const live = new FakeLive({ namespaces: [withFdb(1, 5000)] });
  const address = `unix:${join(scratch(t), 's')}`;
  await serveAt(t, address, live);
  const pipe = `"${process.execPath}" "${NSATLAS}" watch --initial --agent ${address} | head -n 1; echo "status \${PIPESTATUS[0]}"`;
  const child = spawn('bash', ['-c', pipe], { stdio: ['ignore', 'pipe', 'pipe'] });
  t.after(() => child.kill());
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (text += chunk.toString()));
  await once(child, 'close');
  t.match(text, /^\+ host node-1 .*\nstatus 0\n$/);
});

t.test('polling is said on stderr, with its reason', async (t) => {
  const live = new FakeLive({ namespaces: [fakeNetns(1)] });
  live.setFreshness({ mode: 'POLLING', rescanMs: 5000, ageMs: 1200, reason: 'CAP_NET_ADMIN is missing' });
  const address = `unix:${join(scratch(t), 's')}`;
  await serveAt(t, address, live);
  const said = /^nsatlas: no events: polling every 5 s, this answer is 1\.2 s old \(CAP_NET_ADMIN is missing\)$/m;
  for (const args of [['watch', '--until-synced'], ['interfaces'], ['snapshot', '-o', 'json']])
    t.match((await nsatlasAsync([...args, '--agent', address])).stderr, said);
});

t.test('without an agent this host is watched', async (t) => {
  const namespaces = Scratch.create(t);
  const a = namespaces.netns();
  const watching = watch(t, ['--netns-dir', namespaces.dir]);
  await eventually('it is in sync', () => watching.stdout.includes('synced: 1 namespace, 1 interface'));
  a.ip('link add br7 type bridge');
  await eventually('the bridge is shown', () => /^\+ br7@.* bridge DOWN/m.test(watching.stdout));
  a.ip('link set br7 up mtu 1400');
  await eventually('its MTU is shown', () => /^~ br7@.*mtu 1500 → 1400/m.test(watching.stdout));
  a.ip('link del br7');
  await eventually('its end is shown', () => /^- br7@/m.test(watching.stdout));
  t.equal(await watching.end(), 0);
});
