import t from 'tap';
import {
  be16,
  be32,
  be64,
  bitNames,
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

t.test('numbers are read in host order or network order, as the codec says', async (t) => {
  t.equal(read(u8, [200]), 200);
  t.equal(read(u16, [...new Uint8Array(new Uint16Array([0xfffe]).buffer)]), 0xfffe);
  t.equal(read(u32, words(0xfffffffe)), 0xfffffffe);
  t.equal(read(s32, words(0xfffffffe)), -2);
  t.equal(read(be16, [0x12, 0xb5]), 4789);
  t.equal(read(be32, [0, 0, 1, 2]), 258);
  t.equal(read(be64, [0, 0, 0, 0, 0, 0, 1, 2]), 258n);
});

t.test('a payload of another length is an error and no value', async (t) => {
  for (const codec of [
    u8,
    u16,
    u32,
    s32,
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
    t.equal(read(codec, [1, 2, 3]), undefined);
    t.equal(read(codec, []), undefined);
  }
  t.equal(read(struct(8), words(1)), undefined);
  t.equal(read(mac, new Array<number>(33).fill(1)), undefined);
});

t.test('a flag is true by its presence, or by the u8 that some drivers send', async (t) => {
  t.equal(read(flag, []), true);
  t.equal(read(flag, [1]), true);
  t.equal(read(flag, [0]), false);
  t.equal(read(flag, [1, 0]), undefined);
  t.equal(read(bool8, [0]), false);
  t.equal(read(bool8, [2]), true);
});

t.test('hexadecimal is printed as printf("%#llx") does', async (t) => {
  t.equal(read(hex(u8), [0x10]), '0x10');
  t.equal(read(hex(u8), [0]), '0');
  t.equal(toHex(0xf7ffffff000000ffn), '0xf7ffffff000000ff');
});

t.test('IPv6 addresses are printed as inet_ntop(3) does', async (t) => {
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
  for (const [bytes, text] of Object.entries(samples)) t.equal(read(ipv6, octets(bytes)), text);
});

t.test('the end of a tunnel that is no address is "any"', async (t) => {
  t.equal(read(endpoint4, [0, 0, 0, 0]), 'any');
  t.equal(read(endpoint4, [192, 0, 2, 1]), '192.0.2.1');
  t.equal(read(endpoint6, new Array<number>(16).fill(0)), 'any');
  t.equal(read(endpoint6, octets('20010db8 00000000 00000000 00000001')), '2001:db8::1');
  t.equal(read(ipv4, [10, 0, 0, 255]), '10.0.0.255');
});

t.test('link-layer addresses of any length are printed', async (t) => {
  t.equal(read(mac, [2, 0, 0, 0xab, 0, 1]), '02:00:00:ab:00:01');
  t.equal(read(mac, [1, 2, 3, 4, 5, 6, 7, 8]), '01:02:03:04:05:06:07:08');
  t.equal(read(mac, []), '');
});

t.test('words stand for numbers, and a number without one is hexadecimal', async (t) => {
  const codec = oneOf(u8, { 0: 'off', 1: 'on' });
  t.equal(read(codec, [0]), 'off');
  t.equal(read(codec, [1]), 'on');
  t.equal(read(codec, [255]), '0xff');
});

t.test('bits without a name are not dropped', async (t) => {
  const names = [
    [1, 'one'],
    [4, 'four'],
  ] as const;
  t.equal(bitNames(5, names), 'one,four');
  t.equal(bitNames(0x8000000c, names), 'four,0x80000008');
  t.equal(bitNames(0, names), '');
});

t.test('clock ticks are seconds to the hundredth', async (t) => {
  const ticks = (count: bigint): number[] => [...new Uint8Array(new BigUint64Array([count]).buffer)];
  t.equal(read(clockTicks, ticks(30000n)), 300);
  t.equal(String(read(clockTicks, ticks(28981n))), '289.81');
  t.equal(String(read(clockTicks, ticks(0n))), '0');
});

t.test('a count is a number as long as a number can hold it', async (t) => {
  const octetsOf = (value: bigint): number[] => [...new Uint8Array(new BigUint64Array([value]).buffer)];
  for (const value of [0n, 1n, 0xffff_ffffn, 0x1_0000_0000n, 2n ** 53n - 1n]) {
    t.equal(read(count64, octetsOf(value)), Number(value));
  }
  for (const value of [2n ** 53n, 2n ** 53n + 1n, 2n ** 64n - 1n]) t.equal(read(count64, octetsOf(value)), value);
});

t.test('an attribute that says that there is nothing is neither a detail nor unknown', async (t) => {
  const bytes = attribute(1, words(0));
  const { detail, unknown } = decodeTable(
    { 1: ['lower', optionalIfindex] },
    new AttributeReader(viewOf(bytes), 0, bytes.length, 'test'),
  );
  t.strictSame([detail, unknown.size], [{}, 0]);
  t.equal(read(optionalIfindex, words(9)), 9);
});

t.test('what a codec puts besides its value comes after all details of the table', async (t) => {
  const bytes = Buffer.concat([attribute(1, [3]), attribute(2, [4])]);
  const both: Codec = (one, further) => {
    const value = one.u8();
    further.put('twice', value * 2);
    return value;
  };
  const decode = <Result>(decoder: (table: AttributeTable, reader: AttributeReader) => Result): Result =>
    decoder({ 1: ['one', both], 2: ['two', u8] }, new AttributeReader(viewOf(bytes), 0, bytes.length, 'test'));
  t.strictSame(Object.entries(decode(decodeTable).detail), [
    ['one', 3],
    ['two', 4],
    ['twice', 6],
  ]);
  t.strictSame(Object.entries(decode(decodeTexts).texts), [
    ['one', '3'],
    ['two', '4'],
    ['twice', '6'],
  ]);
});

t.test('details have exactly the names that came, however many sets of names a table has met', async (t) => {
  const names = Array.from({ length: 5 }, (_, at) => `name${at}`);
  const table: AttributeTable = Object.fromEntries(names.map((name, at) => [at + 1, [name, u8]]));
  for (let round = 0; round < 3; round++) {
    for (let set = 0; set < 32; set++) {
      const types = [5, 1, 2, 3, 4].filter((type) => (set & (1 << (type - 1))) !== 0);
      const bytes = Buffer.concat(types.map((type) => attribute(type, [type + round])));
      const { detail } = decodeTable(table, new AttributeReader(viewOf(bytes), 0, bytes.length, 'test'));
      t.strictSame(
        Object.entries(detail),
        types.map((type) => [names[type - 1], type + round]),
      );
    }
  }
});

t.test('ethertypes have the names of iproute2, and port ranges are in network order', async (t) => {
  t.equal(read(ethertype, [0x81, 0x00]), '802.1Q');
  t.equal(read(ethertype, [0x88, 0xa8]), '802.1ad');
  t.equal(read(ethertype, [0x08, 0x00]), '[2048]');
  t.equal(read(portRange, [0x9c, 0x40, 0xc3, 0x50]), '40000-50000');
});

t.test('nested attributes are name=value, and an unknown one is its number and bytes', async (t) => {
  const inner = Buffer.concat([attribute(1, [7]), attribute(9, [0xab, 0xcd]), attribute(2, [0, 0]), attribute(3, [1])]);
  const codec = nested('inner', { 1: ['one', u8], 2: ['pad', padding], 3: ['three', bool8] });
  t.equal(read(codec, [...inner]), 'one=7,9=abcd,three=true');
  t.equal(read(codec, [...attribute(1, [7, 7])]), undefined);
  t.equal(read(list('inner', ipv4), [...attribute(0, [1, 2, 3, 4]), ...attribute(1, [5, 6, 7, 8])]), '1.2.3.4,5.6.7.8');
});

t.test('unknown attributes are kept as copies, padding is skipped, and the last of a name wins', async (t) => {
  const bytes = Buffer.concat([attribute(1, [7]), attribute(47, [1, 2, 3]), attribute(2, []), attribute(1, [8])]);
  const reader = new AttributeReader(viewOf(bytes), 0, bytes.length, 'test');
  const { detail, unknown } = decodeTable({ 1: ['one', u8], 2: ['pad', padding] }, reader);
  t.strictSame(detail, { one: 8 });
  bytes.fill(0);
  t.strictSame([...unknown], [[47, new Uint8Array([1, 2, 3])]]);
});

t.test('an attribute of another width is kept as bytes, and the others are decoded', async (t) => {
  const bytes = Buffer.concat([attribute(1, [7]), attribute(2, [7]), attribute(3, [7])]);
  const reader = new AttributeReader(viewOf(bytes), 0, bytes.length, 'IFLA_INFO_DATA');
  const { detail, unknown } = decodeTable({ 1: ['one', u8], 2: ['two', u32], 3: ['three', u8] }, reader);
  t.strictSame(detail, { one: 7, three: 7 });
  t.strictSame([...unknown], [[2, new Uint8Array([7])]]);
  t.equal(reader.error, undefined);
});

t.test('an attribute that runs out of its bounds is an error, and what came before it is there', async (t) => {
  const bytes = Buffer.concat([attribute(1, [7]), Buffer.from([0xff, 0, 2, 0])]);
  const reader = new AttributeReader(viewOf(bytes), 0, bytes.length, 'IFLA_INFO_DATA');
  const { detail } = decodeTable({ 1: ['one', u8] }, reader);
  t.strictSame(detail, { one: 7 });
  t.match(reader.error?.detail.wanted ?? '', /attribute length/);
});

t.test('the public map holds text: decimal numbers, true and false, hexadecimal bytes', async (t) => {
  const detail = { number: 4097, big: 1n << 60n, negative: -10, on: true, off: false, raw: new Uint8Array([0, 0xab]), text: 'x' };
  t.strictSame(formatDetail(detail), {
    number: '4097',
    big: '1152921504606846976',
    negative: '-10',
    on: 'true',
    off: 'false',
    raw: '00ab',
    text: 'x',
  });
});
