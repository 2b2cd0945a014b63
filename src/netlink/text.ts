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

/** A link-layer address of any length: "02:42:ac:11:00:02". */
export function macText(view: DataView, offset: number, length: number): string {
  return hexBytes(view, offset, length, ':');
}

/** "10.0.1.2" */
export function ipv4Text(view: DataView, offset: number): string {
  return `${view.getUint8(offset)}.${view.getUint8(offset + 1)}.${view.getUint8(offset + 2)}.${view.getUint8(offset + 3)}`;
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
    if (text !== '' && !text.endsWith(':')) text += ':';
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
