import assert from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import { encode } from '../../../src/wire/codec.js';
import { WireError } from '../../../src/wire/error.js';
import type { Fields } from '../../../src/wire/fields.js';
import { ENUMS, MESSAGES } from '../../../src/wire/gen/schema.js';
import type { MessageName } from '../../../src/wire/messages.js';
import { fieldsOf, type FieldSchema, type ValueSchema } from '../../../src/wire/schema.js';
import { MAXIMAL } from './maximal.js';
import { referenceEncode } from './reference.js';

/** Parts of messages too, not only what is sent by itself. */
const names = Object.keys(MESSAGES) as MessageName[];

const INT = { int32: [-(2 ** 31), 2 ** 31 - 1], uint32: [0, 2 ** 32 - 1] } as const;
const BIG = { int64: [-(2n ** 63n), 2n ** 63n - 1n], uint64: [0n, 2n ** 64n - 1n] } as const;

/** Any UTF-16, halves of surrogate pairs too; and lengths at which the length itself gets longer. */
const text = fc.oneof(
  { weight: 3, arbitrary: fc.string() },
  fc.constantFrom('', '\0', '__proto__', 'Grüße', '\u{feff}', '\u{1f980}', 'a\ud800', '\ud800', '\udc00', '\u{fffd}', '7'),
  fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 60 }).map((units) => String.fromCharCode(...units)),
  fc.tuple(fc.constantFrom(47, 48, 49, 126, 127, 128, 129, 300), fc.constantFrom('x', 'é', '世')).map(([n, of]) => of.repeat(n)),
);

const scalars: Record<Exclude<ValueSchema['type'], 'enum' | 'message'>, fc.Arbitrary<unknown>> = {
  string: text,
  bool: fc.boolean(),
  double: fc.oneof(fc.double(), fc.constantFrom(0, -0, Number.NaN, Number.NEGATIVE_INFINITY)),
  int32: fc.oneof(fc.integer({ min: INT.int32[0], max: INT.int32[1] }), fc.constantFrom(0, -0, -1, ...INT.int32)),
  uint32: fc.oneof(fc.integer({ min: 0, max: INT.uint32[1] }), fc.constantFrom(0, -0, 127, 128, 2 ** 31, ...INT.uint32)),
  int64: fc.oneof(fc.bigInt(...BIG.int64), fc.constantFrom(0n, -1n, 2n ** 53n, -(2n ** 32n), ...BIG.int64)),
  uint64: fc.oneof(fc.bigInt(...BIG.uint64), fc.constantFrom(0n, 2n ** 32n - 1n, 2n ** 32n, 2n ** 53n, ...BIG.uint64)),
  bytes: fc.uint8Array({ maxLength: 20 }),
  timestamp: fc.constantFrom(
    '1970-01-01T00:00:00Z',
    '1969-12-31T23:59:59.999Z',
    '2026-11-21T05:58:35.123456789Z',
    '0001-01-01T00:00:00.001Z',
    '2026-11-21T07:58:35.5+02:00',
  ),
};

const known = new Map<string, fc.Arbitrary<Fields>>();

/** Any message of this name, with small lists. */
function messageOf(name: string): fc.Arbitrary<Fields> {
  let message = known.get(name);
  if (message !== undefined) return message;
  const fields = fieldsOf(name);
  const optional = fields.filter(({ kind }) => kind === 'optional').map((field) => field.name);
  const required = fields.map((field) => field.name).filter((field) => !optional.includes(field));
  message = fc.record(Object.fromEntries(fields.map((field) => [field.name, fieldValue(field)])), { requiredKeys: required });
  known.set(name, message);
  return message;
}

function fieldValue(field: FieldSchema): fc.Arbitrary<unknown> {
  const value = valueOf(field);
  if (field.kind === 'list') return fc.array(value, { maxLength: field.type === 'message' ? 2 : 4 });
  return field.kind === 'map' ? fc.dictionary(text, value, { maxKeys: 3 }) : value;
}

function valueOf({ type, of = '' }: ValueSchema): fc.Arbitrary<unknown> {
  if (type === 'message') return messageOf(of);
  if (type !== 'enum') return scalars[type];
  return fc.constantFrom(...Object.keys(ENUMS[of] ?? {}), '99', '-5', '-0', '00');
}

/** An empty message: what has to be there has its zero value. */
function emptyOf(name: string): Fields {
  const fields: Fields = {};
  for (const { name: field, kind, type, of = '' } of fieldsOf(name)) {
    if (kind === 'list') fields[field] = [];
    else if (kind === 'map') fields[field] = {};
    else if (kind === 'plain') fields[field] = zeroOf(type, of);
  }
  return fields;
}

function zeroOf(type: ValueSchema['type'], of: string): unknown {
  if (type === 'message') return emptyOf(of);
  if (type === 'enum') return '0';
  if (type === 'string') return '';
  if (type === 'bool') return false;
  if (type === 'bytes') return new Uint8Array();
  if (type === 'timestamp') return '1970-01-01T00:00:00Z';
  return type === 'int64' || type === 'uint64' ? 0n : 0;
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** What is encoded here is not of the message's type by what the compiler knows. */
const write = (name: string, model: unknown): Buffer => encode(name as MessageName, model as never);

for (const [name, model] of Object.entries(MAXIMAL)) {
  t.test(`the encoder of ${name} writes what protobufjs writes`, async (t) =>
    t.equal(hex(write(name, model)), hex(referenceEncode(name, model))),
  );
}

t.test('messages of zero values and empty lists are written as protobufjs writes them', async (t) => {
  for (const name of names) t.equal(hex(write(name, emptyOf(name))), hex(referenceEncode(name, emptyOf(name))), name);
});

t.test('random messages are written as protobufjs writes them', async () => {
  for (const name of names) {
    fc.assert(
      fc.property(messageOf(name), (model) => assert.equal(hex(write(name, model)), hex(referenceEncode(name, model)))),
      { numRuns: 25 },
    );
  }
});

/** Every place of a message, and the names of all properties. */
function placesOf(value: unknown): [Fields, string][] {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return [];
  const own = Object.keys(value).map((key): [Fields, string] => [value as Fields, key]);
  return [...own, ...own.flatMap(([part, key]) => placesOf(part[key]))];
}

/** The wrong values are shared by all runs: none may be put into another. */
const frozen = (value: unknown): unknown => (ArrayBuffer.isView(value) ? value : Object.freeze(value));

/** Bytes, or the error that there is instead. */
function outcome(encoder: () => Uint8Array): unknown {
  try {
    return hex(encoder());
  } catch (cause) {
    assert.ok(cause instanceof WireError, String(cause));
    return { code: cause.code, path: cause.path, reason: cause.reason, message: cause.message };
  }
}

t.test('a value that is not of its type is an error that names the field', async (t) => {
  let refused = 0;
  const values = [
    ...[undefined, null, 5, -1, 2 ** 31, 2 ** 32, 1.5, Number.NaN, '', 'x', '2', '99', true, 5n, -1n, 2n ** 63n, 2n ** 64n],
    ...[[], [undefined], ['x'], [5], [[]], {}, { a: 1 }, { a: undefined }, new Uint8Array(3), () => 1, Symbol('x')],
    ...[new Date(0), Array.from({ length: 2 })],
  ];
  const wrong = fc.constantFrom<unknown>(...values.map(frozen));
  const places = fc.array(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), { minLength: 1, maxLength: 2 });
  for (const name of names) {
    fc.assert(
      fc.property(messageOf(name), places, wrong, (right, at, value) => {
        const model = structuredClone(right);
        for (const place of at) {
          const all = placesOf(model).filter(([part]) => !Object.isFrozen(part));
          const [part, key] = all[Math.floor(place * all.length)] ?? [{}, 'x'];
          part[key] = value;
        }
        const expected = outcome(() => referenceEncode(name, model));
        assert.deepEqual(
          outcome(() => write(name, model)),
          expected,
        );
        if (typeof expected === 'object') refused++;
      }),
      { numRuns: 25 },
    );
  }
  t.ok(refused > 300, `${refused} were refused`);
  for (const model of [undefined, null, 5, 'x', () => 1, [], {}, { netnsId: 1 }] as never[]) {
    const name = 'nsatlas.v1.HostSnapshot';
    t.strictSame(
      outcome(() => write(name, model)),
      outcome(() => referenceEncode(name, model)),
    );
  }
});

t.test('after a message that could not be written, the next one is complete', async (t) => {
  const name = 'nsatlas.v1.HostSnapshot';
  const { namespaces } = MAXIMAL[name];
  t.throws(() => write(name, { namespaces: [...namespaces, { id: 5 }], gaps: [], networks: [] }), {
    code: 'ERR_NSATLAS_WIRE',
    path: `namespaces[${namespaces.length}].id`,
  });
  t.equal(hex(write(name, MAXIMAL[name])), hex(referenceEncode(name, MAXIMAL[name])));
});

t.test(
  'a model whose getter encodes something itself comes out complete, and what a getter throws is not a wrong value',
  async (t) => {
    const service = 'grpc.health.v1.HealthCheckRequest';
    const inner: Uint8Array[] = [];
    const restart = {
      get reason() {
        inner.push(write(service, { service: 'inner' }));
        return 'outer';
      },
    };
    const cursor = { epoch: 'e', revision: 300n };
    const outer = write('nsatlas.v1.WatchResponse', { cursor, restart });
    t.equal(hex(outer), hex(referenceEncode('nsatlas.v1.WatchResponse', { cursor, restart: { reason: 'outer' } })));
    t.strictSame(inner.map(hex), [hex(referenceEncode(service, { service: 'inner' }))]);
    const thrown = new Error('mine');
    const throws = {
      get service(): string {
        throw thrown;
      },
    };
    assert.throws(
      () => write(service, throws),
      (cause) => cause === thrown,
    );
  },
);

t.test('large messages are written in full, whatever the length of their lengths', async (t) => {
  const name = 'nsatlas.v1.WatchResponse';
  const cursor = { epoch: 'e', revision: 1n };
  for (const length of [125, 126, 127, 128, 16_379, 16_380, 16_381, 16_384, 65_530, 2_097_147, 2_097_148, 2_097_152, 5_000_000]) {
    for (const letter of ['x', 'ü']) {
      const model = { cursor, restart: { reason: letter.repeat(length) } };
      t.ok(write(name, model).equals(referenceEncode(name, model)), `${length} × ${letter}`);
    }
  }
  const part = { ...MAXIMAL['nsatlas.v1.HostSnapshot'] };
  const many = { ...part, namespaces: Array.from({ length: 500 }, () => part.namespaces).flat() };
  t.ok(write('nsatlas.v1.HostSnapshot', many).equals(referenceEncode('nsatlas.v1.HostSnapshot', many)));
});

t.test('names that become the same when half a character is replaced are one, with the last value', async (t) => {
  const name = 'grpc.health.v1.HealthListResponse';
  const statuses = { '\ud800': { status: 'SERVING' }, x: { status: 'UNKNOWN' }, '\udc00': { status: 'NOT_SERVING' } };
  t.equal(hex(write(name, { statuses })), hex(referenceEncode(name, { statuses })));
  t.equal(
    hex(write(name, { statuses })),
    hex(write(name, { statuses: { '\ufffd': { status: 'NOT_SERVING' }, x: { status: 'UNKNOWN' } } })),
  );
});

t.test('what was written stays as it is when the next message is', async (t) => {
  const name = 'grpc.health.v1.HealthCheckRequest';
  const first = encode(name, { service: 'first' });
  const before = hex(first);
  encode(name, { service: 'other' });
  t.equal(hex(first), before);
});
