/** An IPv4 network: the address with its host bits cleared, and its prefix length. */
export interface Ipv4Network {
  readonly base: number;
  readonly prefixLength: number;
}

/** The network of an address; undefined for what is no IPv4 address. */
export function ipv4Network(address: string, prefixLength: number): Ipv4Network | undefined {
  const parts = address.split('.');
  if (parts.length !== 4) return undefined;
  const value = parts.reduce((sum, part) => sum * 256 + Number(part), 0);
  if (!Number.isInteger(value)) return undefined;
  // A prefix of 0 would need a shift by 32, which JavaScript does not have.
  const mask = prefixLength === 0 ? 0 : (0xffffffff << (32 - prefixLength)) >>> 0;
  return { base: (value & mask) >>> 0, prefixLength };
}

/** Whether two networks are the same. */
export function sameNetwork(a: Ipv4Network, b: Ipv4Network): boolean {
  return a.base === b.base && a.prefixLength === b.prefixLength;
}
