import assert from 'node:assert/strict';
import { existsSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { createAgentClient } from '../../src/client/agent.js';
import { ListenError } from '../../src/rpc/error.js';
import { startAgent } from '../../src/agent/server.js';
import type { HostSnapshot } from '../../src/model/types.js';
import { eventually } from '../support/hygiene.js';
import { fakeLog, fakeNetns, fakeSnapshot, withFdb } from '../unit/agent/fake-host.js';
import { AnsweringHost } from '../unit/agent/fake-live.js';
import { begunCurl, curl, messagesOf, run, scratch, serve } from './agent-rig.js';
import { exactly } from '../support/exactly.js';

t.setTimeout(0);

const one = (): HostSnapshot => fakeSnapshot([fakeNetns(1)]);

/** A problem that is said in one line, naming the address. */
async function refused(listen: readonly string[]): Promise<ListenError> {
  try {
    const agent = await startAgent({ live: new AnsweringHost(one), log: fakeLog(), listen });
    await agent.drain(0);
  } catch (cause) {
    assert.ok(cause instanceof ListenError, String(cause));
    assert.doesNotMatch(cause.message, /\n/);
    return cause;
  }
  return assert.fail('was served');
}

async function listening(t: Test, where: { port: number; host: string } | { path: string }): Promise<Server> {
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve) => server.listen(where, resolve));
  t.after(() => server.close());
  return server;
}

t.test('several addresses are served at once: IPv4, IPv6 and a unix socket', async (t) => {
  const path = join(scratch(t), 'agent.sock');
  const { agent } = await serve(t, one, { listen: ['127.0.0.1:0', '[::1]:0', `unix:${path}`, 'localhost:0'] });
  t.equal(agent.addresses.length, 4);
  t.match(agent.addresses[1] ?? '', /^\[::1\]:\d+$/);
  t.equal(agent.addresses[2], `unix:${path}`);
  for (const address of agent.addresses) {
    const client = createAgentClient(address);
    t.equal((await client.list('netns', {})).items.length, 1, address);
    client.close();
  }
  const said = await curl(`unix:${path}`, '/nsatlas.v1.Agent/ListNetns', ['-d', '{}']);
  // A list may come in more than one message: a part ends when making it took long.
  const items = messagesOf(said.stdout).flatMap((message) => (message as { items?: unknown[] }).items ?? []);
  t.equal(items.length, 1, said.stderr);
});

t.test('the file of a unix socket is its owner’s alone, and goes when the agent ends', async (t) => {
  const path = join(scratch(t), 'agent.sock');
  const { agent } = await serve(t, one, { listen: [`unix:${path}`] });
  t.equal(statSync(path).mode & 0o777, 0o600);
  await agent.drain(1000);
  t.equal(existsSync(path), false);
});

t.test('a socket that nobody listens on is replaced, one that somebody listens on is not, and a file is not', async (t) => {
  const folder = scratch(t);
  const stale = join(folder, 'stale.sock');
  // A process that dies without a word leaves its socket.
  const dead = await run(process.execPath, [
    '-e',
    `require('net').createServer().listen(${JSON.stringify(stale)}, () => process.kill(process.pid, 'SIGKILL'))`,
  ]);
  t.equal(dead.status, null);
  t.ok(statSync(stale).isSocket());
  const { client } = await serve(t, one, { listen: [`unix:${stale}`] });
  t.equal((await client.list('netns', {})).items.length, 1);
  t.match((await refused([`unix:${stale}`])).message, /another process listens there; is another `nsatlas agent` running\?/);
  t.equal((await client.list('netns', {})).items.length, 1);

  const file = join(folder, 'file');
  writeFileSync(file, 'precious');
  t.match((await refused([`unix:${file}`])).message, /a file of this name that is not a socket/);
  const linked = join(folder, 'link');
  symlinkSync(file, linked);
  t.match((await refused([`unix:${linked}`])).message, /not a socket/);
  t.equal(statSync(file).size, 8);
  t.match((await refused([`unix:${folder}/none/x.sock`])).message, /there is no directory .*\/none; create it first/);
});

t.test('a successor’s socket is left alone when the predecessor ends', async (t) => {
  const path = join(scratch(t), 'agent.sock');
  const { agent } = await serve(t, one, { listen: [`unix:${path}`] });
  const { unlinkSync } = await import('node:fs');
  unlinkSync(path);
  const { client } = await serve(t, one, { listen: [`unix:${path}`] });
  await agent.drain(1000);
  t.equal((await client.list('netns', {})).items.length, 1);
});

t.test('a port in use is one clear line, and none of the other addresses stays served', async (t) => {
  const server = await listening(t, { port: 0, host: '127.0.0.1' });
  const { port } = server.address() as { port: number };
  const path = join(scratch(t), 'agent.sock');
  const problem = await refused([`unix:${path}`, `127.0.0.1:${port}`]);
  t.equal(
    problem.message,
    `cannot listen on 127.0.0.1:${port}: the port is in use; is another \`nsatlas agent\` running? (\`ss -ltnp\` shows which process it is)`,
  );
  t.equal(problem.code, 'ERR_NSATLAS_LISTEN');
  t.equal(existsSync(path), false);
});

t.test('an address that others could reach is refused before anything is served', async (t) => {
  t.match(
    (await refused(['127.0.0.1:0', '0.0.0.0:0'])).message,
    /0\.0\.0\.0:0: other machines can reach it; give certificates \(--tls-cert/,
  );
  t.match((await refused([])).message, /no address was given/);
});

t.test('the service manager is told READY once everything is served, and STOPPING before anything ends', async (t) => {
  const told: string[] = [];
  const { agent, client } = await serve(t, one, { notify: (message) => told.push(message) });
  t.strictSame(told, ['READY=1']);
  await client.list('netns', {});
  const drained = agent.drain(1000);
  t.strictSame(told, ['READY=1', 'STOPPING=1']);
  await drained;
  await agent.drain(1000);
  t.strictSame(told, ['READY=1', 'STOPPING=1']);
});

t.test('drain lets a running call end, takes no new one, and is done soon after', async (t) => {
  const { agent, client, source, address } = await serve(t, async () => {
    await delay(600);
    return fakeSnapshot([withFdb(1, 20_000)]);
  });
  const running = client.list('fdb', {});
  await eventually('the host is read', () => source.reads.length > 0);
  const started = performance.now();
  const drained = agent.drain(60_000);
  await delay(50);
  const late = createAgentClient(address);
  await t.rejects(late.list('netns', {}), {
    code: 'ERR_NSATLAS_AGENT_UNREACHABLE',
    message: exactly(`cannot reach the agent at ${address}: connection refused; is \`nsatlas agent\` running?`),
  });
  late.close();
  t.equal((await running).items.length, 20_000);
  await drained;
  t.ok(performance.now() - started < 30_000);
});

t.test('drain ends idle connections, health watchers and reflection streams at once', async (t) => {
  const { agent, address, client } = await serve(t, one);
  await client.list('netns', {});
  const watch = await begunCurl(address, '/grpc.health.v1.Health/Watch', ['-d', '{}']);
  const started = performance.now();
  await agent.drain(60_000);
  t.ok(performance.now() - started < 30_000, `${performance.now() - started} ms`);
  t.not((await watch.ended).stdout, '');
});

t.test('drain ends a call that does not end in time', async (t) => {
  const { agent, client, source, log } = await serve(t, () => new Promise(() => undefined));
  const running = client.list('netns', {});
  const outcome = t.rejects(running, { name: 'AgentError' });
  await eventually('the host is read', () => source.reads.length > 0);
  const started = performance.now();
  await agent.drain(300);
  t.ok(performance.now() - started < 30_000);
  await outcome;
  t.ok(log.lines.some(({ level, message }) => level === 'warn' && /did not finish in time/.test(message)));
});

t.test('where no agent is, the client says so in one line', async (t) => {
  const folder = scratch(t);
  const cases: [string, RegExp][] = [
    ['127.0.0.1:1', /^cannot reach the agent at 127\.0\.0\.1:1: connection refused; is `nsatlas agent` running\?$/],
    [`unix:${folder}/none.sock`, /^cannot reach the agent at unix:.*: there is no such socket; is `nsatlas agent` running\?$/],
  ];
  for (const [address, message] of cases) {
    const client = createAgentClient(address);
    await t.rejects(client.status(), {
      name: 'AgentError',
      code: 'ERR_NSATLAS_AGENT_UNREACHABLE',
      address: exactly(address),
      message,
    });
    client.close();
  }
  t.throws(() => createAgentClient('nonsense'), { code: 'ERR_NSATLAS_AGENT_UNREACHABLE', message: /give HOST:PORT/ });
  const server = await listening(t, { port: 0, host: '127.0.0.1' });
  const { port } = server.address() as { port: number };
  const client = createAgentClient(`127.0.0.1:${port}`, { timeoutMs: 3000 });
  await t.rejects(client.list('netns', {}), { name: 'AgentError' });
  client.close();
});

t.test('an agent that does not answer in time is a timeout', async (t) => {
  const { address } = await serve(t, () => new Promise(() => undefined));
  const client = createAgentClient(address, { timeoutMs: 200 });
  await t.rejects(client.snapshot({}, []), {
    code: 'ERR_NSATLAS_AGENT_TIMEOUT',
    message: exactly(`the agent at ${address} has not answered within 0.2 s`),
  });
  client.close();
});
