// Addresses as text, in the form in which the kernel's are printed everywhere (netlink/text.ts).

/** Whether an address can distinguish one host from another: it is neither unspecified, loopback, link-local nor multicast. */
export function canIdentify(address: string): boolean {
  if (isMulticast(address) || isUnspecified(address)) return false;
  return !/^(127\.|169\.254\.|::1$|fe[89ab][0-9a-f]:)/i.test(address);
}

/** Whether an address is that of a multicast group. */
export function isMulticast(address: string): boolean {
  return /^(22[4-9]|23[0-9])\./.test(address) || /^ff[0-9a-f]{2}:/i.test(address);
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
  const slash = cidr.lastIndexOf('/');
  const address = cidr.slice(0, slash);
  const length = /^[0-9]{1,3}$/.test(cidr.slice(slash + 1)) ? Number(cidr.slice(slash + 1)) : Number.NaN;
  const isV6 = address.includes(':');
  const groups = slash < 0 ? undefined : isV6 ? parseIpv6(address) : parseIpv4(address);
  if (groups === undefined || !(length <= (isV6 ? 128 : 32))) return cidr;
  const width = isV6 ? 16 : 8;
  const masked = groups.map((group, at) => group & maskOf(length - at * width, width));
  return `${isV6 ? formatIpv6(masked) : masked.join('.')}/${length}`;
}

/** The first `bits` of a group of `width` bits. */
function maskOf(bits: number, width: number): number {
  const kept = Math.min(Math.max(bits, 0), width);
  return ((1 << width) - 1) & ~((1 << (width - kept)) - 1);
}

function parseIpv4(text: string): number[] | undefined {
  const groups = text.split('.');
  return groups.length === 4 && groups.every((group) => /^[0-9]{1,3}$/.test(group) && Number(group) < 256)
    ? groups.map(Number)
    : undefined;
}

function parseIpv6(text: string): number[] | undefined {
  const [head = '', tail, more] = text.split('::');
  if (more !== undefined) return undefined;
  const before = groupsOf(head);
  const after = tail === undefined ? [] : groupsOf(tail);
  if (before === undefined || after === undefined) return undefined;
  const missing = 8 - before.length - after.length;
  if (tail === undefined ? missing !== 0 : missing < 1) return undefined;
  return [...before, ...new Array<number>(missing).fill(0), ...after];
}

function groupsOf(text: string): number[] | undefined {
  if (text === '') return [];
  const groups = text.split(':');
  return groups.every((group) => /^[0-9a-f]{1,4}$/i.test(group)) ? groups.map((group) => parseInt(group, 16)) : undefined;
}

/** RFC 5952: the longest run of two zero groups or more is left out, the first of equal ones. */
function formatIpv6(groups: readonly number[]): string {
  let best = { start: 0, length: 1 };
  for (let start = 0; start < groups.length; start++) {
    let length = 0;
    while (groups[start + length] === 0) length++;
    if (length > best.length) best = { start, length };
  }
  const text = groups.map((group) => group.toString(16));
  if (best.length < 2) return text.join(':');
  return `${text.slice(0, best.start).join(':')}::${text.slice(best.start + best.length).join(':')}`;
}
