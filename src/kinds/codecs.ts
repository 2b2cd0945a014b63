import { type AttributeReader, LITTLE_ENDIAN } from '../netlink/attributes.js';
import type { AttributeTable, Codec, DetailValue } from './contract.js';
import { hexBytes, ipv4Text, ipv6Text, macText } from '../netlink/text.js';

// One attribute's payload to a value. Names and values are those of `ip -d -j link`; where ip prints an array, ours is its
// elements joined with ",", where it prints an object "name=value" joined with ",".
//
// A wrong length is an error of the reader, never a guess; a value that has no name is a hexadecimal number.

/**
 * A table of attributes by their names in the kernel's headers: id, name and codec of each. test/unit/kinds/uapi.test.ts compares names and
 * numbers with the headers.
 */
export function attributes(
  rows: Readonly<Record<string, readonly [id: number, ...row: AttributeTable[number]]>>,
): AttributeTable {
  return Object.fromEntries(Object.values(rows).map(([id, ...row]) => [id, row]));
}

/** Words for numbers, by the names of the numbers in the headers. */
export function words(rows: Readonly<Record<string, BitName>>): Readonly<Record<number, string>> {
  return Object.fromEntries(Object.values(rows));
}

/** A number, or the mask of a bit, and its word. */
export type BitName = readonly [value: number, name: string];

/** Reads a number. */
export type NumberCodec = (attribute: AttributeReader) => number;

export const u8: NumberCodec = (attribute) => attribute.u8();
export const u16: NumberCodec = (attribute) => attribute.u16();
export const u32: NumberCodec = (attribute) => attribute.u32();
export const s32: NumberCodec = (attribute) => attribute.s32();
export const be16: NumberCodec = (attribute) => attribute.be16();
export const be32: NumberCodec = (attribute) => attribute.be32();

/** A u64 that is nearly always small: a number up to 2^53, a bigint beyond. */
export const count64 = (attribute: AttributeReader): number | bigint => {
  if (attribute.length !== 8) return attribute.u64();
  const { view, offset } = attribute;
  const high = view.getUint32(offset + (LITTLE_ENDIAN ? 4 : 0), LITTLE_ENDIAN);
  const low = view.getUint32(offset + (LITTLE_ENDIAN ? 0 : 4), LITTLE_ENDIAN);
  return high < SAFE_HIGH ? high * WORD + low : attribute.u64();
};

/** 2^32: what the high half of a u64 counts. */
const WORD = 0x1_0000_0000;
/** High halves below this belong to numbers that a double holds exactly. */
const SAFE_HIGH = 1 << 21;

/** The interface of that ifindex; 0 is none. */
export const optionalIfindex = (attribute: AttributeReader): number | undefined => attribute.u32() || undefined;

/** A u64 in network byte order. */
export const be64 = (attribute: AttributeReader): bigint => {
  // The getter checks the length; only then may the view be read past it.
  const hostOrder = attribute.u64();
  return attribute.length === 8 ? attribute.view.getBigUint64(attribute.offset, false) : hostOrder;
};

/** A u8 that is nothing but true or false. */
export const bool8 = (attribute: AttributeReader): boolean => attribute.u8() !== 0;

/**
 * True by its presence (NLA_FLAG). Also takes the u8 that some drivers send back for an attribute that they accept as a
 * flag (IFLA_VXLAN_TTL_INHERIT).
 */
export const flag = (attribute: AttributeReader): boolean => (attribute.length === 1 ? attribute.u8() !== 0 : attribute.flag());

/** Bytes of an attribute that only aligns the next one to 64 bits: decodeTable() skips it. */
export const padding: Codec = () => 0;

/** A copy of a struct of exactly `length` bytes, for finish() to take apart. */
export function struct(length: number): (attribute: AttributeReader) => Uint8Array {
  return (attribute) => {
    if (attribute.length !== length) wrongLength(attribute, `${length} bytes`);
    return attribute.bytes();
  };
}

/** Hexadecimal as printf's "%#llx" has it: "0x10", but "0". */
export function hex(read: (attribute: AttributeReader) => number | bigint): Codec {
  return (attribute) => toHex(read(attribute));
}

/** "0x10"; zero is "0". */
export function toHex(value: number | bigint): string {
  const digits = value.toString(16);
  return digits === '0' ? digits : `0x${digits}`;
}

/** IPv4 address. */
export const ipv4 = (attribute: AttributeReader): string => {
  if (attribute.length === 4) return ipv4Text(attribute.view, attribute.offset);
  wrongLength(attribute, '4 bytes');
  return '';
};

/** IPv6 address. */
export const ipv6 = (attribute: AttributeReader): string => {
  if (attribute.length === 16) return ipv6Text(attribute.view, attribute.offset);
  wrongLength(attribute, '16 bytes');
  return '';
};

/** End of a tunnel: "any" for 0.0.0.0, as tnl_print_endpoint() of iproute2 has it. */
export const endpoint4: Codec = (attribute) => anyOr(ipv4(attribute), '0.0.0.0');

/** End of a tunnel: "any" for ::. */
export const endpoint6: Codec = (attribute) => anyOr(ipv6(attribute), '::');

function anyOr(address: string, any: string): string {
  return address === any ? 'any' : address;
}

/** Link-layer address of any length up to MAX_ADDR_LEN (linux/netdevice.h), which is 32. */
export const mac = (attribute: AttributeReader): string => {
  if (attribute.length > 32) {
    wrongLength(attribute, 'at most 32 bytes');
    return '';
  }
  return macText(attribute.view, attribute.offset, attribute.length);
};

/** A number that stands for a word; one that has none is hexadecimal. */
export function oneOf(read: NumberCodec, words: Readonly<Record<number, string>>): Codec {
  return (attribute) => {
    const value = read(attribute);
    return words[value] ?? toHex(value);
  };
}

/** Names of the bits that are set, joined with ","; what is left over is hexadecimal at the end. No bit is "". */
export function bitNames(value: number, names: readonly BitName[]): string {
  const words: string[] = [];
  let left = value >>> 0;
  for (const [mask, name] of names) {
    if ((left & mask) === 0) continue;
    words.push(name);
    left = (left & ~mask) >>> 0;
  }
  if (left !== 0) words.push(toHex(left));
  return words.join(',');
}

/**
 * Seconds, to the hundredth. The kernel gives a u64 of clock_t ticks, of which a second has 100 (USER_HZ, asm/param.h) on
 * every architecture that runs Docker.
 */
export const clockTicks: Codec = (attribute) => Number(count64(attribute)) / 100;

/** Attributes in an attribute as "name=value,name=value", in the order of the kernel. Unknown ones as their number and hexadecimal bytes. */
export function nested(name: string, table: AttributeTable): Codec {
  return (attribute, further) => {
    const inner = attribute.nested(name);
    const words: string[] = [];
    while (inner.next()) {
      const entry = table[inner.type];
      if (entry?.[1] === padding) continue;
      const value = entry === undefined ? inner.bytes() : entry[1](inner, further);
      if (value !== undefined) words.push(`${entry?.[0] ?? inner.type}=${formatValue(value)}`);
    }
    return words.join(',');
  };
}

/** An attribute that holds a list: the text of each element, joined with ",". */
export function list(name: string, element: (attribute: AttributeReader) => string): Codec {
  return (attribute) => {
    const inner = attribute.nested(name);
    const words: string[] = [];
    while (inner.next()) words.push(element(inner));
    return words.join(',');
  };
}

/** A value as the public `attributes` map holds it: numbers in decimal, booleans "true" or "false", bytes in hexadecimal. */
export function formatValue(value: DetailValue): string {
  switch (typeof value) {
    case 'string':
      return value;
    case 'boolean':
      return value ? 'true' : 'false';
    case 'object':
      return hexBytes(new DataView(value.buffer, value.byteOffset), 0, value.byteLength, '');
    default:
      return String(value);
  }
}

/** Ethertypes as iproute2 names them (lib/ll_proto.c), those that link attributes have. // linux/if_ether.h, v6.12 */
const ETHERTYPES = words({ ETH_P_8021Q: [0x8100, '802.1Q'], ETH_P_8021AD: [0x88a8, '802.1ad'] });

/** Ethertype in network byte order: "802.1Q", "802.1ad", or "[2048]" as iproute2 prints one without a name. */
export const ethertype: Codec = (attribute) => {
  const value = attribute.be16();
  return ETHERTYPES[value] ?? `[${value}]`;
};

/** struct { __be16 low, high; } as "low-high". */
export const portRange: Codec = (attribute) => {
  if (attribute.length !== 4) {
    wrongLength(attribute, '4 bytes');
    return '';
  }
  const { view, offset } = attribute;
  return `${view.getUint16(offset, false)}-${view.getUint16(offset + 2, false)}`;
};

/** A word of a struct() that finish() takes apart, in host order. */
export function word32(bytes: Uint8Array, offset: number): number {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(offset, LITTLE_ENDIAN);
}

/** Reports the current attribute: its payload is not `wanted`, "4 bytes". */
export function wrongLength(attribute: AttributeReader, wanted: string): void {
  attribute.fail(attribute.offset, `${wanted} in attribute ${attribute.type}`, `${attribute.length} bytes`);
}
