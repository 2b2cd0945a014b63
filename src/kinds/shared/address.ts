// Addresses as text, the way inet_ntop(3) and iproute2 print them.

/** "10.0.1.2" of the 4 bytes at `offset`. */
export function formatIpv4(view: DataView, offset: number): string {
  return `${view.getUint8(offset)}.${view.getUint8(offset + 1)}.${view.getUint8(offset + 2)}.${view.getUint8(offset + 3)}`;
}

/** The 16 bytes at `offset` as RFC 5952 text; IPv4-mapped and IPv4-compatible addresses end in dotted quads, as inet_ntop has it. */
export function formatIpv6(view: DataView, offset: number): string {
  const words: number[] = [];
  for (let i = 0; i < 8; i++) words.push(view.getUint16(offset + 2 * i, false));
  const zeros = longestZeroRun(words);
  // ::ffff:a.b.c.d and ::a.b.c.d; but "::1" and "::" are no IPv4 addresses.
  const leading = zeros.start === 0 ? zeros.length : 0;
  const mapped = leading === 5 && words[5] === 0xffff;
  if (mapped || leading === 6) return `${mapped ? '::ffff:' : '::'}${formatIpv4(view, offset + 12)}`;
  if (zeros.length < 2) return hexWords(words);
  return `${hexWords(words.slice(0, zeros.start))}::${hexWords(words.slice(zeros.start + zeros.length))}`;
}

/** Two hexadecimal digits for each byte, joined with ":"; MAC addresses have 6 bytes, InfiniBand's 20. */
export function formatMac(view: DataView, offset: number, length: number): string {
  let text = '';
  for (let i = 0; i < length; i++) text += `${i === 0 ? '' : ':'}${hexByte(view.getUint8(offset + i))}`;
  return text;
}

/** "8000" of bytes 0x80 0x00. */
export function formatHex(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += hexByte(byte);
  return text;
}

function hexByte(byte: number): string {
  return byte < 16 ? `0${byte.toString(16)}` : byte.toString(16);
}

function hexWords(words: readonly number[]): string {
  return words.map((word) => word.toString(16)).join(':');
}

/** The first of the longest runs (RFC 5952, 4.2.3). */
function longestZeroRun(words: readonly number[]): { start: number; length: number } {
  let best = { start: -1, length: 0 };
  let start = -1;
  words.forEach((word, i) => {
    if (word !== 0) {
      start = -1;
      return;
    }
    if (start === -1) start = i;
    if (i - start + 1 > best.length) best = { start, length: i - start + 1 };
  });
  return best;
}
