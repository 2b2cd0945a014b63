import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
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

describe('AttributeReader', () => {
  it('walks attributes and skips their padding', () => {
    const attributes = reader(join(attribute(1, u8(7)), attribute(2 | NLA_F_NESTED, u32(9)), attribute(3)));
    assert.equal(attributes.next(), true);
    assert.deepEqual([attributes.type, attributes.length, attributes.u8(), attributes.nestedFlag], [1, 1, 7, false]);
    assert.equal(attributes.next(), true);
    assert.deepEqual([attributes.type, attributes.u32(), attributes.nestedFlag], [2, 9, true]);
    assert.equal(attributes.next(), true);
    assert.deepEqual([attributes.type, attributes.flag()], [3, true]);
    assert.equal(attributes.next(), false);
    assert.equal(attributes.error, undefined);
  });

  it('reads numbers in host order, and in network order where asked', () => {
    assert.equal(one(u16(0x1234)).u16(), 0x1234);
    assert.equal(one(u32(0xfffffffe)).u32(), 0xfffffffe);
    assert.equal(one(u32(0xfffffffe)).s32(), -2);
    assert.equal(one(number(8, 0xfedcba9876543210n)).u64(), 0xfedcba9876543210n);
    assert.equal(one(hex('12b5')).be16(), 4789);
    assert.equal(one(hex('80000001')).be32(), 0x80000001);
  });

  it('refuses every other length than that of the number', () => {
    const getters = { u8: 1, u16: 2, u32: 4, s32: 4, u64: 8, be16: 2, be32: 4, flag: 0 } as const;
    for (const [getter, size] of Object.entries(getters) as [keyof typeof getters, number][]) {
      for (const length of [0, 1, 2, 3, 4, 5, 8, 12].filter((other) => other !== size)) {
        const attributes = one(new Uint8Array(length).fill(0xff));
        assert.ok(!attributes[getter](), `${getter} of ${length} bytes is empty`);
        assert.equal(attributes.error?.detail.path, 'RTM_TEST/1');
        assert.equal(attributes.error?.detail.got, `${length} bytes`);
      }
    }
  });

  it('keeps the first error and ends the walk', () => {
    const attributes = reader(join(attribute(1, u8(1)), attribute(2, u8(1))));
    attributes.next();
    attributes.u32();
    const first = attributes.error;
    attributes.u16();
    attributes.fail(0, 'something', 'else');
    assert.equal(attributes.error, first);
    assert.equal(attributes.next(), false);
  });

  it('hands an error of a nested reader to all readers around it, with the whole path', () => {
    const outer = reader(attribute(18, attribute(2, attribute(42, u8(1)))));
    outer.next();
    const middle = outer.nested('IFLA_LINKINFO');
    middle.next();
    const inner = middle.nested('IFLA_INFO_DATA');
    inner.next();
    inner.u32();
    assert.equal(outer.error, inner.error);
    assert.equal(middle.error, inner.error);
    assert.equal(outer.error?.detail.path, 'RTM_TEST/IFLA_LINKINFO/IFLA_INFO_DATA/42');
    assert.equal(outer.error?.detail.offset, 12);
    assert.equal(outer.next(), false);
  });

  for (const [what, bytes] of [
    ['shorter than a header', hex('0300 0100')],
    ['longer than what is left', hex('0900 0100 00000000')],
    ['a part of a header', hex('0400 01')],
  ] as const) {
    it(`refuses an attribute that is ${what}`, () => {
      const attributes = reader(bytes);
      assert.equal(attributes.next(), false);
      assert.ok(attributes.error);
    });
  }

  it('does not let a nested reader out of its attribute', () => {
    const outer = reader(join(attribute(1, hex('0800 0500')), attribute(2, u32(1))));
    outer.next();
    const inner = outer.nested('NEST');
    assert.equal(inner.next(), false);
    assert.match(inner.error?.message ?? '', /RTM_TEST\/NEST at byte 4: wanted an attribute length from 4 to 4, got 8/);
  });

  it('reads text up to a NUL or the end', () => {
    assert.deepEqual(one(text('eth0')).text(), { text: 'eth0' });
    assert.deepEqual(one(new Uint8Array(Buffer.from('eth0'))).text(), { text: 'eth0' });
    assert.deepEqual(one(text('a\0b')).text(), { text: 'a' });
    assert.deepEqual(one(new Uint8Array()).text(), { text: '' });
    assert.deepEqual(one(text('größe')).text(), { text: 'größe' });
    assert.deepEqual(one(text('\ufeffx')).text(), { text: '\ufeffx' });
  });

  it('keeps the bytes of text that is not UTF-8', () => {
    assert.deepEqual(one(hex('6e ff 00 41')).text(), { text: 'n\ufffd', bytes: hex('6e ff') });
  });

  it('copies bytes, so that a record does not keep the dump alive', () => {
    const bytes = attribute(1, u32(5));
    const attributes = reader(bytes);
    attributes.next();
    const copy = attributes.bytes();
    const all = attributes.allBytes();
    bytes.fill(0);
    assert.deepEqual(copy, u32(5));
    assert.equal(copy.buffer.byteLength, 4);
    assert.deepEqual(all, attribute(1, u32(5)));
    assert.equal(all.buffer.byteLength, 8);
  });
});
