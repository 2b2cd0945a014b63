import assert from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import { decode, encode } from '../../../src/wire/codec.js';
import { WireError } from '../../../src/wire/error.js';
import type { MessageName } from '../../../src/wire/messages.js';
import { fieldsOf } from '../../../src/wire/schema.js';
import { MAXIMAL } from './maximal.js';
import { referenceDecode } from './reference.js';
import { exactly } from '../../support/exactly.js';

const names = Object.keys(MAXIMAL) as MessageName[];
/** Of messages without fields protobufjs 8.8.1 reads tags wrongly (its generated decoder does not shift them), so it says nothing about those. */
const nameOf = fc.constantFrom(...names.filter((name) => fieldsOf(name).length > 0));

/** What a decoder makes of bytes; undefined when it refuses them, which it may only do with a WireError. */
function outcome(read: () => unknown): unknown {
  try {
    return read();
  } catch (cause) {
    assert.ok(cause instanceof WireError, String(cause));
    assert.ok(cause.reason.length > 0 && !cause.reason.startsWith(cause.path === '' ? ':' : cause.path), cause.message);
    return undefined;
  }
}

/** Whether both read the bytes. They have to make the same of them, or both refuse them. */
function agree(name: MessageName, bytes: Uint8Array): boolean {
  const read = outcome(() => decode(name, bytes));
  assert.deepStrictEqual(
    read,
    outcome(() => referenceDecode(name, bytes)),
    Buffer.from(bytes).toString('hex'),
  );
  return read !== undefined;
}

for (const name of names) {
  t.test(`the decoder of ${name} reads what encoders write, each field in its place`, async (t) => {
    for (const bytes of [Uint8Array.from(encode(name, MAXIMAL[name])), encode(name, MAXIMAL[name])]) {
      const read = decode(name, bytes);
      t.strictSame(read, MAXIMAL[name]);
      t.strictSame(Object.keys(read), Object.keys(referenceDecode(name, bytes)));
    }
  });
}

t.test('a message in two pieces is refused when the first is cut, whatever the second would make of it', async (t) => {
  // WatchRequest.after: a fixed32 that lacks two bytes, and a Cursor whose first field has just two.
  const cut = [0x1a, 3, 0x65, 1, 2];
  const cursor = [0x1a, 8, 0x10, 5, 0x0a, 4, 0x65, 0x36, 0x66, 0x31];
  const whole = [0x1a, 5, 0x65, 1, 2, 3, 4];
  t.equal(agree('nsatlas.v1.WatchRequest', Uint8Array.from([...cut, ...cursor])), false);
  t.equal(agree('nsatlas.v1.WatchRequest', Uint8Array.from([...whole, ...cursor])), true);
});

t.test('bytes that were cut, changed, put in or doubled are read as protobufjs reads them, or refused by both', async (t) => {
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
  t.ok(read > 100, `${read} of them were read`);
});

t.test('a handful of random bytes is read as protobufjs reads it, or refused by both', async (t) => {
  let read = 0;
  const piece = fc.oneof(
    fc.uint8Array({ maxLength: 6 }),
    // A tag of a low field number, and something that may be its value.
    fc
      .tuple(fc.integer({ min: 1, max: 40 }), fc.constantFrom(0, 1, 2, 3, 4, 5), fc.uint8Array({ maxLength: 9 }))
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
  t.ok(read > 100, `${read} of them were read`);
});

t.test('fields of later releases are ignored', async (t) => {
  const name = 'nsatlas.v1.WatchResponse';
  // Field 1000: a varint, eight bytes, a text, four bytes.
  const later = Buffer.from('c03e8101c13e0102030405060708c23e0141c53e01020304', 'hex');
  const bytes = Buffer.concat([later, encode(name, MAXIMAL[name]), later]);
  t.strictSame(decode(name, bytes), MAXIMAL[name]);
});

/** A field with a length. */
function delimited(number: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  const length: number[] = [];
  for (let rest = content.length; ; rest >>>= 7) {
    length.push(rest > 0x7f ? (rest & 0x7f) | 0x80 : rest);
    if (rest <= 0x7f) break;
  }
  return Buffer.concat([Buffer.from([number * 8 + 2, ...length]), content]);
}

t.test('a message that comes in pieces is one message, at every depth', async (t) => {
  const name = 'nsatlas.v1.HostSnapshot';
  // Host: id 1, name 2, read_at 7 (seconds 1, nanos 2), freshness 9 (reason 6, lost_events 4).
  const pieces = [
    [delimited(1, Buffer.from('id')), delimited(9, delimited(6, Buffer.from('old'))), delimited(7, Buffer.from([0x08, 0x05]))],
    [delimited(2, Buffer.from('name')), delimited(9, Buffer.from([0x20, 0x07]))],
    [delimited(7, Buffer.from([0x10, 0xc0, 0x84, 0x3d])), delimited(9, delimited(6, Buffer.from('new')))],
  ];
  const bytes = Buffer.concat(pieces.map((piece) => delimited(1, ...piece)));
  const { host } = decode(name, bytes);
  t.strictSame([host?.id, host?.name, host?.readAt], ['id', 'name', '1970-01-01T00:00:05.001Z']);
  t.strictSame([host?.freshness?.reason, host?.freshness?.lostEvents], ['new', 7]);
  t.strictSame(decode(name, bytes), referenceDecode(name, bytes));
});

t.test('what is wrong with bytes is an error with the path of the field', async (t) => {
  const cases: [MessageName, Uint8Array, string][] = [
    ['nsatlas.v1.HostSnapshot', delimited(1), 'host.readAt: is missing'],
    [
      'nsatlas.v1.HostSnapshot',
      delimited(1, delimited(7), delimited(9, delimited(6, Buffer.from([0xff])))),
      'host.freshness.reason: is not UTF-8',
    ],
    [
      'nsatlas.v1.HostSnapshot',
      Buffer.concat([delimited(2), delimited(2, Buffer.from([0x0a, 5]))]),
      'namespaces[1].id: is longer than what it is a part of',
    ],
    [
      'nsatlas.v1.HostSnapshot',
      delimited(1, delimited(7, Buffer.from([0x10, 0x80, 0x94, 0xeb, 0xdc, 0x03]))),
      'host.readAt: is a time with 1000000000 nanoseconds',
    ],
    ['nsatlas.v1.HostSnapshot', Buffer.from([0x0a]), 'host: ends in the middle of a value'],
    [
      'nsatlas.v1.GetStatusRequest',
      Buffer.from([0x02, 0x00]),
      'is not a valid nsatlas.v1.GetStatusRequest: has a field of number 0',
    ],
    [
      'nsatlas.v1.GetStatusRequest',
      Buffer.from([0x0e]),
      'is not a valid nsatlas.v1.GetStatusRequest: has a field of wire type 6',
    ],
    [
      'nsatlas.v1.GetStatusRequest',
      Buffer.from([0x0c]),
      'is not a valid nsatlas.v1.GetStatusRequest: has a field of wire type 4',
    ],
    [
      'nsatlas.v1.GetStatusRequest',
      Buffer.from([0x09, 1]),
      'is not a valid nsatlas.v1.GetStatusRequest: ends in the middle of a value',
    ],
    [
      'nsatlas.v1.GetStatusRequest',
      Buffer.alloc(20, 0xff),
      'is not a valid nsatlas.v1.GetStatusRequest: has a number that is too long',
    ],
  ];
  for (const [name, bytes, message] of cases) {
    t.throws(() => decode(name, bytes), { name: 'WireError', code: 'ERR_NSATLAS_WIRE', message: exactly(message) });
    if (name !== 'nsatlas.v1.GetStatusRequest') t.throws(() => referenceDecode(name, bytes), WireError);
  }
});

t.test('groups of later releases are passed over, and neither depth nor repetition makes bytes expensive', async (t) => {
  const name = 'nsatlas.v1.HostSnapshot';
  const nothing = { namespaces: [], gaps: [], networks: [] };
  // Field 5 as a group: a varint, a group within, a text.
  t.strictSame(decode(name, Buffer.from('2b080133340a01412c', 'hex')), nothing);
  t.throws(() => decode(name, Buffer.from('2b0801', 'hex')), WireError);
  t.throws(() => decode(name, Buffer.alloc(1_000_000, 0x2b)), /has groups too deep within each other/);
  const pieces = Buffer.alloc(2_000_000, delimited(1, Buffer.from([0x08, 0x00])));
  const started = performance.now();
  t.throws(() => decode(name, pieces), { message: exactly('host.readAt: is missing') });
  t.ok(performance.now() - started < 5000);
});

t.test('texts that share a hash, or differ in their last byte alone, are kept apart', async (t) => {
  const name = 'nsatlas.v1.GetSnapshotRequest';
  const texts = Array.from({ length: 30_000 }, (_, at) => `name-${at}`);
  for (let round = 0; round < 2; round++) {
    for (let at = 0; at < texts.length; at += 1000) {
      const selector = { ...MAXIMAL[name].selector, networks: texts.slice(at, at + 1000) };
      t.strictSame(decode(name, encode(name, { ...MAXIMAL[name], tables: [], selector })).selector?.networks, selector.networks);
    }
  }
});

t.test('what is not UTF-8 is refused, a byte order mark is kept, and other scripts are read', async (t) => {
  const name = 'nsatlas.v1.WatchResponse';
  const cursor = { epoch: 'e', revision: 1n };
  for (const reason of ['\u{feff}mark', 'a\u{feff}', 'Grüße, 世界 \u{1f980}', `${'x'.repeat(60)}é`, '\u0000'])
    t.strictSame(decode(name, encode(name, { cursor, restart: { reason } })), { cursor, restart: { reason } });
  for (const bad of ['c3', 'eda080', 'f8888080', '61ff', `${'61'.repeat(60)}ff`]) {
    const text = Buffer.from(bad, 'hex');
    const restart = Buffer.from([0x0a, text.length, ...text]);
    const bytes = Buffer.from([0x0a, 0x00, 0x12, restart.length, ...restart]);
    t.throws(() => decode(name, bytes), {
      name: 'WireError',
      code: 'ERR_NSATLAS_WIRE',
      message: exactly('restart.reason: is not UTF-8'),
    });
  }
});
