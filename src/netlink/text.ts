// Bytes to the text of addresses. Nothing here allocates but the strings.
import { ARPHRD_IP6GRE, ARPHRD_IPGRE, ARPHRD_SIT, ARPHRD_TUNNEL, ARPHRD_TUNNEL6 } from './uapi.js';

const HEX: readonly string[] = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** Bytes as hexadecimal digits, `separator` between them. */
export function hexBytes(view: DataView, offset: number, length: number, separator: string): string {
  if (length === 0) return '';
  let text = HEX[view.getUint8(offset)] as string;
  for (let index = 1; index < length; index++) text += separator + (HEX[view.getUint8(offset + index)] as string);
  return text;
}

/** Character codes of the digits. */
const DIGITS: Uint8Array = Uint8Array.from('0123456789abcdef', (digit) => digit.charCodeAt(0));
const COLON = 0x3a;

/** A link-layer address of any length: "02:42:ac:11:00:02". */
export function macText(view: DataView, offset: number, length: number): string {
  return length === 6 ? mac48Text(view, offset) : hexBytes(view, offset, length, ':');
}

/** In one go: put together piece by piece, V8 would keep the pieces. Every link has a broadcast address, and most a zero one somewhere. */
function mac48Text(view: DataView, offset: number): string {
  const high = view.getUint16(offset, false);
  const low = view.getUint32(offset + 2, false);
  if (high === 0xffff && low === 0xffffffff) return 'ff:ff:ff:ff:ff:ff';
  if (high === 0 && low === 0) return '00:00:00:00:00:00';
  const digit = (bits: number): number => DIGITS[bits & 0xf] as number;
  // biome-ignore format: byte by byte
  return String.fromCharCode(
    digit(high >>> 12), digit(high >>> 8), COLON,
    digit(high >>> 4), digit(high), COLON,
    digit(low >>> 28), digit(low >>> 24), COLON,
    digit(low >>> 20), digit(low >>> 16), COLON,
    digit(low >>> 12), digit(low >>> 8), COLON,
    digit(low >>> 4), digit(low),
  );
}

const DECIMAL: readonly string[] = Array.from({ length: 256 }, (_, byte) => String(byte));

/** "10.0.1.2" */
export function ipv4Text(view: DataView, offset: number): string {
  const byte = (at: number): string => DECIMAL[view.getUint8(offset + at)] as string;
  return `${byte(0)}.${byte(1)}.${byte(2)}.${byte(3)}`;
}

/**
 * 16 bytes exactly as inet_ntop() prints them: RFC 5952, with the dotted form for ::ffff:0:0/96 and ::/96 (but for :: and
 * ::1 and their like, in which the zeros reach into the last 32 bits).
 */
export function ipv6Text(view: DataView, offset: number): string {
  let bestStart = -1;
  let bestLength = 1; // A single zero group is not shortened (RFC 5952, 4.2.2).
  let runStart = -1;
  for (let group = 0; group <= 8; group++) {
    if (group < 8 && view.getUint16(offset + group * 2, false) === 0) {
      if (runStart < 0) runStart = group;
    } else if (runStart >= 0) {
      // Of runs of one length the first wins (4.2.3).
      if (group - runStart > bestLength) {
        bestStart = runStart;
        bestLength = group - runStart;
      }
      runStart = -1;
    }
  }
  const mapped = bestLength === 5 && view.getUint16(offset + 10, false) === 0xffff;
  if (bestStart === 0 && (bestLength === 6 || mapped)) return `::${mapped ? 'ffff:' : ''}${ipv4Text(view, offset + 12)}`;
  let text = '';
  for (let group = 0; group < 8; group++) {
    if (group === bestStart) {
      text += '::';
      group += bestLength - 1;
      continue;
    }
    if (group !== 0 && group !== bestStart + bestLength) text += ':';
    text += view.getUint16(offset + group * 2, false).toString(16);
  }
  return text;
}

/** An address of the length of IPv4 or IPv6 as such, any other as bytes. */
export function ipText(view: DataView, offset: number, length: number): string {
  if (length === 4) return ipv4Text(view, offset);
  if (length === 16) return ipv6Text(view, offset);
  return macText(view, offset, length);
}

/** A link's own address: tunnels have their end point there, printed as an IP address as iproute2 does. */
export function linkAddressText(view: DataView, offset: number, length: number, linkType: number): string {
  const ipv4 = length === 4 && (linkType === ARPHRD_TUNNEL || linkType === ARPHRD_SIT || linkType === ARPHRD_IPGRE);
  const ipv6 = length === 16 && (linkType === ARPHRD_TUNNEL6 || linkType === ARPHRD_IP6GRE);
  return ipv4 || ipv6 ? ipText(view, offset, length) : macText(view, offset, length);
}

/** A stack of MPLS labels, as in "100/200". Each entry is be32: label 20 bits, class 3, bottom 1, TTL 8 (RFC 3032). */
export function mplsText(view: DataView, offset: number, length: number): string {
  const labels: number[] = [];
  for (let at = 0; at + 4 <= length; at += 4) labels.push(view.getUint32(offset + at, false) >>> 12);
  return labels.join('/');
}

/** One string for each character, so that short names cost no call. */
const ASCII: readonly string[] = Array.from({ length: 128 }, (_, code) => String.fromCharCode(code));

/** Texts that were made lately, by their hash: links and queues have the same few names all over a host. */
const RECENT = new Array<string>(1024).fill('');
/** Longer texts are rarely met again. */
const MAX_RECENT_LENGTH = 32;

/** Text of bytes that are all below 0x80. `hash` is any number that is the same for the same bytes. */
export function asciiText(view: DataView, offset: number, length: number, hash: number): string {
  const slot = (hash ^ (hash >>> 10) ^ (hash >>> 20)) & (RECENT.length - 1);
  const recent = RECENT[slot] as string;
  if (recent.length === length && isText(recent, view, offset)) return recent;
  let text = '';
  for (let at = offset; at < offset + length; at++) text += ASCII[view.getUint8(at)] as string;
  if (length <= MAX_RECENT_LENGTH) RECENT[slot] = text;
  return text;
}

function isText(text: string, view: DataView, offset: number): boolean {
  for (let at = 0; at < text.length; at++) if (text.charCodeAt(at) !== view.getUint8(offset + at)) return false;
  return true;
}

/** Whether the text of an address is that of a multicast group: 224.0.0.0/4, ff00::/8. */
export function isMulticast(address: string): boolean {
  return /^(22[4-9]|23\d)\./.test(address) || /^ff[0-9a-f]{2}:/i.test(address);
}
