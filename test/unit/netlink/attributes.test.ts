import assert from 'node:assert/strict';
import t from 'tap';
import { AttributeReader } from '../../../src/netlink/attributes.js';
import { NLA_F_NESTED } from '../../../src/netlink/uapi.js';
import { viewOf } from '../../support/fixture.js';
import { attribute, hex, join, number, text, u8, u16, u32 } from '../../support/message-builder.js';

function reader(bytes: Uint8Array): AttributeReader {
  return new AttributeReader(viewOf(bytes), 0, bytes.length, 'RTM_TEST');
}

/** A reader on the one attribute with this payload. */
function one(payload: Uint8Array): AttributeReader {
  const attributes = reader(attribute(1, payload));
  assert.equal(attributes.next(), true);
  return attributes;
}

t.test('AttributeReader', async (t) => {
  t.test('walks attributes and skips their padding', async (t) => {
    const attributes = reader(join(attribute(1, u8(7)), attribute(2 | NLA_F_NESTED, u32(9)), attribute(3)));
    t.equal(attributes.next(), true);
    t.strictSame([attributes.type, attributes.length, attributes.u8()], [1, 1, 7]);
    t.equal(attributes.next(), true);
    t.strictSame([attributes.type, attributes.u32()], [2, 9]);
    t.equal(attributes.next(), true);
    t.strictSame([attributes.type, attributes.flag()], [3, true]);
    t.equal(attributes.next(), false);
    t.equal(attributes.error, undefined);
  });

  t.test('reads numbers in host order, and in network order where asked', async (t) => {
    t.equal(one(u16(0x1234)).u16(), 0x1234);
    t.equal(one(u32(0xfffffffe)).u32(), 0xfffffffe);
    t.equal(one(u32(0xfffffffe)).s32(), -2);
    t.equal(one(number(8, 0xfedcba9876543210n)).u64(), 0xfedcba9876543210n);
    t.equal(one(hex('12b5')).be16(), 4789);
    t.equal(one(hex('80000001')).be32(), 0x80000001);
  });

  t.test('refuses every other length than that of the number', async (t) => {
    const getters = { u8: 1, u16: 2, u32: 4, s32: 4, u64: 8, be16: 2, be32: 4, flag: 0 } as const;
    for (const [getter, size] of Object.entries(getters) as [keyof typeof getters, number][]) {
      for (const length of [0, 1, 2, 3, 4, 5, 8, 12].filter((other) => other !== size)) {
        const attributes = one(new Uint8Array(length).fill(0xff));
        t.ok(!attributes[getter](), `${getter} of ${length} bytes is empty`);
        t.equal(attributes.error?.detail.path, 'RTM_TEST/1');
        t.equal(attributes.error?.detail.got, `${length} bytes`);
      }
    }
  });

  t.test('keeps the first error and ends the walk', async (t) => {
    const attributes = reader(join(attribute(1, u8(1)), attribute(2, u8(1))));
    attributes.next();
    attributes.u32();
    const first = attributes.error;
    attributes.u16();
    attributes.fail(0, 'something', 'else');
    t.equal(attributes.error, first);
    t.equal(attributes.next(), false);
  });

  t.test('hands an error of a nested reader to all readers around it, with the whole path', async (t) => {
    const outer = reader(attribute(18, attribute(2, attribute(42, u8(1)))));
    outer.next();
    const middle = outer.nested('IFLA_LINKINFO');
    middle.next();
    const inner = middle.nested('IFLA_INFO_DATA');
    inner.next();
    inner.u32();
    t.equal(outer.error, inner.error);
    t.equal(middle.error, inner.error);
    t.equal(outer.error?.detail.path, 'RTM_TEST/IFLA_LINKINFO/IFLA_INFO_DATA/42');
    t.equal(outer.error?.detail.offset, 12);
    t.equal(outer.next(), false);
  });

  for (const [what, bytes] of [
    ['shorter than a header', hex('0300 0100')],
    ['longer than what is left', hex('0900 0100 00000000')],
    ['a part of a header', hex('0400 01')],
  ] as const) {
    t.test(`refuses an attribute that is ${what}`, async (t) => {
      const attributes = reader(bytes);
      t.equal(attributes.next(), false);
      t.ok(attributes.error);
    });
  }

  t.test('does not let a nested reader out of its attribute', async (t) => {
    const outer = reader(join(attribute(1, hex('0800 0500')), attribute(2, u32(1))));
    outer.next();
    const inner = outer.nested('NEST');
    t.equal(inner.next(), false);
    t.match(inner.error?.message ?? '', /RTM_TEST\/NEST at byte 4: wanted an attribute length from 4 to 4, got 8/);
  });

  t.test('reads text up to a NUL or the end', async (t) => {
    t.strictSame(one(text('eth0')).text(), { text: 'eth0' });
    t.strictSame(one(new Uint8Array(Buffer.from('eth0'))).text(), { text: 'eth0' });
    t.strictSame(one(text('a\0b')).text(), { text: 'a' });
    t.strictSame(one(new Uint8Array()).text(), { text: '' });
    t.strictSame(one(text('größe')).text(), { text: 'größe' });
    t.strictSame(one(text('\ufeffx')).text(), { text: '\ufeffx' });
  });

  t.test('keeps the bytes of text that is not UTF-8', async (t) => {
    t.strictSame(one(hex('6e ff 00 41')).text(), { text: 'n\ufffd', bytes: hex('6e ff') });
  });

  t.test('copies bytes, so that a record does not keep the dump alive', async (t) => {
    const bytes = attribute(1, u32(5));
    const attributes = reader(bytes);
    attributes.next();
    const copy = attributes.bytes();
    const all = attributes.allBytes();
    bytes.fill(0);
    t.strictSame(copy, u32(5));
    t.equal(copy.buffer.byteLength, 4);
    t.strictSame(all, attribute(1, u32(5)));
    t.equal(all.buffer.byteLength, 8);
  });
});
