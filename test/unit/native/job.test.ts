import assert from 'node:assert/strict';
import { endianness } from 'node:os';
import t from 'tap';
import { encodeJob, type JobPlan } from '../../../src/native/job.js';
import type { Protocol, RowRequest } from '../../../src/native/types.js';

const EMPTY: JobPlan = { enter: true, timeLimitMs: 2000, batchBytes: 4096, requests: [], targets: [] };
const NONE = 0xffffffff;
const LITTLE_ENDIAN = endianness() === 'LE';

/** The image as numbers of four bytes. */
function words(image: Uint8Array): number[] {
  assert.equal(image.length % 8, 0);
  const view = new DataView(image.buffer, image.byteOffset, image.length);
  return Array.from({ length: image.length / 4 }, (_, index) => view.getUint32(4 * index, LITTLE_ENDIAN));
}

function textAt(image: Uint8Array, at: number, length: number): string {
  return Buffer.from(image.buffer, image.byteOffset + at, length).toString('utf8');
}

t.test('an empty job is its header', async (t) => {
  t.strictSame(words(encodeJob(EMPTY)), [1, 2000, 4096, 0, 0, 0]);
  t.strictSame(words(encodeJob({ ...EMPTY, enter: false })), [0, 2000, 4096, 0, 0, 0]);
});

t.test('an observer stands behind the header', async (t) => {
  const image = encodeJob({ ...EMPTY, observer: { dev: 4, ino: 4026531833 } });
  const view = new DataView(image.buffer, image.byteOffset, image.length);
  t.strictSame(words(image).slice(3, 4), [1]);
  t.strictSame([view.getFloat64(24, LITTLE_ENDIAN), view.getFloat64(32, LITTLE_ENDIAN)], [4, 4026531833]);
});

t.test('a request for rows has flags, a format, an ifindex and an errno', async (t) => {
  const bytes = new Uint8Array(8);
  const rows = (request: RowRequest): number[] =>
    words(encodeJob({ ...EMPTY, requests: [{ bytes, rows: request }] })).slice(10, 14);
  t.strictSame(rows({ format: 3 }), [1, 3, 0, 0]);
  t.strictSame(rows({ format: 3, ifindex: 7, emptyErrno: 19 }), [3, 3, 7, 19]);
  t.strictSame(rows({ format: 0, more: true, acceptInterrupted: true }), [13, 0, 0, 0]);
  t.strictSame(rows({ format: 0, more: false, ifindex: 0 }), [3, 0, 0, 0]);
  for (const wrong of [{ format: -1 }, { format: 0, ifindex: 2 ** 31 }, { format: 0, emptyErrno: 4096 }]) {
    t.throws(() => rows(wrong), { name: 'TypeError', code: 'ERR_NSATLAS_ARGUMENT' });
  }
});

t.test('a key is a positive number of 31 bits', async (t) => {
  const requests = [{ bytes: new Uint8Array(8), rows: { format: 0 } }];
  const encode = (key: number): Uint8Array => encodeJob({ ...EMPTY, requests, targets: [{ path: '/x', requests: [0], key }] });
  t.equal(words(encode(2 ** 31 - 1)).at(-3), 2 ** 31 - 1);
  for (const wrong of [0, -1, 2 ** 31, 0.5, Number.NaN]) {
    t.throws(() => encode(wrong), { name: 'TypeError', code: 'ERR_NSATLAS_ARGUMENT' });
  }
});

t.test(
  'a request is its length, its descriptor offset or none, its protocol, no name, no rows, and its padded bytes',
  async (t) => {
    const image = encodeJob({ ...EMPTY, requests: [{ bytes: Uint8Array.from([1, 0, 0, 0, 2]) }] });
    t.strictSame(words(image).slice(6), [5, NONE, 0, 0, 0, 0, 0, 0, LITTLE_ENDIAN ? 1 : 1 << 24, LITTLE_ENDIAN ? 2 : 2 << 24]);
  },
);

t.test('a target is its place and its padded list of requests', async (t) => {
  const image = encodeJob({ ...EMPTY, targets: [{ path: '/ü', expect: { dev: 4, ino: 4026531833 }, requests: [7, 8, 9] }] });
  const view = new DataView(image.buffer, image.byteOffset, image.length);
  t.strictSame(words(image).slice(6, 8), [3, 1]);
  t.equal(view.getFloat64(32, LITTLE_ENDIAN), 4);
  t.equal(view.getFloat64(40, LITTLE_ENDIAN), 4026531833);
  t.equal(textAt(image, 48, 3), '/ü');
  t.strictSame(words(image).slice(14), [3, 0, 7, 8, 9, 0]);
});

t.test('a descriptor has a place of its own after the bytes', async (t) => {
  const bytes = new Uint8Array(24);
  const image = encodeJob({ ...EMPTY, requests: [{ bytes, netnsFd: { offset: 20, path: '/proc/1/ns/net' } }] });
  t.strictSame(words(image).slice(6, 8), [24, 20]);
  t.strictSame(words(image).slice(20, 22), [14, 0]);
  t.equal(textAt(image, 24 + 32 + 24 + 24, 14), '/proc/1/ns/net');
});

t.test('a family and a file are names, padded, before the bytes', async (t) => {
  const bytes = new Uint8Array(20);
  const generic = encodeJob({ ...EMPTY, requests: [{ bytes, protocol: 'GENERIC', family: 'nlctrl' }] });
  t.strictSame(words(generic).slice(6, 10), [20, NONE, 4, 6]);
  t.equal(textAt(generic, 24 + 32, 8), 'nlctrl\0\0');
  t.equal(generic.length, 24 + 32 + 8 + 24);
  const file = encodeJob({ ...EMPTY, requests: [{ file: '/proc/sys/net/ü' }] });
  t.strictSame(words(file).slice(6, 10), [0, NONE, 5, 16]);
  t.equal(textAt(file, 24 + 32, 16), '/proc/sys/net/ü');
});

t.test('every protocol has its number, and there are no others', async (t) => {
  const number = (protocol: Protocol): number | undefined =>
    words(encodeJob({ ...EMPTY, requests: [{ bytes: new Uint8Array(16), protocol }] }))[8];
  const all: readonly Protocol[] = ['ROUTE', 'SOCK_DIAG', 'XFRM', 'NETFILTER', 'GENERIC'];
  t.strictSame(all.map(number), [0, 1, 2, 3, 4]);
  for (const wrong of ['FILE', 'route', 'AUDIT', '', 4]) {
    t.throws(() => number(wrong as Protocol), { name: 'TypeError', code: 'ERR_NSATLAS_ARGUMENT' });
  }
});

t.test('a job larger than the first buffer is whole', async (t) => {
  const targets = Array.from({ length: 5000 }, (_, index) => ({ path: `/run/netns/${index}`, requests: [index] }));
  const image = encodeJob({ ...EMPTY, targets });
  t.equal(textAt(image, image.length - 16 - 16, 15), '/run/netns/4999');
  t.equal(words(image).at(-2), 4999);
});

t.test('what is no whole number is the caller’s mistake', async (t) => {
  for (const timeLimitMs of [-1, 0.5, Number.NaN, 2 ** 32, '7' as unknown as number]) {
    t.throws(() => encodeJob({ ...EMPTY, timeLimitMs }), { name: 'TypeError', code: 'ERR_NSATLAS_ARGUMENT' });
  }
});
