import assert from 'node:assert/strict';
import { endianness } from 'node:os';
import fc from 'fast-check';
import t from 'tap';
import { NativeError } from '../../../src/native/errors.js';
import { type JobEnd, parseFrames } from '../../../src/native/frames.js';
import type { ReadVisitor } from '../../../src/native/types.js';

const LITTLE_ENDIAN = endianness() === 'LE';
/** What the numbers mean comes from the addon. */
const NAMES = { problems: ['none', 'timeout', 'failed'], operations: ['none', 'receive', 'time-limit', 'home'] } as const;

/** A frame as native/netns/frames.cc writes it: header, payload, padding. */
function frame(kind: number, target: number, request: number, payload: Uint8Array): Buffer {
  const bytes = Buffer.alloc(16 + ((payload.length + 7) & ~7));
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  [bytes.length, kind, target, request].forEach((value, index) => view.setUint32(4 * index, value, LITTLE_ENDIAN));
  bytes.set(payload, 16);
  return bytes;
}

function numbers(...values: number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  values.forEach((value, index) => view.setInt32(4 * index, value, LITTLE_ENDIAN));
  return bytes;
}

function targetFrame(target: number, dev: number, ino: number, cookie: bigint | undefined): Buffer {
  const payload = Buffer.alloc(32);
  const view = new DataView(payload.buffer, payload.byteOffset, payload.length);
  view.setFloat64(0, dev, LITTLE_ENDIAN);
  view.setFloat64(8, ino, LITTLE_ENDIAN);
  view.setBigUint64(16, cookie ?? 0n, LITTLE_ENDIAN);
  view.setBigUint64(24, cookie === undefined ? 0n : 1n, LITTLE_ENDIAN);
  return frame(1, target, 0, payload);
}

function datagramFrame(target: number, request: number, bytes: Uint8Array): Buffer {
  return frame(2, target, request, Buffer.concat([numbers(bytes.length, 0), bytes]));
}

function endFrame(kind: 4 | 5, target: number, problem: string, operation: string, errno: number, detail: string): Buffer {
  const text = Buffer.from(detail);
  const head = numbers(
    NAMES.problems.indexOf(problem as 'none'),
    NAMES.operations.indexOf(operation as 'none'),
    errno,
    text.length,
  );
  return frame(kind, target, 0, Buffer.concat([head, text]));
}

/** Slots and the bytes of their rows. */
function rowsFrame(target: number, request: number, rows: readonly (readonly [number, readonly number[]])[]): Buffer {
  const parts = rows.map(([slot, bytes]) =>
    Buffer.concat([numbers(slot, bytes.length), Buffer.from(bytes), Buffer.alloc(-bytes.length & 3)]),
  );
  return frame(7, target, request, Buffer.concat([numbers(rows.length, 0), ...parts]));
}

const WHOLE = Buffer.concat([
  targetFrame(0, 4, 4026531833, 0xffff_ffff_ffff_ffffn),
  datagramFrame(0, 1, Buffer.from([1, 2, 3])),
  frame(3, 0, 1, numbers(19, NAMES.operations.indexOf('receive'))),
  frame(6, 0, 2, numbers(2, 0, 5, 4)),
  rowsFrame(0, 2, [
    [4, [9, 8, 7]],
    [6, []],
    [5, [1, 2, 3, 4]],
  ]),
  frame(8, 0, 2, numbers(3, 0, 6, 5, 4)),
  endFrame(4, 0, 'none', 'none', 0, ''),
  targetFrame(1, 4, 4026531834, undefined),
  endFrame(4, 1, 'timeout', 'time-limit', 0, 'über 2000 ms'),
  endFrame(5, 0, 'none', 'none', 0, ''),
]);

/** What the visitor heard, and what was returned. The bytes stand in the midst of a larger buffer. */
function parse(batch: Uint8Array, isOver = (): boolean => false): { told: unknown[]; end: JobEnd | undefined } {
  const told: unknown[] = [];
  const room = new ArrayBuffer(batch.length + 24);
  new Uint8Array(room).set(batch, 8);
  const visitor: ReadVisitor = {
    target: (...args) => told.push(['target', ...args]),
    datagram: (target, request, view, start, end) =>
      told.push(['datagram', target, request, [...new Uint8Array(view.buffer, view.byteOffset + start, end - start)]]),
    rowAdded: (target, request, slot, view, start, end) =>
      told.push(['rowAdded', target, request, slot, [...new Uint8Array(view.buffer, view.byteOffset + start, end - start)]]),
    rowRemoved: (...args) => told.push(['rowRemoved', ...args]),
    rowOrder: (...args) => told.push(['rowOrder', ...args]),
    requestEnd: (...args) => told.push(['requestEnd', ...args]),
    targetEnd: (...args) => told.push(['targetEnd', ...args]),
  };
  return { end: parseFrames({ view: new DataView(room, 8), length: batch.length, names: NAMES, visitor, isOver }), told };
}

const TOLD = [
  ['target', 0, { dev: 4, ino: 4026531833 }, 0xffff_ffff_ffff_ffffn],
  ['datagram', 0, 1, [1, 2, 3]],
  ['requestEnd', 0, 1, 19, 'receive'],
  ['rowRemoved', 0, 2, 5],
  ['rowRemoved', 0, 2, 4],
  ['rowAdded', 0, 2, 4, [9, 8, 7]],
  ['rowAdded', 0, 2, 6, []],
  ['rowAdded', 0, 2, 5, [1, 2, 3, 4]],
  ['rowOrder', 0, 2, [6, 5, 4]],
  ['targetEnd', 0, undefined],
  ['target', 1, { dev: 4, ino: 4026531834 }, undefined],
  ['targetEnd', 1, { problem: 'timeout', operation: 'time-limit', errno: 0, detail: 'über 2000 ms' }],
];

t.test('frames become calls, in order', async (t) => {
  t.strictSame(parse(WHOLE), { told: TOLD, end: { failure: undefined } });
});

t.test('a batch without the end of the job returns nothing', async (t) => {
  t.strictSame(parse(targetFrame(3, 1, 2, 5n)), { told: [['target', 3, { dev: 1, ino: 2 }, 5n]], end: undefined });
  t.strictSame(parse(new Uint8Array(0)), { told: [], end: undefined });
});

t.test('the end of a job tells what was wrong with it', async (t) => {
  const failure = { problem: 'failed', operation: 'home', errno: 2, detail: 'no /proc' };
  t.strictSame(parse(endFrame(5, 0, 'failed', 'home', 2, 'no /proc')).end, { failure });
});

t.test('a visitor without methods hears nothing and disturbs nothing', async (t) => {
  const view = new DataView(WHOLE.buffer, WHOLE.byteOffset, WHOLE.length);
  t.strictSame(parseFrames({ view, length: WHOLE.length, names: NAMES, visitor: {}, isOver: () => false }), {
    failure: undefined,
  });
});

t.test('nothing more is told when it is over', async (t) => {
  let asked = 0;
  const { told, end } = parse(WHOLE, () => ++asked > 2);
  t.strictSame(told, TOLD.slice(0, 2));
  t.equal(end, undefined);
});

t.test('nothing more is told of the rows of a frame when it is over', async (t) => {
  let rows = 0;
  const batch = rowsFrame(0, 0, [
    [0, [1]],
    [1, [2]],
  ]);
  const view = new DataView(batch.buffer, batch.byteOffset, batch.length);
  const visitor = { rowAdded: () => rows++ };
  t.equal(parseFrames({ view, length: batch.length, names: NAMES, visitor, isOver: () => rows > 0 }), undefined);
  t.equal(rows, 1);
});

t.test('a batch cut anywhere is refused or tells a beginning of what it would have told', async (t) => {
  for (let length = 0; length < WHOLE.length; length++) {
    try {
      const { told } = parse(WHOLE.subarray(0, length));
      assert.deepEqual(told, TOLD.slice(0, told.length));
    } catch (error) {
      t.ok(error instanceof NativeError && error.code === 'ERR_NSATLAS_FRAME', String(error));
    }
  }
});

t.test('any bytes are parsed or refused, and no datagram lies outside the batch', async () => {
  const broken = fc
    .tuple(fc.array(fc.tuple(fc.nat(WHOLE.length - 1), fc.nat(255)), { minLength: 1, maxLength: 8 }))
    .map(([changes]) => {
      const bytes = Buffer.from(WHOLE);
      for (const [at, value] of changes) bytes[at] = value;
      return bytes;
    });
  fc.assert(
    fc.property(fc.oneof(broken, fc.uint8Array({ maxLength: 200 })), (bytes) => {
      try {
        parse(bytes);
      } catch (error) {
        assert.ok(error instanceof NativeError && error.code === 'ERR_NSATLAS_FRAME', String(error));
      }
    }),
    { numRuns: 2000 },
  );
});

t.test('lengths that lie are refused', async (t) => {
  const cases: Buffer[] = [
    frame(2, 0, 0, numbers(9, 0)), // a datagram longer than its frame
    frame(2, 0, 0, numbers(-1, 0)),
    frame(4, 0, 0, numbers(1, 1, 0, 1)), // a detail longer than its frame
    frame(1, 0, 0, numbers(0, 0)), // a target without a namespace
    frame(3, 0, 0, new Uint8Array(0)),
    frame(3, 0, 0, numbers(0, 99)), // an operation nobody knows
    frame(4, 0, 0, numbers(99, 0, 0, 0)),
    frame(9, 0, 0, numbers(0, 0)),
    frame(6, 0, 0, numbers(1, 0)), // a slot that is not there
    frame(8, 0, 0, numbers(-1, 0, 1, 1)),
    frame(8, 0, 0, new Uint8Array(0)),
    frame(7, 0, 0, numbers(1, 0)), // a row that is not there
    frame(7, 0, 0, numbers(1, 0, 1, 9, 0, 0)), // longer than its frame
    frame(7, 0, 0, numbers(1, 0, 1, -1)),
    Buffer.from(numbers(8, 1)), // smaller than a header
    Buffer.from(numbers(24, 1, 0, 0)), // larger than the batch
    Buffer.from(numbers(17, 1, 0, 0, 0, 0)), // not padded
  ];
  for (const [index, bytes] of cases.entries()) {
    t.throws(() => parse(bytes), { code: 'ERR_NSATLAS_FRAME' }, `case ${index}`);
  }
  const view = new DataView(new ArrayBuffer(8));
  const short = { view, length: 16, names: NAMES, visitor: {}, isOver: () => false };
  t.throws(() => parseFrames(short), { code: 'ERR_NSATLAS_FRAME' });
});
