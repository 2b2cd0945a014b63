import type { HostFacts } from './facts.js';
import { canIdentify } from './ip.js';
import { BREATH, Steps, type Work } from './steps.js';

/** Whose address an address is. */
export interface VtepHosts {
  /** The one host that an address stands for; undefined when no known host has it, or several do and no single one of them advertises it. */
  hostOf(address: string): HostFacts | undefined;
  /** Whether any known host has an address, that one alone or others, too. */
  isKnown(address: string): boolean;
  /** Every address that stands for a host, with it. */
  entries(): Iterable<readonly [string, HostFacts]>;
}

/** Addresses that the engines of a host advertise to their swarms. */
export function advertised(host: HostFacts): string[] {
  return host.engines.flatMap(({ swarmNodeAddress }) =>
    swarmNodeAddress !== undefined && canIdentify(swarmNodeAddress) ? [swarmNodeAddress] : [],
  );
}

/**
 * Which host an underlay address leads to: the one that has it in its own namespace, where VTEPs live. Addresses that many hosts have
 * (docker0, docker_gwbridge, an anycast address) lead to none of them, unless an engine of exactly one advertises it.
 */
export function* vtepHostsOf(hosts: readonly HostFacts[]): Work<VtepHosts> {
  const owners = new Map<string, HostFacts[]>();
  const steps = new Steps();
  for (const host of hosts) {
    for (const { addresses } of host.namespaces.values()) {
      for (const address of addresses) {
        addOwner(owners, address, host);
        if (steps.spent()) yield BREATH;
      }
      if (steps.spent()) yield BREATH;
    }
  }
  const single = new Map<string, HostFacts>();
  for (const [address, having] of owners) {
    const telling = having.length === 1 ? having : having.filter((host) => advertised(host).includes(address));
    const [host] = telling;
    if (host !== undefined && telling.length === 1) single.set(address, host);
    if (steps.spent(having.length)) yield BREATH;
  }
  return { hostOf: (address) => single.get(address), isKnown: (address) => owners.has(address), entries: () => single };
}

function addOwner(owners: Map<string, HostFacts[]>, address: string, host: HostFacts): void {
  const others = owners.get(address);
  if (others === undefined) owners.set(address, [host]);
  // A host that is given twice, from two snapshots of it, is one.
  else if (others.at(-1)?.id !== host.id) others.push(host);
}
