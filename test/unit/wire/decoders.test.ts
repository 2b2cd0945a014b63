import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decode, decodeFast, decodeSlow, encode } from '../../../src/wire/codec.js';
import { WireError } from '../../../src/wire/error.js';
import type { MessageName } from '../../../src/wire/messages.js';
import { MAXIMAL } from './maximal.js';

const names = Object.keys(MAXIMAL) as MessageName[];
const nameOf = fc.constantFrom(...names);

/** What a decoder makes of bytes; a message of what it throws. */
function outcome(name: MessageName, bytes: Uint8Array): unknown {
  try {
    return decodeSlow(name, bytes);
  } catch (cause) {
    assert.ok(cause instanceof WireError, String(cause));
    return cause;
  }
}

/** The generated decoder may give up on anything; what it does not give up on has to be what protobufjs makes of it. */
function agree(name: MessageName, bytes: Uint8Array): boolean {
  const fast = decodeFast(name, bytes);
  if (fast === undefined) return false;
  assert.deepStrictEqual(fast, outcome(name, bytes));
  return true;
}

for (const name of names) {
  test(`the decoder of ${name} reads what encoders write, each field in its place`, () => {
    for (const bytes of [encode(name, MAXIMAL[name]), Buffer.from(encode(name, MAXIMAL[name]))]) {
      const fast = decodeFast(name, bytes);
      assert.deepStrictEqual(fast, MAXIMAL[name]);
      assert.deepEqual(Object.keys(fast), Object.keys(decodeSlow(name, bytes)));
    }
  });
}

test('bytes that were cut, changed, put in or told twice are read as protobufjs reads them, or not at all', () => {
  let read = 0;
  const change = fc.record({
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    what: fc.constantFrom('cut', 'set', 'flip', 'insert', 'twice'),
    bytes: fc.uint8Array({ minLength: 1, maxLength: 12 }),
  });
  fc.assert(
    fc.property(nameOf, fc.array(change, { minLength: 1, maxLength: 3 }), (name, changes) => {
      let bytes = Buffer.from(encode(name, MAXIMAL[name]));
      for (const { at, what, bytes: some } of changes) {
        const place = Math.floor(at * bytes.length);
        const [before, after] = [bytes.subarray(0, place), bytes.subarray(place)];
        if (what === 'cut') bytes = before;
        else if (what === 'twice') bytes = Buffer.concat([bytes, bytes]);
        else if (what === 'insert') bytes = Buffer.concat([before, some, after]);
        else {
          bytes = Buffer.from(bytes);
          for (const [index, byte] of some.entries())
            if (place + index < bytes.length)
              bytes[place + index] = what === 'set' ? byte : (bytes[place + index] ?? 0) ^ (1 << (byte & 7));
        }
      }
      if (agree(name, bytes)) read++;
    }),
    { numRuns: 3000 },
  );
  assert.ok(read > 100, `${read} of them were read`);
});

test('a handful of random bytes is read as protobufjs reads it, or not at all', () => {
  let read = 0;
  const piece = fc.oneof(
    fc.uint8Array({ maxLength: 6 }),
    // A tag of a low field number, and something that may be its value.
    fc
      .tuple(fc.integer({ min: 1, max: 40 }), fc.constantFrom(0, 1, 2, 5), fc.uint8Array({ maxLength: 9 }))
      .map(([number, type, bytes]) =>
        Uint8Array.of(
          ...(number < 16 ? [number * 8 + type] : [((number * 8 + type) & 0x7f) | 0x80, (number * 8 + type) >> 7]),
          ...(type === 2 ? [bytes.length] : []),
          ...bytes,
        ),
      ),
  );
  fc.assert(
    fc.property(nameOf, fc.array(piece, { maxLength: 4 }), (name, pieces) => {
      if (agree(name, Buffer.concat(pieces))) read++;
    }),
    { numRuns: 5000 },
  );
  assert.ok(read > 100, `${read} of them were read`);
});

test('fields of later releases do not make the decoder give up', () => {
  const name = 'nsatlas.v1.WatchResponse';
  // Field 1000: a varint, eight bytes, a text, four bytes.
  const later = Buffer.from('c03e8101c13e0102030405060708c23e0141c53e01020304', 'hex');
  const bytes = Buffer.concat([later, encode(name, MAXIMAL[name]), later]);
  assert.deepStrictEqual(decodeFast(name, bytes), MAXIMAL[name]);
});

test('texts that share a hash, or differ in their last byte alone, are told apart', () => {
  const name = 'nsatlas.v1.GetSnapshotRequest';
  const texts = Array.from({ length: 30_000 }, (_, at) => `name-${at}`);
  for (let round = 0; round < 2; round++) {
    for (let at = 0; at < texts.length; at += 1000) {
      const selector = { ...MAXIMAL[name].selector, networks: texts.slice(at, at + 1000) };
      assert.deepStrictEqual(
        decode(name, encode(name, { ...MAXIMAL[name], tables: [], selector })).selector?.networks,
        selector.networks,
      );
    }
  }
});

test('what is not UTF-8 is refused, a byte order mark is kept, and other scripts are read', () => {
  const name = 'nsatlas.v1.WatchResponse';
  const cursor = { epoch: 'e', revision: 1n };
  for (const reason of ['\u{feff}mark', 'a\u{feff}', 'Grüße, 世界 \u{1f980}', `${'x'.repeat(60)}é`, '\u0000'])
    assert.deepStrictEqual(decodeFast(name, encode(name, { cursor, restart: { reason } })), { cursor, restart: { reason } });
  for (const bad of ['c3', 'eda080', 'f8888080', '61ff', `${'61'.repeat(60)}ff`]) {
    const text = Buffer.from(bad, 'hex');
    const restart = Buffer.from([0x0a, text.length, ...text]);
    const bytes = Buffer.from([0x0a, 0x00, 0x12, restart.length, ...restart]);
    assert.equal(decodeFast(name, bytes), undefined);
    assert.throws(() => decode(name, bytes), { name: 'WireError', code: 'ERR_NSATLAS_WIRE' });
  }
});
