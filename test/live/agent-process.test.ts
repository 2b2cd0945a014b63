// The agent as it is installed, a process of its own, over the real kernel.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { NSATLAS, nsatlas } from '../support/cli.js';
import { MANY_NAMESPACES } from '../support/extent.js';
import { eventually } from '../support/hygiene.js';
import { Scratch } from '../support/netns.js';
import { BUF, run } from './agent-rig.js';

t.setTimeout(0);

interface AgentProcess {
  readonly child: ChildProcess;
  readonly address: string;
  readonly log: string[];
}

/** Starts `nsatlas agent` on a free port; it ends with the test. Make it before the scratch folder that it reads. */
async function startAgent(t: Test, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<AgentProcess> {
  const child = spawn(process.execPath, [NSATLAS, 'agent', '--listen', '127.0.0.1:0', ...args], {
    stdio: ['ignore', 'inherit', 'pipe'],
    env: { ...process.env, ...env },
  });
  t.after(() => child.kill('SIGKILL'));
  const log: string[] = [];
  for await (const line of createInterface({ input: child.stderr })) {
    log.push(line);
    const { msg, addresses } = JSON.parse(line) as { msg: string; addresses?: string[] };
    if (msg !== 'serving') continue;
    child.stderr.resume();
    return { child, address: addresses?.[0] ?? '', log };
  }
  throw new Error(`the agent ended: ${log.join('\n')}`);
}

/** Calls a method with buf, which knows nothing but what reflection tells it; the messages of the stream. */
async function call(address: string, method: string, request = '{}'): Promise<Record<string, unknown>[]> {
  const args = [
    'curl',
    '--http2-prior-knowledge',
    '--protocol',
    'grpc',
    `http://${address}/nsatlas.v1.Agent/${method}`,
    '-d',
    request,
  ];
  const { status, stdout, stderr } = await run(BUF, args);
  assert.equal(status, 0, stderr);
  // One JSON document after the other, each beginning at a line's first column.
  return stdout
    .split(/\n(?=\{)/)
    .filter((text) => text.trim() !== '')
    .map((text) => JSON.parse(text) as Record<string, unknown>);
}

t.test('nsatlas agent', async (t) => {
  t.test('serves very many real namespaces whole to a foreign client', { timeout: 180_000 }, async (t) => {
    const scratch = Scratch.create(t);
    const namespaces = scratch.many(MANY_NAMESPACES);
    const { address } = await startAgent(t, ['--netns-dir', scratch.dir, '--docker-socket', '/nowhere.sock']);
    const parts = await call(address, 'GetSnapshot');
    const read = parts.flatMap(
      (part) => (part['namespaces'] ?? []) as { id: string; status: string; interfaces?: { name: string }[] }[],
    );
    t.strictSame(
      read.map(({ id, status, interfaces }) => `${id} ${status} ${interfaces?.map(({ name }) => name).join(',')}`).sort(),
      namespaces.map(({ id }) => `${id} OK lo`).sort(),
    );
    const listed = (await call(address, 'ListNetns')).flatMap((part) => (part['items'] ?? []) as unknown[]);
    t.equal(listed.length, namespaces.length);
  });

  t.test('answers the command line as the command line answers itself', async (t) => {
    const scratch = Scratch.create(t);
    const [a, b] = [scratch.netns(), scratch.netns()];
    scratch.veth({ netns: a, name: 'eth0' }, { netns: b, name: 'eth0' });
    a.ip('link add vxlan0 type vxlan id 4097 dstport 4789');
    a.exec(['bridge', 'fdb', 'add', '02:42:0a:00:01:07', 'dev', 'vxlan0', 'dst', '192.0.2.7', 'self', 'permanent']);
    // Until then flags and routes of IPv6 addresses change by themselves.
    await eventually('addresses are settled', () => `${a.ip('-6 addr show tentative')}${b.ip('-6 addr show tentative')}` === '');
    const { address } = await startAgent(t, ['--netns-dir', scratch.dir, '--host-id', 'h']);
    for (const list of ['netns', 'interfaces', 'vxlans', 'veths', 'fdb', 'neighbors', 'routes']) {
      // What is known lacks what changes all the time: timers and counters.
      const counters = ['interfaces', 'fdb', 'neighbors', 'routes'].includes(list) ? ['--counters'] : [];
      const asked = nsatlas([list, '-o', 'json', '--agent', address, ...counters]);
      const read = nsatlas([list, '-o', 'json', '--netns-dir', scratch.dir, '--host-id', 'h']);
      t.equal(asked.status, 0, asked.stderr);
      // Times and counters run on between the two.
      const still = (text: string): unknown =>
        JSON.parse(text, (key, value: unknown) => (/Seconds$|^counters$|^freshness$/.test(key) ? undefined : value));
      t.strictSame(still(asked.stdout), still(read.stdout), list);
    }
  });

  t.test('holds no namespace: one that is removed dies at once, even while the agent is stopped', async (t) => {
    const scratch = Scratch.create(t);
    const netns = scratch.netns();
    const lives = scratch.canary(netns);
    const { child, address } = await startAgent(t, ['--netns-dir', scratch.dir, '--max-age', '1']);
    await call(address, 'GetSnapshot');
    t.ok(lives());
    child.kill('SIGSTOP');
    netns.remove();
    await eventually('the namespace is gone', () => !lives());
    child.kill('SIGCONT');
    const left = (await call(address, 'ListNetns', '{}')).flatMap((part) => (part['items'] ?? []) as unknown[]);
    t.strictSame(left, []);
  });

  t.test(
    'has no descriptor of a namespace and no thread in one but its own and its private observer’s between reads',
    async (t) => {
      const scratch = Scratch.create(t);
      const read = new Set(scratch.many(20).map(({ id }) => id));
      const { child, address } = await startAgent(t, ['--netns-dir', scratch.dir]);
      for (let round = 0; round < 5; round++) await call(address, 'GetSnapshot');
      const proc = `/proc/${child.pid}`;
      const links = readdirSync(`${proc}/fd`).map((fd) => readlinkSync(`${proc}/fd/${fd}`));
      t.strictSame(
        links.filter((link) => link.startsWith('net:') || link.includes(scratch.dir)),
        [],
      );
      const own = readlinkSync('/proc/self/ns/net');
      const homes = readdirSync(`${proc}/task`).map((task) => readlinkSync(`${proc}/task/${task}/ns/net`));
      const away = homes.filter((home) => home !== own);
      // docs/decisions/0008-observer.md: one thread hears events, in a namespace that nobody else has.
      t.ok(away.length <= 1 && away.every((home) => !read.has(home)), away.join());
    },
  );

  t.test('tells its service manager that it is ready, and that it stops', async (t) => {
    const scratch = Scratch.create(t);
    const path = join(scratch.dir, 'notify');
    // Node cannot listen on a unix datagram socket.
    const listen =
      'import socket,sys\ns=socket.socket(socket.AF_UNIX,socket.SOCK_DGRAM)\ns.bind(sys.argv[1])\nprint("bound",flush=True)\nwhile True: print(s.recv(100).decode(),flush=True)';
    const manager = spawn('python3', ['-c', listen, path], { stdio: ['ignore', 'pipe', 'inherit'] });
    t.after(() => manager.kill('SIGKILL'));
    const heard = createInterface({ input: manager.stdout })[Symbol.asyncIterator]();
    const next = async (): Promise<unknown> => (await heard.next()).value;
    t.equal(await next(), 'bound');
    const { child } = await startAgent(t, ['--netns-dir', scratch.dir], { NOTIFY_SOCKET: path });
    t.equal(await next(), 'READY=1');
    child.kill('SIGTERM');
    t.equal(await next(), 'STOPPING=1');
  });

  t.test('ends with status 0 on SIGTERM', async (t) => {
    const { child } = await startAgent(t, []);
    child.kill('SIGTERM');
    const [status] = (await once(child, 'exit')) as [number | null];
    t.equal(status, 0);
  });

  t.test('drains once when Ctrl-C reaches it twice, by the terminal and through npm', async (t) => {
    const { child } = await startAgent(t, []);
    const ended = once(child, 'exit') as Promise<[number | null, string | null]>;
    let running = true;
    void ended.then(() => (running = false));
    // It takes some 15 ms to end, and none of them is one in which it would be killed.
    const begun = performance.now();
    for (let time = 0; running && performance.now() < begun + 500; time++) {
      child.kill(time % 2 === 0 ? 'SIGINT' : 'SIGTERM');
      await sleep(1);
    }
    t.strictSame(await ended, [0, null]);
  });

  t.test('refuses to listen where others could reach it, in one line, with status 1 or 2', async (t) => {
    const { status, stderr } = nsatlas(['agent', '--listen', '0.0.0.0:0']);
    t.ok(status === 1 || status === 2, `${status}`);
    const lines = stderr.split('\n').filter((line) => line.startsWith('nsatlas:'));
    t.equal(lines.length, 1, stderr);
    t.match(lines[0] ?? '', /cannot listen on 0\.0\.0\.0:0: other machines can reach it; give certificates \(--tls-cert/);
  });
});
