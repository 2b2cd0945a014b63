import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join as joinPath } from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import { decodeAddress } from '../../../src/tables/addresses.js';
import { DumpDecoder } from '../../support/dump.js';
import { decodeLink } from '../../../src/tables/links/link.js';
import { decodeFdb } from '../../../src/tables/fdb.js';
import { decodeNeighbor } from '../../../src/tables/neighbors.js';
import { decodeNsid } from '../../../src/tables/shared/nsid.js';
import type { Decoded } from '../../../src/tables/shared/result.js';
import { decodeRoute } from '../../../src/tables/routes.js';
import { DecodeError } from '../../../src/netlink/error.js';
import { MessageReader, readDone, readError } from '../../../src/netlink/messages.js';
import * as uapi from '../../../src/netlink/uapi.js';
import { captures, FIXTURES, plain, readDatagrams, viewOf } from '../../support/fixture.js';
import { attribute, ifinfomsg, join, message, text } from '../../support/message-builder.js';

const SEED = 20261121;

// Some 100,000 errors are made below, and nobody looks at where.
Error.stackTraceLimit = 0;

/** One captured message: which decoder it is for, and its payload. */
interface Sample {
  readonly name: string;
  readonly type: number;
  readonly payload: Uint8Array;
}

/** Every message of the committed corpus. Links with counters are only longer: one of them does. */
function corpus(): Sample[] {
  const samples: Sample[] = [];
  let seenWithCounters = 0;
  for (const { scenario, name } of captures()) {
    for (const datagram of readDatagrams(scenario, name)) {
      const messages = new MessageReader(viewOf(datagram), 0, datagram.length);
      while (messages.next()) {
        if (name === 'links' && seenWithCounters++ > 0) continue;
        samples.push({
          name: `${scenario}/${name}`,
          type: messages.type,
          payload: datagram.slice(messages.offset, messages.end),
        });
      }
    }
  }
  return [...samples, ...kindSamples()];
}

/** The IFLA_LINKINFO of every kind's fixtures, in a link of its own. */
function kindSamples(): Sample[] {
  const folder = joinPath(FIXTURES, 'kinds');
  return readdirSync(folder).flatMap((kind) =>
    readdirSync(joinPath(folder, kind))
      .filter((file) => file.endsWith('.bin'))
      .map((file): Sample => {
        const info = new Uint8Array(readFileSync(joinPath(folder, kind, file)));
        const payload = join(ifinfomsg(9), attribute(uapi.IFLA_LINKINFO, info), attribute(uapi.IFLA_IFNAME, text('x')));
        return { name: `kinds/${kind}/${file}`, type: uapi.RTM_NEWLINK, payload };
      }),
  );
}

function decode(type: number, view: DataView, start: number, end: number): Decoded<unknown> {
  switch (type) {
    case uapi.RTM_NEWLINK:
      return decodeLink(view, start, end);
    case uapi.RTM_NEWADDR:
      return decodeAddress(view, start, end);
    case uapi.RTM_NEWNEIGH:
      return end > start && view.getUint8(start) === uapi.AF_BRIDGE
        ? decodeFdb(view, start, end)
        : decodeNeighbor(view, start, end);
    case uapi.RTM_NEWROUTE:
      return decodeRoute(view, start, end);
    case uapi.RTM_NEWNSID:
      return decodeNsid(view, start, end);
    default:
      return decodeControl(type, view, start, end);
  }
}

function decodeControl(type: number, view: DataView, start: number, end: number): Decoded<unknown> {
  const bytes = message(type, new Uint8Array(view.buffer, view.byteOffset + start, end - start).slice(), {
    flags: uapi.NLM_F_ACK_TLVS,
  });
  const messages = new MessageReader(viewOf(bytes), 0, bytes.length);
  messages.next();
  return type === uapi.NLMSG_ERROR ? readError(messages) : readDone(messages);
}

/**
 * What surrounds a message. A decoder that reads outside of it gets different bytes from each: nothing, nonsense, and
 * attributes that would be taken for real (IFLA_IFNAME, IFLA_MTU and others of 4 bytes).
 */
const POISONS: readonly ((at: number) => number)[] = [
  () => 0,
  () => 0xff,
  (at) => [8, 0, 3, 0, 0x41, 0x42, 0x43, 0][at % 8] as number,
  (at) => [8, 0, 1, 0, 10, 0, 0, 1][(at + 4) % 8] as number,
];
const GUARD = 64;
const LONGEST = 4096;
const ARENAS = POISONS.map((poison) => Uint8Array.from({ length: GUARD + LONGEST + GUARD }, (_, at) => poison(at)));

/** The result as text, from a message in the middle of each poison; they have to be the same. */
function decodeGuarded(type: number, payload: Uint8Array): string {
  assert.ok(payload.length <= LONGEST);
  let first: string | undefined;
  for (const [at, arena] of ARENAS.entries()) {
    const clean = arena.slice(GUARD, GUARD + payload.length);
    arena.set(payload, GUARD);
    const result = show(decode(type, viewOf(arena), GUARD, GUARD + payload.length));
    arena.set(clean, GUARD);
    first ??= result;
    if (result !== first) assert.equal(result, first, `the result depends on bytes outside of the message (poison ${at})`);
  }
  return first ?? '';
}

function show(result: unknown): string {
  if (result instanceof DecodeError) return `error: ${result.message}`;
  assert.ok(typeof result === 'object' && result !== null);
  return JSON.stringify(result, (_key, value: unknown) => (typeof value === 'bigint' ? String(value) : value));
}

/** Numbers in place of others: places and what to write there. */
const corruption = fc.array(fc.tuple(fc.nat(), fc.oneof(fc.constantFrom(0, 1, 3, 4, 5, 8, 0x7f, 0x80, 0xff), fc.nat(0xff))), {
  minLength: 1,
  maxLength: 6,
});

function corrupt(bytes: Uint8Array, changes: readonly (readonly [number, number])[], from = 0): Uint8Array {
  const copy = bytes.slice();
  for (const [at, value] of changes) if (copy.length > from) copy[from + (at % (copy.length - from))] = value;
  return copy;
}

t.test('decoders', async (t) => {
  const samples = corpus();

  t.test('have a corpus of every kind of message', async (t) => {
    const types = new Set(samples.map(({ type }) => type));
    const wanted = [
      uapi.RTM_NEWLINK,
      uapi.RTM_NEWADDR,
      uapi.RTM_NEWNEIGH,
      uapi.RTM_NEWROUTE,
      uapi.RTM_NEWNSID,
      uapi.NLMSG_ERROR,
      uapi.NLMSG_DONE,
    ];
    for (const type of wanted) t.ok(types.has(type), `type ${type}`);
    t.ok(samples.length > 150, `${samples.length} messages`);
  });

  t.test('decode every whole message to the same record whatever surrounds it', async (t) => {
    for (const { name, type, payload } of samples) {
      t.notMatch(decodeGuarded(type, payload), /^error/, name);
    }
  });

  t.test('survive truncation at every offset of every message, without a look at what follows', async () => {
    for (const { type, payload } of samples) {
      for (let length = 0; length < payload.length; length++) decodeGuarded(type, payload.subarray(0, length));
    }
  });

  t.test('survive corruption of any bytes, without a look at what surrounds them', async () => {
    const property = fc.property(fc.nat(samples.length - 1), corruption, (which, changes) => {
      const { type, payload } = samples[which] as Sample;
      decodeGuarded(type, corrupt(payload, changes));
    });
    fc.assert(property, { numRuns: 3000, seed: SEED });
  });

  t.test('survive bytes that never were a message', async () => {
    const types = [...new Set(samples.map(({ type }) => type))];
    const property = fc.property(fc.constantFrom(...types), fc.uint8Array({ maxLength: 200 }), (type, bytes) => {
      decodeGuarded(type, bytes);
    });
    fc.assert(property, { numRuns: 2000, seed: SEED });
  });
});

t.test('DumpDecoder', async (t) => {
  const dumps = captures().map(({ scenario, name }) => readDatagrams(scenario, name));

  function decodeDump(datagram: Uint8Array): DumpDecoder {
    const bytes = join(new Uint8Array(GUARD).fill(0xff), datagram, new Uint8Array(GUARD).fill(0xff));
    const decoder = new DumpDecoder('RTM_TEST');
    decoder.datagram(viewOf(bytes), GUARD, GUARD + datagram.length);
    return decoder;
  }

  t.test('survives corruption anywhere in a datagram, lengths of messages included', async () => {
    const property = fc.property(fc.nat(dumps.length - 1), fc.nat(), corruption, (which, at, changes) => {
      const datagrams = dumps[which] as Uint8Array[];
      plain(decodeDump(corrupt(datagrams[at % datagrams.length] as Uint8Array, changes)));
    });
    fc.assert(property, { numRuns: 2000, seed: SEED });
  });

  t.test('survives a datagram that ends anywhere', async () => {
    for (const [datagram] of dumps) {
      for (let length = 0; length < (datagram?.length ?? 0); length += 7)
        plain(decodeDump((datagram as Uint8Array).subarray(0, length)));
    }
  });

  t.test('makes one malformed link one error, and keeps its neighbours as they are', async (t) => {
    const datagram = readDatagrams('links', 'links-skip-stats')[0] as Uint8Array;
    const whole = decodeDump(datagram);
    const messages = new MessageReader(viewOf(datagram), 0, datagram.length);
    for (let at = 0; messages.next(); at++) {
      if (messages.type !== uapi.RTM_NEWLINK) continue;
      const copy = datagram.slice();
      // The length of the first attribute: more than there is.
      viewOf(copy).setUint16(messages.offset + uapi.SIZEOF_IFINFOMSG, 0xffff, true);
      const decoder = decodeDump(copy);
      t.strictSame(decoder.links, whole.links.toSpliced(at, 1));
      t.strictSame(
        decoder.errors.map((error) => error.detail.ifindex),
        [whole.links[at]?.ifindex],
      );
      t.match(decoder.errors[0]?.message ?? '', /^RTM_NEWLINK at byte/);
    }
  });

  t.test('does not let a corrupted message change what the others decode to', async () => {
    const datagram = readDatagrams('fdb', 'fdb')[0] as Uint8Array;
    const whole = decodeDump(datagram).fdb;
    const property = fc.property(corruption, fc.nat(whole.length - 1), (changes, victim) => {
      const messages = new MessageReader(viewOf(datagram), 0, datagram.length);
      for (let at = 0; at <= victim; at++) messages.next();
      const copy = datagram.slice();
      copy.set(corrupt(datagram.slice(messages.offset, messages.end), changes, 4), messages.offset);
      const decoder = decodeDump(copy);
      const others = decoder.fdb.length === whole.length ? decoder.fdb.toSpliced(victim, 1) : decoder.fdb;
      assert.deepEqual(others, whole.toSpliced(victim, 1));
      assert.equal(decoder.fdb.length + decoder.errors.length, whole.length);
    });
    fc.assert(property, { numRuns: 300, seed: SEED });
  });
});
