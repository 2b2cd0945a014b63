import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { EngineError } from '../../../src/docker/error.js';
import { createEngines } from '../../../src/docker/index.js';
import { Patience } from '../../../src/docker/patience.js';
import type { EngineView } from '../../../src/docker/types.js';
import { FakeEngine, json, rawStandIn, type StandIn, standIn } from '../../support/engine-stand-in.js';

const LIMIT_MS = 600;

/** What may pass on a busy machine where the time limit alone should. */
const BUSY_MS = 4500;

async function viewOf(t: Test, stands: StandIn | StandIn[], timeLimitMs = LIMIT_MS): Promise<EngineView> {
  const all = [stands].flat();
  t.after(() => Promise.all(all.map((one) => one.close())));
  const engines = createEngines({ sockets: all.map(({ socket }) => socket), explicit: true, timeLimitMs });
  t.after(() => engines.close());
  return engines.view();
}

function assertOneGap(view: EngineView, status: string, message: RegExp): void {
  assert.equal(view.gaps.length, 1, JSON.stringify(view.gaps));
  assert.equal(view.gaps[0]?.status, status);
  assert.match(view.gaps[0]?.message ?? '', message);
}

const CONTAINER = 'c0ffee'.repeat(10) + 'beef';

t.test('an engine that takes the connection and never answers is one TIMED_OUT gap after one time limit', async (t) => {
  const begin = performance.now();
  const view = await viewOf(t, await rawStandIn(() => undefined));
  const took = performance.now() - begin;
  assertOneGap(view, 'TIMED_OUT', /no answer to version within 600 ms/);
  t.equal(view.gaps[0]?.errno, 'ETIMEDOUT');
  t.ok(took >= LIMIT_MS - 5 && took < BUSY_MS, `took ${took} ms`);
});

t.test('what other engines say is kept when one hangs', async (t) => {
  const fake = new FakeEngine();
  fake.containers.set(CONTAINER, { id: CONTAINER, name: 'web' });
  const view = await viewOf(t, [await rawStandIn(() => undefined), await standIn(fake.handler)], 500);
  t.strictSame(
    view.containers.map(({ owner }) => owner.containerName),
    ['web'],
  );
  assertOneGap(view, 'TIMED_OUT', /version/);
});

t.test('an engine whose containers all hang costs little more than one time limit, not one for each', async (t) => {
  const fake = new FakeEngine();
  for (let at = 0; at < 100; at++) {
    const id = at.toString(16).padStart(64, '0');
    fake.containers.set(id, { id });
  }
  fake.override = (path) => /^\/containers\/.+\/json$/.test(path);
  const begin = performance.now();
  const view = await viewOf(t, await standIn(fake.handler));
  t.ok(performance.now() - begin < BUSY_MS, 'one after another they would take 7.8 s');
  t.strictSame(view.containers, []);
  t.strictSame(view.gaps.map(({ status }) => status).sort(), ['NOT_READ', 'TIMED_OUT'], 'many gaps of one kind are summed up');
  t.match(view.gaps.map(({ message }) => message).join('\n'), /^92 containers: /m);
  t.equal(fake.asked.filter((path) => path.endsWith('/json')).length, 1 + 8, 'once one has hung, no more are asked');
});

t.test('one container that hangs is one gap, and the others are there', async (t) => {
  const fake = new FakeEngine();
  for (let at = 0; at < 40; at++) {
    const id = at.toString(16).padStart(64, '0');
    fake.containers.set(id, { id });
  }
  fake.override = (path) => path.endsWith('3/json') && path.includes('0000003/');
  const view = await viewOf(t, await standIn(fake.handler), 800);
  t.equal(view.containers.length, 39);
  assertOneGap(view, 'TIMED_OUT', /^container 000000000000: /);
});

t.test('a slow engine is heard to the end although one of its containers hangs', async (t) => {
  const fake = new FakeEngine();
  for (let at = 0; at < 140; at++) {
    const id = at.toString(16).padStart(64, '0');
    fake.containers.set(id, { id });
  }
  const delayed = new Set<string>();
  fake.override = (path, response, request) => {
    if (!/^\/containers\/.+\/json$/.test(path) || delayed.has(path)) return false;
    delayed.add(path);
    if (!path.includes(`${'0'.repeat(63)}3/`)) setTimeout(() => fake.handler(request, response), 60);
    return true;
  };
  // An answer every 60 ms at the latest, where an engine hangs that gives none for 250.
  const view = await viewOf(t, await standIn(fake.handler), 1000);
  t.equal(view.containers.length, 139, 'at seven a time they take longer than the one that hangs');
  assertOneGap(view, 'TIMED_OUT', /^container 000000000000: /);
});

t.test('what is on its way when a question has hung has a moment to arrive, and no more', async (t) => {
  const patience = new Patience('/x', 40, Date.now);
  t.equal(patience.allow('inspect'), 40);
  patience.failed(new EngineError({ socket: '/x', operation: 'inspect' }, 'ERR_NSATLAS_ENGINE_REFUSED', ''));
  t.equal(patience.allow('inspect'), 40, 'a refusal is an answer');
  patience.failed(new EngineError({ socket: '/x', operation: 'inspect' }, 'ERR_NSATLAS_ENGINE_TIMEOUT', ''));
  t.throws(() => patience.allow('inspect'), { code: 'ERR_NSATLAS_ENGINE_NOT_ASKED' });
  t.equal(patience.signal.aborted, false);
  await new Promise((resolve) => setTimeout(resolve, 40));
  t.equal((patience.signal.reason as EngineError).code, 'ERR_NSATLAS_ENGINE_NOT_ASKED');
});

t.test('a question that hangs while others are answered does not end the round', async (t) => {
  let now = 0;
  const patience = new Patience('/x', 100, () => now);
  const timeout = new EngineError({ socket: '/x', operation: 'inspect' }, 'ERR_NSATLAS_ENGINE_TIMEOUT', '');
  now = 90;
  patience.answered();
  now = 100;
  patience.failed(timeout);
  t.equal(patience.allow('inspect'), 100);
  now = 190;
  patience.failed(timeout);
  t.throws(() => patience.allow('inspect'), { code: 'ERR_NSATLAS_ENGINE_NOT_ASKED' });
  patience.end();
});

t.test('an engine that answers may take several time limits in all, but not for ever', async (t) => {
  let now = 0;
  const patience = new Patience('/x', 100, () => now);
  now = 450;
  t.equal(patience.allow('inspect'), 50);
  now = 500;
  t.throws(() => patience.allow('inspect'), { code: 'ERR_NSATLAS_ENGINE_NOT_ASKED' });
});

t.test('no more than eight containers are asked about at a time', async (t) => {
  const fake = new FakeEngine();
  let most = 0;
  for (let at = 0; at < 50; at++) {
    const id = at.toString(16).padStart(64, '0');
    fake.containers.set(id, { id });
  }
  const held: (() => void)[] = [];
  const release = (): void => {
    for (const answer of held.splice(0)) answer();
  };
  fake.override = (path, response) => {
    if (!/^\/containers\/.+\/json$/.test(path)) return false;
    held.push(() => json(response, { message: 'No such container' }, 404));
    most = Math.max(most, held.length);
    // Nobody is answered as long as another one may still come: not before there are eight, or a ninth has had time to come.
    if (held.length >= 8) setTimeout(release, 20);
    return true;
  };
  const rest = setInterval(release, 500);
  t.after(() => clearInterval(rest));
  await viewOf(t, await standIn(fake.handler));
  t.equal(most, 8);
});

t.test('a body that never ends is cut off', async (t) => {
  let sent = 0;
  const stand = await standIn((_request, response) => {
    const more = (error?: Error | null): void => {
      // Node 24.22 calls back with an error for ever once the client is gone, and the response is not destroyed.
      if (error instanceof Error || response.destroyed || response.socket?.destroyed !== false) return;
      sent += 65536;
      response.write(Buffer.alloc(65536, 0x20), more);
    };
    more();
  });
  assertOneGap(await viewOf(t, stand), 'MALFORMED', /longer than 1048576 bytes/);
  t.ok(sent < 16 * 1024 * 1024, `${sent} bytes were taken`);
});

t.test('a body that drips is cut off by the time limit', async (t) => {
  const stand = await standIn((_request, response) => {
    const timer = setInterval(() => response.write(' '), 5);
    response.on('close', () => clearInterval(timer));
  });
  assertOneGap(await viewOf(t, stand), 'TIMED_OUT', /within 600 ms/);
});

t.test('a header of 10 MB is refused', async (t) => {
  const stand = await rawStandIn((socket) => socket.write(`HTTP/1.1 200 OK\r\nX: ${'x'.repeat(10_000_000)}\r\n\r\n{}`));
  assertOneGap(await viewOf(t, stand), 'MALFORMED', /header is longer than/);
});

t.test('something that does not speak HTTP is a gap', async (t) => {
  const stand = await rawStandIn((socket) => socket.end('SSH-2.0-OpenSSH_9.2\r\n'));
  assertOneGap(await viewOf(t, stand), 'MALFORMED', /does not speak HTTP/);
});

t.test('an answer that ends in the middle is a gap', async (t) => {
  const stand = await rawStandIn((socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{"ApiVersion":"1.4'));
  assertOneGap(await viewOf(t, stand), 'FAILED', /connection (ended|broke)/);
});

t.test('a connection that is closed at once is a gap', async (t) => {
  const stand = await rawStandIn((socket) => socket.destroy());
  assertOneGap(await viewOf(t, stand), 'FAILED', /connection (ended|broke)/);
});

t.test('an HTML page is a gap', async (t) => {
  const stand = await standIn((_request, response) => response.end('<html><body>Welcome to nginx</body></html>'));
  assertOneGap(await viewOf(t, stand), 'MALFORMED', /not JSON/);
});

t.test('JSON that is not an engine’s is a gap', async (t) => {
  const stand = await standIn((_request, response) => json(response, ['hello']));
  assertOneGap(await viewOf(t, stand), 'MALFORMED', /has no API version/);
});

t.test('truncated JSON of one container is the gap of that container', async (t) => {
  const fake = new FakeEngine();
  const other = 'd'.repeat(64);
  fake.containers.set(CONTAINER, { id: CONTAINER });
  fake.containers.set(other, { id: other });
  fake.override = (path, response) => {
    if (path !== `/containers/${CONTAINER}/json`) return false;
    response.end('{"Id":"c0ffee');
    return true;
  };
  const view = await viewOf(t, await standIn(fake.handler));
  t.strictSame(
    view.containers.map(({ owner }) => owner.containerId),
    [other],
  );
  assertOneGap(view, 'MALFORMED', /^container c0ffeec0ffee: .*not JSON/);
});

t.test('the engine’s own words are told, without what could move a cursor', async (t) => {
  const stand = await standIn((_request, response) => json(response, { message: '\u001b[2Jdaemon is shutting down' }, 503));
  const view = await viewOf(t, stand);
  assertOneGap(view, 'FAILED', /status 503 \(\\u\{1b\}\[2Jdaemon is shutting down\)/);
});

t.test('a list of networks that fails leaves the containers, and their networks are asked for one by one', async (t) => {
  const fake = new FakeEngine();
  fake.networks.set('n1', { Id: 'n1', Name: 'front', Driver: 'overlay' });
  fake.containers.set(CONTAINER, { id: CONTAINER, mode: 'front', networks: { front: { NetworkID: 'n1' } } });
  fake.override = (path, response) => {
    if (path !== '/networks') return false;
    json(response, { message: 'boom' }, 500);
    return true;
  };
  const view = await viewOf(t, await standIn(fake.handler));
  t.equal(view.containers[0]?.owner.networkMode, 'overlay');
  assertOneGap(view, 'FAILED', /networks with status 500 \(boom\)/);
});

t.test('a container that is gone between the list and the question is no gap', async (t) => {
  const fake = new FakeEngine();
  fake.containers.set(CONTAINER, { id: CONTAINER });
  fake.override = (path) => {
    if (path === `/containers/${CONTAINER}/json`) fake.containers.delete(CONTAINER);
    return false;
  };
  const view = await viewOf(t, await standIn(fake.handler));
  t.strictSame([view.containers, view.gaps], [[], []]);
});

t.test('a socket that does not exist is a gap when it was named and nothing when it was not', async (t) => {
  const socket = join(tmpdir(), `nsatlas-absent-${process.pid}.sock`);
  const named = await createEngines({ sockets: [socket], explicit: true }).view();
  assertOneGap(named, 'FAILED', /no such socket/);
  t.equal(named.gaps[0]?.errno, 'ENOENT');
  t.equal(named.gaps[0]?.engine, socket);
  t.strictSame(await createEngines({ sockets: [socket], explicit: false }).view(), {
    engines: [],
    networks: [],
    containers: [],
    gaps: [],
  });
});

t.test('a plain file, a directory and a path that is too long are gaps', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'nsatlas-plain-'));
  t.after(() => rmSync(directory, { recursive: true }));
  const file = join(directory, 'docker.sock');
  writeFileSync(file, '');
  const view = await createEngines({ sockets: [file, directory, `/${'x'.repeat(300)}`, 'a\0b'], explicit: true }).view();
  t.equal(view.gaps.length, 4);
  for (const gap of view.gaps) t.equal(gap.status, 'FAILED');
});

t.test('after a view nothing stays open', async (t) => {
  const fake = new FakeEngine();
  fake.containers.set(CONTAINER, { id: CONTAINER });
  const stand = await standIn(fake.handler);
  await viewOf(t, stand);
  await new Promise((resolve) => setTimeout(resolve, 20));
  t.equal(stand.connections.size, 0);
  t.ok(!fake.asked.includes('/events'));
});

t.test('closing ends a view that is on its way', async (t) => {
  const stand = await rawStandIn(() => undefined);
  t.after(() => stand.close());
  const engines = createEngines({ sockets: [stand.socket], explicit: true, timeLimitMs: 60_000 });
  const view = engines.view();
  setTimeout(() => engines.close(), 20);
  assertOneGap(await view, 'FAILED', /closed/);
});
