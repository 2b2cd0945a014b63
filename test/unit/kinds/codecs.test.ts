import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  be16,
  be32,
  be64,
  bitNames,
  bits,
  bool8,
  clockTicks,
  count64,
  endpoint4,
  endpoint6,
  ethertype,
  flag,
  hex,
  ipv4,
  ipv6,
  list,
  mac,
  nested,
  oneOf,
  optionalIfindex,
  padding,
  portRange,
  s32,
  struct,
  toHex,
  u8,
  u16,
  u32,
  u64,
} from '../../../src/kinds/codecs.js';
import type { AttributeTable, Codec, DetailValue } from '../../../src/kinds/contract.js';
import { decodeTable, decodeTexts, formatDetail } from '../../../src/kinds/table.js';
import { AttributeReader } from '../../../src/netlink/attributes.js';
import { viewOf } from '../../support/kinds.js';

/** One attribute of type 1. Numbers that are not byte lists are for little-endian machines, which all of CI is. */
function attribute(type: number, payload: readonly number[]): Buffer {
  const header = Buffer.from(new Uint16Array([payload.length + 4, type]).buffer);
  return Buffer.concat([header, Buffer.from(payload), Buffer.alloc((4 - (payload.length % 4)) % 4)]);
}

function read(codec: Codec, payload: readonly number[]): DetailValue | undefined {
  const reader = new AttributeReader(viewOf(attribute(1, payload)), 0, payload.length + 4, 'test');
  const { detail } = decodeTable({ 1: ['value', codec] }, reader);
  return reader.error === undefined ? detail.value : undefined;
}

const words = (...values: number[]): number[] => [...new Uint8Array(new Uint32Array(values).buffer)];
const octets = (text: string): number[] => [...Buffer.from(text.replaceAll(' ', ''), 'hex')];

test('numbers are read in host order or network order, as the codec says', () => {
  assert.equal(read(u8, [200]), 200);
  assert.equal(read(u16, [...new Uint8Array(new Uint16Array([0xfffe]).buffer)]), 0xfffe);
  assert.equal(read(u32, words(0xfffffffe)), 0xfffffffe);
  assert.equal(read(s32, words(0xfffffffe)), -2);
  assert.equal(read(u64, [...new Uint8Array(new BigUint64Array([1n << 63n]).buffer)]), 1n << 63n);
  assert.equal(read(be16, [0x12, 0xb5]), 4789);
  assert.equal(read(be32, [0, 0, 1, 2]), 258);
  assert.equal(read(be64, [0, 0, 0, 0, 0, 0, 1, 2]), 258n);
});

test('a payload of another length is an error and no value', () => {
  for (const codec of [
    u8,
    u16,
    u32,
    s32,
    u64,
    be16,
    be32,
    be64,
    bool8,
    ipv4,
    ipv6,
    endpoint4,
    endpoint6,
    ethertype,
    portRange,
    clockTicks,
    count64,
    optionalIfindex,
  ]) {
    assert.equal(read(codec, [1, 2, 3]), undefined);
    assert.equal(read(codec, []), undefined);
  }
  assert.equal(read(struct(8), words(1)), undefined);
  assert.equal(read(mac, new Array<number>(33).fill(1)), undefined);
});

test('a flag is true by its presence, or by the u8 that some drivers send', () => {
  assert.equal(read(flag, []), true);
  assert.equal(read(flag, [1]), true);
  assert.equal(read(flag, [0]), false);
  assert.equal(read(flag, [1, 0]), undefined);
  assert.equal(read(bool8, [0]), false);
  assert.equal(read(bool8, [2]), true);
});

test('hexadecimal is printed as printf("%#llx") does', () => {
  assert.equal(read(hex(u8), [0x10]), '0x10');
  assert.equal(read(hex(u8), [0]), '0');
  assert.equal(toHex(0xf7ffffff000000ffn), '0xf7ffffff000000ff');
});

test('IPv6 addresses are printed as inet_ntop(3) does', () => {
  const samples: Readonly<Record<string, string>> = {
    '00000000 00000000 00000000 00000000': '::',
    '00000000 00000000 00000000 00000001': '::1',
    '20010db8 00000000 00000000 00000001': '2001:db8::1',
    '20010db8 00000001 00010001 00010001': '2001:db8:0:1:1:1:1:1',
    '20010db8 00000000 00010000 00000001': '2001:db8::1:0:0:1',
    '20010000 00000001 00000000 00000001': '2001:0:0:1::1',
    '00010002 00030004 00050006 00070008': '1:2:3:4:5:6:7:8',
    '00010000 00000000 00000000 00000000': '1::',
    'fe800000 00000000 004215ff feac0002': 'fe80::42:15ff:feac:2',
    'ff050000 00000000 00000000 00000100': 'ff05::100',
    '00000000 00000000 0000ffff c0000201': '::ffff:192.0.2.1',
    '00000000 00000000 0000ffff 00000000': '::ffff:0.0.0.0',
    '00000000 00000000 00000000 c0000201': '::192.0.2.1',
    '00000000 00000000 00000000 00010000': '::0.1.0.0',
    '00000000 00000000 00000000 00000102': '::102',
    '00000000 00000000 ffff0000 c0000201': '::ffff:0:c000:201',
    '0064ff9b 00000000 00000000 c0000201': '64:ff9b::c000:201',
    '00000001 00000000 00000000 00000000': '0:1::',
  };
  for (const [bytes, text] of Object.entries(samples)) assert.equal(read(ipv6, octets(bytes)), text);
});

test('the end of a tunnel that is no address is "any"', () => {
  assert.equal(read(endpoint4, [0, 0, 0, 0]), 'any');
  assert.equal(read(endpoint4, [192, 0, 2, 1]), '192.0.2.1');
  assert.equal(read(endpoint6, new Array<number>(16).fill(0)), 'any');
  assert.equal(read(endpoint6, octets('20010db8 00000000 00000000 00000001')), '2001:db8::1');
  assert.equal(read(ipv4, [10, 0, 0, 255]), '10.0.0.255');
});

test('link-layer addresses of any length are printed', () => {
  assert.equal(read(mac, [2, 0, 0, 0xab, 0, 1]), '02:00:00:ab:00:01');
  assert.equal(read(mac, [1, 2, 3, 4, 5, 6, 7, 8]), '01:02:03:04:05:06:07:08');
  assert.equal(read(mac, []), '');
});

test('words stand for numbers, and a number without one is hexadecimal', () => {
  const codec = oneOf(u8, { 0: 'off', 1: 'on' });
  assert.equal(read(codec, [0]), 'off');
  assert.equal(read(codec, [1]), 'on');
  assert.equal(read(codec, [255]), '0xff');
});

test('bits without a name are not dropped', () => {
  const names = [
    [1, 'one'],
    [4, 'four'],
  ] as const;
  assert.equal(read(bits(u32, names), words(5)), 'one,four');
  assert.equal(read(bits(u32, names), words(0x8000000c)), 'four,0x80000008');
  assert.equal(bitNames(0, names), '');
});

test('clock ticks are seconds to the hundredth', () => {
  const ticks = (count: bigint): number[] => [...new Uint8Array(new BigUint64Array([count]).buffer)];
  assert.equal(read(clockTicks, ticks(30000n)), 300);
  assert.equal(String(read(clockTicks, ticks(28981n))), '289.81');
  assert.equal(String(read(clockTicks, ticks(0n))), '0');
});

test('a count is a number as long as a number can hold it', () => {
  const octetsOf = (value: bigint): number[] => [...new Uint8Array(new BigUint64Array([value]).buffer)];
  for (const value of [0n, 1n, 0xffff_ffffn, 0x1_0000_0000n, 2n ** 53n - 1n]) {
    assert.equal(read(count64, octetsOf(value)), Number(value));
  }
  for (const value of [2n ** 53n, 2n ** 53n + 1n, 2n ** 64n - 1n]) assert.equal(read(count64, octetsOf(value)), value);
});

test('an attribute that says that there is nothing is neither a detail nor unknown', () => {
  const bytes = attribute(1, words(0));
  const { detail, unknown } = decodeTable(
    { 1: ['lower', optionalIfindex] },
    new AttributeReader(viewOf(bytes), 0, bytes.length, 'test'),
  );
  assert.deepEqual([detail, unknown.size], [{}, 0]);
  assert.equal(read(optionalIfindex, words(9)), 9);
});

test('what a codec puts besides its value comes after all details of the table', () => {
  const bytes = Buffer.concat([attribute(1, [3]), attribute(2, [4])]);
  const both: Codec = (one, further) => {
    const value = one.u8();
    further.put('twice', value * 2);
    return value;
  };
  const decode = <Result>(decoder: (table: AttributeTable, reader: AttributeReader) => Result): Result =>
    decoder({ 1: ['one', both], 2: ['two', u8] }, new AttributeReader(viewOf(bytes), 0, bytes.length, 'test'));
  assert.deepEqual(Object.entries(decode(decodeTable).detail), [
    ['one', 3],
    ['two', 4],
    ['twice', 6],
  ]);
  assert.deepEqual(Object.entries(decode(decodeTexts).texts), [
    ['one', '3'],
    ['two', '4'],
    ['twice', '6'],
  ]);
});

test('details have exactly the names that came, however many sets of names a table has met', () => {
  const names = Array.from({ length: 5 }, (_, at) => `name${at}`);
  const table: AttributeTable = Object.fromEntries(names.map((name, at) => [at + 1, [name, u8]]));
  for (let round = 0; round < 3; round++) {
    for (let set = 0; set < 32; set++) {
      const types = [5, 1, 2, 3, 4].filter((type) => (set & (1 << (type - 1))) !== 0);
      const bytes = Buffer.concat(types.map((type) => attribute(type, [type + round])));
      const { detail } = decodeTable(table, new AttributeReader(viewOf(bytes), 0, bytes.length, 'test'));
      assert.deepEqual(
        Object.entries(detail),
        types.map((type) => [names[type - 1], type + round]),
      );
    }
  }
});

test('ethertypes have the names of iproute2, and port ranges are in network order', () => {
  assert.equal(read(ethertype, [0x81, 0x00]), '802.1Q');
  assert.equal(read(ethertype, [0x88, 0xa8]), '802.1ad');
  assert.equal(read(ethertype, [0x08, 0x00]), '[2048]');
  assert.equal(read(portRange, [0x9c, 0x40, 0xc3, 0x50]), '40000-50000');
});

test('nested attributes are name=value, and an unknown one is its number and bytes', () => {
  const inner = Buffer.concat([attribute(1, [7]), attribute(9, [0xab, 0xcd]), attribute(2, [0, 0]), attribute(3, [1])]);
  const codec = nested('inner', { 1: ['one', u8], 2: ['pad', padding], 3: ['three', bool8] });
  assert.equal(read(codec, [...inner]), 'one=7,9=abcd,three=true');
  assert.equal(read(codec, [...attribute(1, [7, 7])]), undefined);
  assert.equal(read(list('inner', ipv4), [...attribute(0, [1, 2, 3, 4]), ...attribute(1, [5, 6, 7, 8])]), '1.2.3.4,5.6.7.8');
});

test('unknown attributes are kept as copies, padding is skipped, and the last of a name wins', () => {
  const bytes = Buffer.concat([attribute(1, [7]), attribute(47, [1, 2, 3]), attribute(2, []), attribute(1, [8])]);
  const reader = new AttributeReader(viewOf(bytes), 0, bytes.length, 'test');
  const { detail, unknown } = decodeTable({ 1: ['one', u8], 2: ['pad', padding] }, reader);
  assert.deepEqual(detail, { one: 8 });
  bytes.fill(0);
  assert.deepEqual([...unknown], [[47, new Uint8Array([1, 2, 3])]]);
});

test('an attribute of another width is kept as bytes, and the others are decoded', () => {
  const bytes = Buffer.concat([attribute(1, [7]), attribute(2, [7]), attribute(3, [7])]);
  const reader = new AttributeReader(viewOf(bytes), 0, bytes.length, 'IFLA_INFO_DATA');
  const { detail, unknown } = decodeTable({ 1: ['one', u8], 2: ['two', u32], 3: ['three', u8] }, reader);
  assert.deepEqual(detail, { one: 7, three: 7 });
  assert.deepEqual([...unknown], [[2, new Uint8Array([7])]]);
  assert.equal(reader.error, undefined);
});

test('an attribute that runs out of its bounds is an error, and what came before it is there', () => {
  const bytes = Buffer.concat([attribute(1, [7]), Buffer.from([0xff, 0, 2, 0])]);
  const reader = new AttributeReader(viewOf(bytes), 0, bytes.length, 'IFLA_INFO_DATA');
  const { detail } = decodeTable({ 1: ['one', u8] }, reader);
  assert.deepEqual(detail, { one: 7 });
  assert.match(reader.error?.detail.wanted ?? '', /attribute length/);
});

test('the public map holds text: decimal numbers, true and false, hexadecimal bytes', () => {
  const detail = { number: 4097, big: 1n << 60n, negative: -10, on: true, off: false, raw: new Uint8Array([0, 0xab]), text: 'x' };
  assert.deepEqual(formatDetail(detail), {
    number: '4097',
    big: '1152921504606846976',
    negative: '-10',
    on: 'true',
    off: 'false',
    raw: '00ab',
    text: 'x',
  });
});
