// Netlink messages by hand, for what no kernel at hand can be made to send.
import { LITTLE_ENDIAN } from '../../src/netlink/attributes.js';
import { NLMSG_HDRLEN } from '../../src/netlink/uapi.js';

/** Bytes of a number in host order. */
export function number(size: 1 | 2 | 4 | 8, value: number | bigint): Uint8Array {
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  if (size === 1) view.setUint8(0, Number(value));
  else if (size === 2) view.setUint16(0, Number(value), LITTLE_ENDIAN);
  else if (size === 4) view.setUint32(0, Number(value) >>> 0, LITTLE_ENDIAN);
  else view.setBigUint64(0, BigInt(value), LITTLE_ENDIAN);
  return bytes;
}

export const u8 = (value: number): Uint8Array => number(1, value);
export const u16 = (value: number): Uint8Array => number(2, value);
export const u32 = (value: number): Uint8Array => number(4, value);

/** Text with its closing NUL. */
export function text(value: string): Uint8Array {
  return new Uint8Array(Buffer.from(`${value}\0`));
}

/** "0a000001" */
export function hex(digits: string): Uint8Array {
  return new Uint8Array(Buffer.from(digits.replaceAll(/[^0-9a-f]/g, ''), 'hex'));
}

/** All parts in a row. */
export function join(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

/** One attribute, padded to 4 bytes. */
export function attribute(type: number, ...payload: readonly Uint8Array[]): Uint8Array {
  const body = join(...payload);
  return join(u16(4 + body.length), u16(type), body, new Uint8Array((4 - (body.length % 4)) % 4));
}

/** One message, padded to 4 bytes. */
export function message(type: number, payload: Uint8Array, options: { flags?: number; seq?: number } = {}): Uint8Array {
  const length = NLMSG_HDRLEN + payload.length;
  const header = join(u32(length), u16(type), u16(options.flags ?? 0), u32(options.seq ?? 1), u32(0));
  return join(header, payload, new Uint8Array((4 - (length % 4)) % 4));
}

/** struct ifinfomsg */
export function ifinfomsg(ifindex: number, type = 1, flags = 0): Uint8Array {
  return join(u8(0), u8(0), u16(type), u32(ifindex), u32(flags), u32(0));
}

/** struct rtmsg */
export function rtmsg(fields: {
  family: number;
  dstLength?: number;
  srcLength?: number;
  table?: number;
  type?: number;
  flags?: number;
}): Uint8Array {
  const { family, dstLength = 0, srcLength = 0, table = 254, type = 1, flags = 0 } = fields;
  return join(Uint8Array.from([family, dstLength, srcLength, 0, table, 3, 0, type]), u32(flags));
}

/** struct ndmsg */
export function ndmsg(family: number, ifindex: number, state: number, flags = 0): Uint8Array {
  return join(u8(family), u8(0), u16(0), u32(ifindex), u16(state), u8(flags), u8(0));
}

/** struct ifaddrmsg */
export function ifaddrmsg(family: number, ifindex: number, prefixLength: number, flags = 0, scope = 0): Uint8Array {
  return join(Uint8Array.from([family, prefixLength, flags, scope]), u32(ifindex));
}
