// Addresses as text, in the form in which the kernel's are printed everywhere (netlink/text.ts).
import ipaddr from 'ipaddr.js';
import { isMulticast } from '../netlink/text.js';

const { IPv4, IPv6 } = ipaddr;

/** Whether an address can distinguish one host from another: it is neither unspecified, loopback, link-local nor multicast. */
export function canIdentify(address: string): boolean {
  if (isMulticast(address) || isUnspecified(address)) return false;
  return !/^(127\.|169\.254\.|::1$|fe[89ab][0-9a-f]:)/i.test(address);
}

/** Whether an address stands for none: an engine that advertises it has not said where it is. */
export function isUnspecified(address: string): boolean {
  return address === '' || address === '0.0.0.0' || address === '::';
}

/** Whether an address is an IPv6 one that every link has of itself. */
export function isLinkLocal6(address: string): boolean {
  return /^fe[89ab][0-9a-f]:/i.test(address);
}

/**
 * "10.0.1.0/24" of "10.0.1.1/24": the network that an address with a prefix length is in. What is no such address is left as it
 * is: subnets come from engines, too.
 */
export function networkOf(cidr: string): string {
  // Nothing but four decimal numbers: inet_aton(3) reads 010.0.0.1 as 8.0.0.1.
  if (IPv4.isValidCIDRFourPartDecimal(cidr)) return `${IPv4.networkAddressFromCIDR(cidr).toString()}/${lengthOf(cidr)}`;
  return IPv6.isValidCIDR(cidr) ? `${IPv6.networkAddressFromCIDR(cidr).toRFC5952String()}/${lengthOf(cidr)}` : cidr;
}

function lengthOf(cidr: string): number {
  return Number(cidr.slice(cidr.lastIndexOf('/') + 1));
}
