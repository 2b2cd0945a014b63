import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingHttpHeaders } from 'node:http2';
import { setTimeout as delay } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { makeCertificates } from '../support/certificates.js';
import { eventually } from '../support/hygiene.js';
import { holdSession } from './agent-rig.js';
import {
  attack,
  type Attacker,
  callFields,
  FLAG,
  FRAME,
  fields,
  frame,
  HELLO,
  PREFACE,
  startVictim,
  type Victim,
} from './rpc-limits-rig.js';
import { clientOf } from './tls-rig.js';

t.setTimeout(0);

const MIB = 1024 * 1024;
const LIST = '/nsatlas.v1.Agent/ListNetns';

/** Attacks, with an honest client that asks all the while, and a look at what it has cost. */
async function survive(t: Test, victim: Victim, assault: () => Promise<void>, { limitMiB = 100 } = {}): Promise<string[]> {
  const client = clientOf(t, victim.address);
  await client.list('netns', {});
  const before = await victim.report();
  const state = { over: false, peak: 0, answers: 0 };
  const honest = async (): Promise<void> => {
    while (!state.over) {
      assert.equal((await client.list('netns', {})).items.length, 1);
      state.answers += 1;
      state.peak = Math.max(state.peak, (await victim.report()).rss);
      await delay(50);
    }
  };
  await Promise.all([assault().finally(() => (state.over = true)), honest()]);
  assert.ok(state.answers > 0);
  const grown = (state.peak - before.rss) / MIB;
  t.comment(`${state.answers} answers meanwhile, ${grown.toFixed(1)} MiB more at the peak`);
  assert.ok(grown < limitMiB, `${grown.toFixed(1)} MiB`);
  // Whoever comes now is served, too.
  await clientOf(t, victim.address).list('netns', {});
  const { log } = await victim.report();
  return [...log];
}

async function within<Value>(what: string, promise: Promise<Value>, limitMs = 20_000): Promise<Value> {
  const late = delay(limitMs, undefined, { ref: false }).then(() => assert.fail(`${what}: not within ${limitMs} ms`));
  return Promise.race([promise, late]);
}

t.test('garbage, HTTP/1.1 and TLS where HTTP/2 is spoken end the connection', async (t) => {
  const victim = await startVictim(t);
  const log = await survive(t, victim, async () => {
    for (const bytes of [
      randomBytes(65536),
      Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n'),
      Buffer.from([22, 3, 1, 2, 0, 1]),
    ]) {
      const attackers = await Promise.all(Array.from({ length: 20 }, () => attack(t, victim.address)));
      for (const attacker of attackers) await attacker.send(bytes);
      await within('ended', Promise.all(attackers.map(({ ended }) => ended)));
    }
  });
  const lines = log.filter((line) => line.includes('is not HTTP/2'));
  t.ok(lines.length > 0 && lines.length <= 10, `${lines.length} lines`);
});

for (const [what, bytes] of [
  ['nothing', Buffer.alloc(0)],
  ['half a preface', PREFACE.subarray(0, 12)],
  ['a preface and half a frame', HELLO.subarray(0, HELLO.length - 3)],
] as const) {
  t.test(`a connection that sends ${what} and then is silent is ended in time`, async (t) => {
    const victim = await startVictim(t, { handshakeLimitMs: 500 });
    const log = await survive(t, victim, async () => {
      const attacker = await attack(t, victim.address);
      await attacker.send(bytes);
      await within('ended', attacker.ended);
    });
    t.ok(log.some((line) => line.includes('did not begin to speak HTTP/2 in time')));
  });
}

t.test('a message that says it has 1 GB is refused before it is taken', async (t) => {
  const victim = await startVictim(t);
  await survive(t, victim, async () => {
    const session = holdSession(t, victim.address);
    const stream = session.request({ ':method': 'POST', ':path': LIST, 'content-type': 'application/grpc', te: 'trailers' });
    stream.on('error', () => undefined);
    const answer = new Promise<unknown>((resolve) => {
      const told = (headers: IncomingHttpHeaders): void => {
        if (headers['grpc-status'] !== undefined) resolve(headers['grpc-status']);
      };
      stream.once('response', told);
      stream.once('trailers', told);
      stream.once('close', () => resolve(stream.rstCode));
    });
    stream.resume();
    const head = Buffer.from([0, 0x40, 0, 0, 0]);
    stream.write(Buffer.concat([head, Buffer.alloc(65536)]));
    // 8 is RESOURCE_EXHAUSTED.
    assert.equal(await within('answer', answer), '8');
  });
});

t.test('10,000 streams on one connection: those above the limit are refused', async (t) => {
  const victim = await startVictim(t);
  await survive(t, victim, async () => {
    const attacker = await attack(t, victim.address);
    const refused = new Set<number>();
    let ended = false;
    attacker.socket.on('data', (chunk: Buffer) => {
      // Frames are not cut in two often enough to matter here.
      for (let at = 0; at + 9 <= chunk.length; at += 9 + chunk.readUIntBE(at, 3))
        if (chunk[at + 3] === FRAME.RST_STREAM) refused.add(chunk.readUInt32BE(at + 5));
    });
    void attacker.ended.then(() => (ended = true));
    await attacker.send(HELLO);
    const block = callFields(LIST);
    for (let stream = 1; stream < 20_000; stream += 2)
      if (!(await attacker.send(frame(FRAME.HEADERS, FLAG.END_HEADERS, stream, block)))) break;
    await eventually('refused', () => ended || refused.size > 1000);
  });
});

t.test('requests that are never finished, on many connections, are bounded in number', async (t) => {
  const victim = await startVictim(t, { maxConnections: 64 });
  const log = await survive(
    t,
    victim,
    async () => {
      const block = callFields(LIST);
      // A message of 200 KiB, but for its end.
      const part = Buffer.concat([Buffer.from([0, 0, 3, 0x20, 0]), Buffer.alloc(16_000)]);
      const attackers = await Promise.all(Array.from({ length: 40 }, () => attack(t, victim.address)));
      for (const attacker of attackers) {
        await attacker.send(HELLO);
        for (let stream = 1; stream < 512; stream += 2) {
          await attacker.send(frame(FRAME.HEADERS, FLAG.END_HEADERS, stream, block));
          await attacker.send(frame(FRAME.DATA, FLAG.NONE, stream, part));
        }
      }
      await delay(1000);
    },
    { limitMiB: 300 },
  );
  t.ok(log.some((line) => line.includes('too many calls')));
});

t.test('a request that is not finished in time ends its call, and no other', async (t) => {
  const victim = await startVictim(t, { stallLimitMs: 500 });
  const log = await survive(t, victim, async () => {
    const session = holdSession(t, victim.address);
    const call = (path: string) => {
      const stream = session.request({ ':method': 'POST', ':path': path, 'content-type': 'application/grpc', te: 'trailers' });
      stream.on('error', () => undefined);
      return stream.resume();
    };
    const whole = call('/grpc.health.v1.Health/Watch').end(Buffer.alloc(5));
    const half = call(LIST);
    half.write(Buffer.from([0, 0]));
    await within('ended', once(half, 'close'));
    await delay(1000);
    assert.equal(whole.closed, false);
  });
  t.ok(log.some((line) => line.includes('did not finish a request in time')));
});

t.test('streams that are opened and reset at once, 200,000 of them, end the connection', async (t) => {
  const victim = await startVictim(t);
  const log = await survive(t, victim, async () => {
    const attacker = await attack(t, victim.address);
    await attacker.send(HELLO);
    const block = callFields(LIST);
    const cancel = Buffer.from([0, 0, 0, 8]);
    for (let stream = 1; stream < 400_000; stream += 200) {
      const burst = Array.from({ length: 100 }, (_, at) => [
        frame(FRAME.HEADERS, FLAG.END_HEADERS, stream + 2 * at, block),
        frame(FRAME.RST_STREAM, FLAG.NONE, stream + 2 * at, cancel),
      ]);
      if (!(await attacker.send(Buffer.concat(burst.flat())))) break;
    }
    await within('ended', attacker.ended);
  });
  t.ok(log.some((line) => line.includes('cancelled too many calls')));
});

t.test('headers without end, in one block or in many, are refused', async (t) => {
  const victim = await startVictim(t);
  await survive(t, victim, async () => {
    const line = fields(['x-filler', 'x'.repeat(100)]);
    const block = Buffer.concat(Array.from({ length: 140 }, () => line));
    const endless = await attack(t, victim.address);
    await endless.send(HELLO);
    await endless.send(frame(FRAME.HEADERS, FLAG.NONE, 1, callFields(LIST)));
    for (let at = 0; at < 6000; at++) if (!(await endless.send(frame(FRAME.CONTINUATION, FLAG.NONE, 1, block)))) break;
    await within('ended', endless.ended);
    const large = await attack(t, victim.address);
    await large.send(HELLO);
    let stream = 1;
    for (; stream < 4000; stream += 2) {
      const head = frame(FRAME.HEADERS, FLAG.NONE, stream, callFields(LIST));
      const more = Array.from({ length: 6 }, () => frame(FRAME.CONTINUATION, FLAG.NONE, stream, block));
      const last = frame(FRAME.CONTINUATION, FLAG.END_HEADERS, stream, block);
      if (!(await large.send(Buffer.concat([head, ...more, last])))) break;
    }
  });
});

t.test('a flood of PING and of SETTINGS that asks for answers and takes none is bounded', async (t) => {
  const victim = await startVictim(t);
  await survive(t, victim, async () => {
    const attacker = await attack(t, victim.address);
    attacker.socket.pause();
    await attacker.send(HELLO);
    const ping = frame(FRAME.PING, FLAG.NONE, 0, Buffer.alloc(8));
    const settings = frame(FRAME.SETTINGS, FLAG.NONE, 0);
    const burst = Buffer.concat(Array.from({ length: 1000 }, () => [ping, settings]).flat());
    const begun = performance.now();
    while (performance.now() - begun < 3000 && (await attacker.send(burst)));
  });
});

t.test('connections that say nothing take a quarter of the places, and make way for who comes', async (t) => {
  const victim = await startVictim(t, { maxConnections: 40 });
  const log = await survive(t, victim, async () => {
    const attackers: Attacker[] = [];
    for (let at = 0; at < 300; at++) attackers.push(await attack(t, victim.address));
    await eventually('most were ended', () => attackers.filter(({ socket }) => socket.destroyed).length >= 285);
    assert.equal((await clientOf(t, victim.address).list('netns', {})).items.length, 1);
  });
  t.ok(log.some((line) => line.includes('too many connections in their handshakes')));
});

t.test('connections that speak HTTP/2 and ask for nothing make way for who has something to ask', async (t) => {
  const victim = await startVictim(t, { maxConnections: 40 });
  const log = await survive(t, victim, async () => {
    for (let at = 0; at < 200; at++) await (await attack(t, victim.address)).send(HELLO);
    assert.equal((await clientOf(t, victim.address).list('netns', {})).items.length, 1);
  });
  t.ok(log.some((line) => line.includes('the oldest without a call was ended')));
});

t.test('TLS handshakes that are slow are ended in time, and hinder nobody', async (t) => {
  const certificates = makeCertificates(t);
  const victim = await startVictim(t, { tls: certificates.server, handshakeLimitMs: 1000 });
  const client = clientOf(t, victim.address, certificates.client);
  const attackers = await Promise.all(Array.from({ length: 60 }, () => attack(t, victim.address)));
  // The beginning of a ClientHello, a byte at a time.
  const hello = Buffer.from([22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3]);
  const slowly = async (): Promise<void> => {
    for (const byte of hello) {
      for (const { socket } of attackers) if (!socket.destroyed) socket.write(Uint8Array.of(byte));
      await delay(200);
    }
  };
  const begun = slowly();
  t.equal((await client.list('netns', {})).items.length, 1);
  await within('ended', Promise.all(attackers.map(({ ended }) => ended)));
  await begun;
  t.equal((await clientOf(t, victim.address, certificates.client).list('netns', {})).items.length, 1);
});
