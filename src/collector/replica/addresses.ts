// MAC and IP addresses as numbers and back. Only what reads back exactly as it was written is taken: everything else stays text.

/** The addresses of a row, as unsigned 32-bit words (the high part of a MAC address has 16 bits). */
export interface Addresses {
  macHigh: number;
  macLow: number;
  /** An IPv4 address is the first word alone. */
  readonly ip: [number, number, number, number];
}

/** 0: not an address that can be kept as bits. */
export type Family = 0 | 4 | 6;

const COLON = 0x3a;
const DOT = 0x2e;

/** Whether it is six bytes in lower case, "02:42:0a:00:01:02"; if so they are put into `to`. */
export function parseMac(text: string, to: Addresses): boolean {
  if (text.length !== 17) return false;
  let [high, low] = [0, 0];
  for (let at = 0; at < 17; at += 3) {
    const byte = (hexDigit(text.charCodeAt(at)) << 4) | hexDigit(text.charCodeAt(at + 1));
    if (byte < 0 || (at < 15 && text.charCodeAt(at + 2) !== COLON)) return false;
    if (at < 6) high = (high << 8) | byte;
    else low = (low << 8) | byte;
  }
  to.macHigh = high;
  to.macLow = low >>> 0;
  return true;
}

/** The first `end` characters as an address. */
export function parseIp(text: string, end: number, to: Addresses): Family {
  if (parseIpv4(text, end, to)) return 4;
  return end <= 39 && text.includes(':') && parseIpv6(text.slice(0, end), to) ? 6 : 0;
}

function parseIpv4(text: string, end: number, { ip }: Addresses): boolean {
  if (end < 7 || end > 15) return false;
  let [word, byte, digits, dots] = [0, 0, 0, 0];
  for (let at = 0; at < end; at++) {
    const code = text.charCodeAt(at);
    if (code === DOT) {
      if (digits === 0) return false;
      word = (word << 8) | byte;
      [byte, digits] = [0, 0];
      dots++;
      continue;
    }
    const digit = code - 0x30;
    // "010" would read back as "10".
    if (digit < 0 || digit > 9 || (digits > 0 && byte === 0)) return false;
    byte = 10 * byte + digit;
    digits++;
    if (byte > 255) return false;
  }
  if (dots !== 3 || digits === 0) return false;
  ip[0] = ((word << 8) | byte) >>> 0;
  ip[1] = ip[2] = ip[3] = 0;
  return true;
}

function parseIpv6(text: string, { ip }: Addresses): boolean {
  const halves = text.split('::');
  if (halves.length > 2) return false;
  const [head = [], tail = []] = halves.map((half) => (half === '' ? [] : half.split(':')));
  const missing = 8 - head.length - tail.length;
  if (halves.length === 1 ? missing !== 0 : missing < 1) return false;
  const groups = [...head, ...Array.from({ length: missing }, () => '0'), ...tail].map((group) =>
    /^[0-9a-f]{1,4}$/.test(group) ? Number.parseInt(group, 16) : -1,
  );
  if (groups.includes(-1)) return false;
  for (let word = 0; word < 4; word++) ip[word] = (((groups[2 * word] ?? 0) << 16) | (groups[2 * word + 1] ?? 0)) >>> 0;
  return ipv6Text(ip) === text;
}

function hexDigit(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  return code >= 0x61 && code <= 0x66 ? code - 0x57 : -1;
}

const DIGITS: Uint8Array = Uint8Array.from('0123456789abcdef', (digit) => digit.charCodeAt(0));

/** "02:42:0a:00:01:02" */
export function macText(high: number, low: number): string {
  const digit = (bits: number): number => DIGITS[bits & 0xf] as number;
  // In one go: put together piece by piece, V8 would keep the pieces.
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

/** "10.0.1.2" or "fd00::1" (RFC 5952, never with a dotted end). */
export function ipText(family: 4 | 6, ip: Addresses['ip']): string {
  return family === 6 ? ipv6Text(ip) : `${ip[0] >>> 24}.${(ip[0] >>> 16) & 255}.${(ip[0] >>> 8) & 255}.${ip[0] & 255}`;
}

function ipv6Text(ip: Addresses['ip']): string {
  const groups = ip.flatMap((word) => [word >>> 16, word & 0xffff]);
  // The longest run of zeros, the first of equal ones; a single zero is written out.
  let [start, length] = [-1, 1];
  for (let at = 0; at < 8; at++) {
    let end = at;
    while (groups[end] === 0) end++;
    if (end - at > length) [start, length] = [at, end - at];
    at = Math.max(at, end);
  }
  const hex = (some: readonly number[]): string => some.map((group) => group.toString(16)).join(':');
  return start < 0 ? hex(groups) : `${hex(groups.slice(0, start))}::${hex(groups.slice(start + length))}`;
}
