import t from 'tap';
import { decode, encode } from '../../../src/wire/codec.js';
import { WireError } from '../../../src/wire/error.js';
import type { SnapshotPart } from '../../../src/wire/messages.js';
import { host, netns, owner, snapshot } from './maximal-model.js';
import { exactly } from '../../support/exactly.js';

const NAME = 'nsatlas.v1.HostSnapshot';

function roundTrip(part: SnapshotPart): SnapshotPart {
  return decode(NAME, encode(NAME, part));
}

function partOf(change: object): SnapshotPart {
  return { namespaces: [{ ...netns, ...change }], gaps: [], networks: [] };
}

t.test('a bigint is never written as zero, and one out of range is an error', async (t) => {
  for (const cookie of [0n, 1n, 2n ** 31n, 2n ** 32n - 1n, 2n ** 32n, 2n ** 53n + 1n, 2n ** 63n, 2n ** 64n - 1n]) {
    t.equal(roundTrip(partOf({ cookie })).namespaces[0]?.cookie, cookie);
  }
  for (const cookie of [-1n, 2n ** 64n, 5 as unknown as bigint])
    t.throws(() => encode(NAME, partOf({ cookie })), {
      name: 'WireError',
      message: /^namespaces\[0\]\.cookie: has to be an integer/,
    });
});

t.test('an optional zero is sent, an absent one is absent', async (t) => {
  const { cookie: _, ...without } = netns;
  const part = roundTrip({ namespaces: [without, { ...netns, cookie: 0n, networkId: '' }], gaps: [], networks: [] });
  t.equal('cookie' in (part.namespaces[0] ?? {}), false);
  t.equal(part.namespaces[1]?.cookie, 0n);
  t.equal(part.namespaces[1]?.networkId, '');
});

t.test('what is missing or of a wrong type is an error that names the field', async (t) => {
  const wrong: [object, string][] = [
    [{ dev: undefined }, 'namespaces[0].dev: is missing'],
    [{ dev: 2 ** 32 }, 'namespaces[0].dev: has to be an integer from 0 to 4294967295, not 4294967296'],
    [{ dev: Number.NaN }, 'namespaces[0].dev: has to be an integer from 0 to 4294967295, not NaN'],
    [{ id: 5 }, 'namespaces[0].id: has to be a string, not 5'],
    [{ paths: undefined }, 'namespaces[0].paths: is missing'],
    [{ role: 'BOSS' }, 'namespaces[0].role: has to be a Role of this release, not "BOSS"'],
    [{ owner: { ...owner, labels: { a: 1 } } }, 'namespaces[0].owner.labels.a: has to be a string, not 1'],
    [{ owner: null }, 'namespaces[0].owner: is missing'],
  ];
  for (const [change, message] of wrong) {
    t.throws(() => encode(NAME, partOf(change)), { name: 'WireError', code: 'ERR_NSATLAS_WIRE', message: exactly(message) });
  }
});

t.test('hostile names come through, and half a surrogate pair becomes U+FFFD instead of invalid UTF-8', async (t) => {
  const labels = JSON.parse(
    '{"__proto__":"x","constructor":"y","hasOwnProperty":"z","half\\ud800":"\\ud800","nul":"\\u0000"}',
  ) as Record<string, string>;
  const read = roundTrip(partOf({ owner: { ...owner, labels } })).namespaces[0]?.owner?.labels ?? {};
  t.strictSame(
    Object.entries(read),
    Object.entries(
      JSON.parse('{"__proto__":"x","constructor":"y","hasOwnProperty":"z","half\u{fffd}":"\u{fffd}","nul":"\\u0000"}') as object,
    ),
  );
  t.equal(Object.getPrototypeOf(read), Object.prototype);
});

t.test('times keep milliseconds, and finer ones when there are', async (t) => {
  for (const readAt of [
    '2026-11-21T05:58:35.000Z',
    '1969-12-31T23:59:59.999Z',
    '2026-11-21T05:58:35.123456789Z',
    '0001-01-01T00:00:00.001Z',
  ]) {
    t.equal(roundTrip({ ...snapshot, host: { ...host, readAt } }).host?.readAt, readAt);
  }
  t.equal(
    roundTrip({ ...snapshot, host: { ...host, readAt: '2026-11-21T07:58:35.5+02:00' } }).host?.readAt,
    '2026-11-21T05:58:35.500Z',
  );
});

t.test('bytes are copies that do not keep the message in memory', async (t) => {
  const bytes = roundTrip(snapshot).namespaces[0]?.interfaces[0]?.infoData;
  t.equal(bytes?.buffer.byteLength, 4);
  t.equal(Object.getPrototypeOf(bytes), Uint8Array.prototype);
});

t.test('a value of an enum that this release does not know keeps its number', async (t) => {
  // Netns.role is field 7 (0x38), GetSnapshot's namespaces field 2 (0x12).
  const newer = Uint8Array.from([0x12, 0x02, 0x38, 0x63]);
  const part = decode(NAME, newer);
  t.equal(part.namespaces[0]?.role, '99');
  t.equal(roundTrip(part).namespaces[0]?.role, '99');
});

t.test('fields of later releases are ignored', async (t) => {
  // Field 1000 of type string.
  const newer = Buffer.concat([encode(NAME, snapshot), Uint8Array.from([0xc2, 0x3e, 0x01, 0x41])]);
  t.strictSame(decode(NAME, newer), snapshot);
});

t.test('bytes that are no message are an error, whichever way they are cut or changed', async (t) => {
  const whole = encode(NAME, snapshot);
  let refused = 0;
  for (let length = 0; length < whole.length; length++) {
    try {
      decode(NAME, whole.subarray(0, length));
    } catch (cause) {
      t.ok(cause instanceof WireError, String(cause));
      refused += 1;
    }
  }
  t.ok(refused > whole.length / 2, `${refused} of ${whole.length} were refused`);
  for (let at = 0; at < whole.length; at++) {
    const changed = Uint8Array.from(whole);
    changed[at] = (changed[at] ?? 0) ^ 0xff;
    try {
      decode(NAME, changed);
    } catch (cause) {
      t.ok(cause instanceof WireError, String(cause));
    }
  }
});
