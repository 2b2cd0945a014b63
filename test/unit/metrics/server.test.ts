import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import t, { type Test } from 'tap';
import type { Metrics } from '../../../src/metrics/metrics.js';
import { type RunningMetrics, startMetrics } from '../../../src/metrics/server.js';
import { type Certificates, makeCertificates, makeLeaf, type Pair } from '../../support/certificates.js';
import { fakeLog } from '../agent/fake-host.js';

const TEXT = '# HELP a A.\n# TYPE a gauge\na 1\n';

async function serve(t: Test, render: Metrics['render'], connectionLimitMs = 30_000): Promise<RunningMetrics> {
  const running = await startMetrics({ render }, { listen: '127.0.0.1:0', log: fakeLog(), connectionLimitMs });
  t.after(() => running.close());
  return running;
}

const plain: Metrics['render'] = async () => [Buffer.from(TEXT.slice(0, 5)), Buffer.from(TEXT.slice(5))];

/** A connection by hand. */
async function open(t: Test, { address }: RunningMetrics): Promise<Socket> {
  const socket = connect(Number(address.split(':').at(-1)), '127.0.0.1');
  t.after(() => socket.destroy());
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
}

/** GET /metrics over TLS, by hand; the whole answer. */
async function scrapeTls({ address }: RunningMetrics, { ca }: Certificates, pair?: Pair): Promise<string> {
  const own = pair === undefined ? {} : { cert: readFileSync(pair.cert), key: readFileSync(pair.key) };
  const socket = connectTls({ port: Number(address.split(':').at(-1)), host: '127.0.0.1', ca: readFileSync(ca), ...own });
  socket.write('GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
  return all(socket);
}

/** Everything that comes until the other side ends, one way or the other. */
async function all(socket: Socket): Promise<string> {
  let text = '';
  socket.on('data', (chunk) => (text += String(chunk)));
  // Whoever still writes when the other end has gone is told by a reset.
  socket.on('error', ({ code }: NodeJS.ErrnoException) => assert.match(code ?? '', /^(ECONNRESET|EPIPE)$/));
  if (!socket.closed) await new Promise((resolve) => socket.once('close', resolve));
  return text;
}

t.test('the server of metrics', async (t) => {
  t.test('answers /metrics in the text format, whole, and /healthz', async (t) => {
    const { address } = await serve(t, plain);
    const scraped = await fetch(`http://${address}/metrics?x=1`);
    t.equal(scraped.headers.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8');
    t.equal(await scraped.text(), TEXT);
    t.equal(await (await fetch(`http://${address}/healthz`)).text(), 'ok\n');
    const head = await fetch(`http://${address}/metrics`, { method: 'HEAD' });
    t.equal(head.headers.get('content-length'), `${TEXT.length}`);
    t.equal(await head.text(), '');
  });

  t.test('has nothing else, and takes nothing', async (t) => {
    const { address } = await serve(t, plain);
    for (const path of ['/', '/metrics/', '/metricsx', '/../metrics%00', '//metrics'])
      t.equal((await fetch(`http://${address}${path}`)).status, 404, path);
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) {
      const refused = await fetch(`http://${address}/metrics`, { method });
      t.equal(refused.status, 405);
      t.equal(refused.headers.get('allow'), 'GET, HEAD');
    }
  });

  t.test('ends what is no HTTP, and a header that is too long, with 400', async (t) => {
    const running = await serve(t, plain);
    for (const garbage of [
      '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\r\n\r\n',
      `GET /metrics HTTP/1.1\r\nX: ${'x'.repeat(10_000)}\r\n\r\n`,
    ]) {
      const socket = await open(t, running);
      socket.write(garbage, 'latin1');
      t.match(await all(socket), /^HTTP\/1\.1 400 /);
    }
    t.equal((await fetch(`http://${running.address}/healthz`)).status, 200);
  });

  t.test('ends a connection that takes too long for a request, and one that is idle', async (t) => {
    const running = await serve(t, plain, 100);
    const slow = await open(t, running);
    slow.write('GET /metrics HTTP/1.1\r\nX-A: ');
    const drip = setInterval(() => slow.write('x'), 10);
    t.after(() => clearInterval(drip));
    const idle = await open(t, running);
    t.equal(await all(slow), '');
    clearInterval(drip);
    t.equal(await all(idle), '');
  });

  t.test('takes 32 connections and no more, and takes others when some have gone', async (t) => {
    const running = await serve(t, plain);
    const sockets = await Promise.all(Array.from({ length: 32 }, () => open(t, running)));
    const more = await open(t, running);
    t.equal(await all(more), '');
    for (const socket of sockets.slice(0, 2)) socket.destroy();
    for (;;) {
      const answer = await fetch(`http://${running.address}/healthz`).catch(() => undefined);
      if (answer?.status === 200) break;
    }
  });

  t.test('survives a scraper that goes before it was answered', async (t) => {
    let finish: () => void = () => undefined;
    const waiting = new Promise<void>((resolve) => (finish = resolve));
    const running = await serve(t, async () => {
      await waiting;
      return [Buffer.alloc(1 << 20, 'x')];
    });
    const socket = await open(t, running);
    socket.write('GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n');
    await new Promise((resolve) => setTimeout(resolve, 20));
    socket.destroy();
    finish();
    t.equal((await fetch(`http://${running.address}/healthz`)).status, 200);
  });

  t.test('ends all connections when it is closed', async (t) => {
    const running = await serve(t, plain);
    const socket = await open(t, running);
    await running.close();
    t.equal(await all(socket), '');
    await t.rejects(fetch(`http://${running.address}/healthz`));
  });

  t.test('serves other machines in the open only when it is told to, and warns', async (t) => {
    await t.rejects(startMetrics({ render: plain }, { listen: '0.0.0.0:0', log: fakeLog() }), {
      code: 'ERR_NSATLAS_LISTEN',
      message: /--metrics-insecure/,
    });
    const log = fakeLog();
    const running = await startMetrics({ render: plain }, { listen: '0.0.0.0:0', log, insecure: true });
    t.after(() => running.close());
    t.strictSame(
      log.lines.map(({ level }) => level),
      ['warn', 'info'],
    );
  });

  t.test('serves who has a certificate over TLS, tells others why not in HTTP, and does not speak plain text', async (t) => {
    const certificates = makeCertificates(t);
    const log = fakeLog();
    const running = await startMetrics({ render: plain }, { listen: '127.0.0.1:0', log, tls: certificates.server });
    t.after(() => running.close());
    t.match(await scrapeTls(running, certificates, certificates.people), /^HTTP\/1\.1 200 [^]*\r\n\r\n# HELP a A\.\n/);
    t.match(await scrapeTls(running, certificates), /^HTTP\/1\.1 403 /);
    t.match(await scrapeTls(running, certificates, makeLeaf(certificates, 'old', { days: -1 })), /^HTTP\/1\.1 403 /);
    await t.rejects(fetch(`http://${running.address}/metrics`));
  });
});
