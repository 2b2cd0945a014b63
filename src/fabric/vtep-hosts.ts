import type { HostHead } from './members.js';
import { push } from '../text/lists.js';
import { BREATH, Steps, type Work } from './steps.js';

/** Whose address an address is. */
export interface VtepHosts {
  /** The one host that an address stands for; undefined when no known host has it, or several do and no single one of them advertises it. */
  hostOf(address: string): HostHead | undefined;
  /** All hosts that have an address. */
  owners(address: string): readonly HostHead[];
  /** Every address that stands for a host, with it. */
  entries(): Iterable<readonly [string, HostHead]>;
}

/**
 * Which host an underlay address leads to: the one that has it in its own namespace, where VTEPs live. Addresses that many hosts have
 * (docker0, docker_gwbridge, an anycast address) lead to none of them, unless an engine of exactly one advertises it.
 */
export function* vtepHostsOf(hosts: readonly HostHead[]): Work<VtepHosts> {
  const owners = new Map<string, HostHead[]>();
  const steps = new Steps();
  for (const host of hosts) {
    for (const address of host.addresses) {
      // A host that is given twice, from two snapshots of it, is one.
      if (owners.get(address)?.at(-1)?.id !== host.id) push(owners, address, host);
      if (steps.spent()) yield BREATH;
    }
  }
  const single = new Map<string, HostHead>();
  for (const [address, having] of owners) {
    const candidates = having.length === 1 ? having : having.filter(({ advertised }) => advertised.includes(address));
    const [host] = candidates;
    if (host !== undefined && candidates.length === 1) single.set(address, host);
    if (steps.spent(having.length)) yield BREATH;
  }
  return { hostOf: (address) => single.get(address), owners: (address) => owners.get(address) ?? [], entries: () => single };
}
