import { isIP, SocketAddress } from 'node:net';

/**
 * An address of a selector as rows have it, with or without a prefix length: "fd00::7", "10.0.0.0/8". undefined when the text is none, or has a
 * zone ("%eth0"), which is no part of an address.
 */
export function canonicalIp(text: string): string | undefined {
  const [address = '', length, ...rest] = text.split('/');
  const family = isIP(address);
  const longest = family === 6 ? 128 : 32;
  const fits = length === undefined || (/^\d{1,3}$/.test(length) && Number(length) <= longest);
  if (family === 0 || address.includes('%') || !fits || rest.length > 0) return undefined;
  const canonical = family === 6 ? new SocketAddress({ address, family: 'ipv6' }).address : address;
  return length === undefined ? canonical : `${canonical}/${Number(length)}`;
}
