import t from 'tap';
import assert from 'node:assert/strict';
import { constants } from 'node:http2';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { Client, type ClientReadableStream, credentials, type ServiceError, status } from '@grpc/grpc-js';
import { ALL_TABLES } from '../../src/tables/index.js';
import { decode, encode } from '../../src/wire/codec.js';
import type { HostSnapshot } from '../../src/model/types.js';
import { fakeLink, fakeNetns, fakeSnapshot, withFdb } from '../unit/agent/fake-host.js';
import { assertGrownLess, memoryInUse } from '../support/memory.js';
import { curl, framesOf, holdCall, holdSession, messagesOf, serve } from './agent-rig.js';
import { exactly } from '../support/exactly.js';

t.setTimeout(0);

function manyNamespaces(count: number, links: number): HostSnapshot {
  const netns = (number: number) => {
    const id = `net:[${number}]`;
    return fakeNetns(number, { interfaces: Array.from({ length: links }, (_, at) => fakeLink(id, at + 1)) });
  };
  return fakeSnapshot(Array.from({ length: count }, (_, at) => netns(at + 1)));
}

/** A call by hand, so that the test decides when it reads. */
function rawCall(
  client: Client,
  method: string,
  message: 'nsatlas.v1.GetSnapshotRequest' | 'nsatlas.v1.ListFdbRequest',
): ClientReadableStream<Buffer> {
  const bytes = encode(message, { tables: [], counters: false });
  return client.makeServerStreamRequest(
    `/nsatlas.v1.Agent/${method}`,
    (buffer: Buffer) => buffer,
    (buffer) => buffer,
    Buffer.from(bytes),
  );
}

/** Whether a snapshot arrived complete; how old it is stands in it, too. */
function assertSame({ host: { freshness, ...host }, ...snapshot }: HostSnapshot, whole: HostSnapshot): void {
  assert.deepEqual({ host, ...snapshot }, whole);
  assert.equal(freshness?.mode, 'EVENTS');
}

function rawClient(address: string): Client {
  return new Client(address, credentials.createInsecure());
}

/** Resolves when a condition holds. */
async function until(condition: () => boolean, what: string, limitMs = 30_000): Promise<void> {
  const end = performance.now() + limitMs;
  while (!condition()) {
    if (performance.now() > end) assert.fail(`not within ${limitMs} ms: ${what}`);
    await delay(10);
  }
}

t.test('a snapshot of 2,000 namespaces with 6 interfaces each arrives whole, also at a foreign client', async (t) => {
  const whole = manyNamespaces(2000, 6);
  const { client, address } = await serve(t, () => whole);
  assertSame(await client.snapshot({}, ALL_TABLES), whole);
  const said = await curl(address, '/nsatlas.v1.Agent/GetSnapshot', ['-d', '{}']);
  t.equal(said.status, 0, said.stderr);
  const namespaces = (messagesOf(said.stdout) as { namespaces?: { id: string; interfaces: unknown[] }[] }[]).flatMap(
    (part) => part.namespaces ?? [],
  );
  t.equal(namespaces.length, 2000);
  t.equal(new Set(namespaces.map(({ id }) => id)).size, 2000);
  t.ok(namespaces.every(({ interfaces }) => interfaces.length === 6));
});

t.test(
  'one namespace with 50,000 forwarding rows arrives whole, as a snapshot and as a list, also at a foreign client',
  async (t) => {
    const whole = fakeSnapshot([fakeNetns(1), withFdb(2, 50_000), fakeNetns(3)]);
    const { client, address } = await serve(t, () => whole);
    assertSame(await client.snapshot({}, ALL_TABLES), whole);
    const { items } = await client.list('fdb', {});
    assert.equal(items.length, 50_000);
    assert.equal(items[49_999]?.mac, '02:42:00:00:c3:4f');
    const said = await curl(address, '/nsatlas.v1.Agent/ListFdb', ['-d', '{}']);
    assert.equal(said.status, 0, said.stderr);
    const macs = (messagesOf(said.stdout) as { items?: { mac: string }[] }[]).flatMap((part) =>
      (part.items ?? []).map(({ mac }) => mac),
    );
    assert.equal(new Set(macs).size, 50_000);
  },
);

t.test(
  'a client that does not read costs one message, others are served meanwhile, and it gets everything once it reads',
  async (t) => {
    const whole = fakeSnapshot([withFdb(1, 50_000)]);
    const { client, address, log } = await serve(t, () => whole);
    await client.list('fdb', {});
    const session = holdSession(t, address);
    const before = memoryInUse().buffers;
    const calls = Array.from({ length: 20 }, () => holdCall(session, '/nsatlas.v1.Agent/ListFdb'));
    await delay(500);
    assert.equal((await client.list('fdb', {})).items.length, 50_000);
    // 20 answers of 4 MB would be 80 MB; a message and a window of the session are what each may hold.
    await assertGrownLess(10, () => memoryInUse().buffers - before);
    assert.equal(log.lines.filter(({ message }) => message === 'call answered').length, 2);
    const [first, ...others] = calls;
    assert.ok(first !== undefined);
    // The window of the connection is shared: what the others hold of it would keep the first one waiting.
    for (const call of others) call.close(constants.NGHTTP2_CANCEL);
    const chunks: Buffer[] = [];
    for await (const chunk of first) chunks.push(chunk as Buffer);
    const rows = [...framesOf(Buffer.concat(chunks))].reduce(
      (sum, frame) => sum + decode('nsatlas.v1.ListFdbResponse', frame).items.length,
      0,
    );
    assert.equal(rows, 50_000);
    await until(() => log.lines.filter(({ message }) => message === 'call failed').length === 19, 'the other calls ended');
  },
);

t.test('a client that reads nothing for too long is let go, and its connection is not', async (t) => {
  const { address, log } = await serve(t, () => fakeSnapshot([withFdb(1, 50_000)]), { stallLimitMs: 500 });
  const session = holdSession(t, address);
  const call = holdCall(session, '/nsatlas.v1.Agent/ListFdb');
  const closed = new Promise((resolve) => call.once('close', resolve));
  await until(() => log.lines.some(({ message }) => message === 'call failed'), 'the agent ends the call');
  t.match(JSON.stringify(log.lines), /the client has read nothing|RESOURCE_EXHAUSTED/);
  call.resume();
  await closed;
  t.equal(call.rstCode, constants.NGHTTP2_ENHANCE_YOUR_CALM);
  t.equal(session.closed, false);
});

t.test('a client that cancels in the middle stops the work, and one that vanishes does, too', async (t) => {
  const whole = fakeSnapshot([withFdb(1, 50_000)]);
  const { address, log } = await serve(t, () => whole);
  const failures = () => log.lines.filter(({ message }) => message === 'call failed').length;
  const client = rawClient(address);
  const call = rawCall(client, 'GetSnapshot', 'nsatlas.v1.GetSnapshotRequest');
  call.on('error', () => undefined);
  await new Promise((resolve) => call.once('data', resolve));
  call.cancel();
  await until(() => failures() === 1, 'the cancelled call ended');
  const vanishing = rawClient(address);
  const lost = rawCall(vanishing, 'GetSnapshot', 'nsatlas.v1.GetSnapshotRequest');
  lost.on('error', () => undefined);
  await new Promise((resolve) => lost.once('data', resolve));
  lost.pause();
  vanishing.close();
  lost.cancel();
  await until(() => failures() === 2, 'the lost call ended');
  t.equal(log.lines.filter(({ message }) => message === 'call answered').length, 0);
  client.close();
});

t.test('a caller that cancels while the host is read is let go at once', async (t) => {
  const finish: (() => void)[] = [];
  const { address, log } = await serve(t, () => new Promise((resolve) => finish.push(() => resolve(fakeSnapshot([])))));
  const client = rawClient(address);
  t.after(() => client.close());
  const call = rawCall(client, 'GetSnapshot', 'nsatlas.v1.GetSnapshotRequest');
  call.on('error', () => undefined);
  await until(() => finish.length > 0, 'the host is read');
  call.cancel();
  await until(() => log.lines.some(({ message }) => message === 'call failed'), 'the call ended');
  for (const each of finish) each();
});

t.test('a host that cannot be read is an error, never an empty answer, and health says so until it can', async (t) => {
  const { client, source, address } = await serve(t, () => fakeSnapshot([fakeNetns(1)]));
  const { read } = source;
  source.read = () => Promise.reject(new Error('EMFILE: too many open files'));
  const expected = {
    name: 'AgentError',
    code: 'ERR_NSATLAS_AGENT_FAILED',
    message: exactly(`the agent at ${address} failed: this host could not be read: EMFILE: too many open files`),
  };
  await t.rejects(client.list('netns', {}), expected);
  await t.rejects(client.snapshot({}, ALL_TABLES), expected);
  const status = await client.status();
  t.equal(status.host, undefined);
  t.match(status.gaps[0]?.message ?? '', /could not be read: EMFILE/);
  t.strictSame(
    messagesOf((await curl(address, '/grpc.health.v1.Health/Check', ['-d', '{"service":"nsatlas.v1.Agent"}'])).stdout),
    [{ status: 'NOT_SERVING' }],
  );
  source.read = read;
  assert.equal((await client.list('netns', {})).items.length, 1);
  assert.equal((await client.status()).host?.id, 'h1');
  assert.deepEqual(
    messagesOf((await curl(address, '/grpc.health.v1.Health/Check', ['-d', '{"service":"nsatlas.v1.Agent"}'])).stdout),
    [{ status: 'SERVING' }],
  );
});

t.test('more calls than are allowed are refused, not queued without end', async (t) => {
  const finish: ((snapshot: HostSnapshot) => void)[] = [];
  const { client } = await serve(t, () => new Promise((resolve) => finish.push(resolve)), { maxCalls: 3 });
  let refused = 0;
  const calls = Array.from({ length: 5 }, () =>
    client.list('netns', {}).then(
      () => 'answered',
      (cause: unknown) => {
        refused++;
        return (cause as Error).message;
      },
    ),
  );
  await until(() => refused === 2, 'two are refused');
  for (const each of finish) each(fakeSnapshot([]));
  const outcomes = await Promise.all(calls);
  t.equal(outcomes.filter((outcome) => outcome === 'answered').length, 3);
  t.equal(outcomes.filter((outcome) => /3 calls are in progress already/.test(outcome)).length, 2);
});

t.test('a request that is too large or no message is refused, and the agent goes on', async (t) => {
  const { client, address } = await serve(t, () => fakeSnapshot([]));
  await t.rejects(
    client.list('netns', { netns: Array.from({ length: 300 }, () => 'x'.repeat(4000)) }),
    /larger than max|message/i,
  );
  const raw = rawClient(address);
  t.after(() => raw.close());
  const call = raw.makeServerStreamRequest(
    '/nsatlas.v1.Agent/ListNetns',
    (bytes: Buffer) => bytes,
    (bytes) => bytes,
    Buffer.from([0x0a, 0x05, 0x01]),
  );
  const problem = await new Promise<ServiceError>((resolve) => call.once('error', resolve));
  t.equal(problem.code, status.INVALID_ARGUMENT);
  t.equal((await client.list('netns', {})).items.length, 0);
});

t.test('what speaks no gRPC does no harm', async (t) => {
  const { client, address } = await serve(t, () => fakeSnapshot([]));
  const port = Number(address.split(':')[1]);
  for (const bytes of [
    'GET / HTTP/1.1\r\n\r\n',
    '\x16\x03\x01garbage',
    'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\0\0garbage after the preface',
    '',
  ]) {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.end(bytes);
    await new Promise((resolve) => socket.once('close', resolve).resume());
  }
  t.equal((await client.list('netns', {})).items.length, 0);
});

t.test('reflection answers no faster than it is read: a client that only asks costs little', async (t) => {
  const { client, address } = await serve(t, () => fakeSnapshot([]));
  await client.list('netns', {});
  const session = holdSession(t, address);
  const headers = {
    ':method': 'POST',
    ':path': '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo',
    'content-type': 'application/grpc',
    te: 'trailers',
  };
  const call = session.request(headers);
  call.on('error', () => undefined);
  call.pause();
  const symbol = Buffer.from('nsatlas.v1.Agent');
  // ServerReflectionRequest.file_containing_symbol = 4.
  const message = Buffer.concat([Buffer.from([0, 0, 0, 0, symbol.length + 2, 0x22, symbol.length]), symbol]);
  const thousand = Buffer.concat(new Array<Buffer>(1000).fill(message));
  let asked = 0;
  const ask = (): void => {
    for (let goesOn = true; goesOn && asked < 200_000; asked += 1000) goesOn = call.write(thousand);
    if (asked < 200_000) call.once('drain', ask);
  };
  const before = memoryInUse().heap;
  ask();
  await delay(3000);
  await assertGrownLess(25, () => memoryInUse().heap - before);
  t.equal((await client.list('netns', {})).items.length, 0);
});
