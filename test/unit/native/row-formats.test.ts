import assert from 'node:assert/strict';
import { endianness } from 'node:os';
import t from 'tap';
import { encodeRowFormats } from '../../../src/native/row-formats.js';
import type { AttributeFilter, RowFormat } from '../../../src/native/types.js';

const LITTLE_ENDIAN = endianness() === 'LE';
const DROP = 0;
const WHOLE = 1;
const NEST = 2;
const CHOICE = 3;

function words(image: Uint8Array): number[] {
  assert.equal(image.length % 4, 0);
  const view = new DataView(image.buffer, image.byteOffset, image.length);
  return Array.from({ length: image.length / 4 }, (_, index) => view.getUint32(4 * index, LITTLE_ENDIAN));
}

function format(filter: AttributeFilter): RowFormat {
  return { headerBytes: 16, filter, ordered: true, ifindexAt: 4 };
}

t.test('no formats are a header of zeros', async (t) => {
  t.strictSame(words(encodeRowFormats([])), [0, 0, 0, 0]);
});

t.test('a filter is what becomes of others, then types and rules, of which the kept ones count', async (t) => {
  const filter: AttributeFilter = { keep: new Map([[3, 'whole']]), drop: [7, 3], others: true };
  t.strictSame(words(encodeRowFormats([format(filter)])), [1, 1, 0, 0, WHOLE, 3, 7, DROP, 3, DROP, 3, WHOLE, 16, 0, 3, 4]);
});

t.test('filters inside come first, and what is used twice is there once', async (t) => {
  const inner: AttributeFilter = { keep: new Map([[1, 'whole']]) };
  const outer: AttributeFilter = {
    keep: new Map([
      [4, inner],
      [5, inner],
    ]),
  };
  const second = { headerBytes: 0, filter: inner, ordered: false };
  t.strictSame(words(encodeRowFormats([format(outer), second])), [
    ...[2, 2, 0, 0],
    ...[DROP, 1, 1, WHOLE],
    ...[DROP, 2, 4, NEST, 5, NEST],
    ...[16, 1, 3, 4],
    ...[0, 0, 0, 0],
  ]);
});

t.test('a choice is the type of the text, then texts and filters', async (t) => {
  const inner: AttributeFilter = { keep: new Map() };
  const outer: AttributeFilter = { keep: new Map([[2, { by: 1, filters: new Map([['vxlan', inner]]) }]]) };
  const image = encodeRowFormats([format(outer)]);
  t.strictSame(words(image).slice(0, 12), [1, 2, 1, 0, DROP, 0, DROP, 1, 2, CHOICE, 1, 1]);
  t.strictSame(words(image).slice(12, 14), [5, 0]);
  t.equal(Buffer.from(image).toString('utf8', 56, 64), 'vxlan\0\0\0');
});

t.test('what cannot be a filter is the caller’s mistake', async (t) => {
  const keep = new Map<number, AttributeFilter>();
  const circle: AttributeFilter = { keep };
  keep.set(1, circle);
  const wrong: RowFormat[] = [
    format(circle),
    format({ keep: new Map([[-1, 'whole']]) }),
    format({ keep: new Map(), drop: [65536] }),
    format({ keep: new Map([[1, { by: 0.5, filters: new Map() }]]) }),
    { ...format({ keep: new Map() }), headerBytes: -4 },
  ];
  for (const each of wrong) t.throws(() => encodeRowFormats([each]), { name: 'TypeError', code: 'ERR_NSATLAS_ARGUMENT' });
});
