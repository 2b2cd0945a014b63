import { isMulticast } from '../netlink/text.js';
import { canIdentify } from './ip.js';
import type { VxlanMember } from './members.js';
import { push } from '../text/lists.js';
import { BREATH, Steps, type Work } from './steps.js';
import type { VtepHosts } from './vtep-hosts.js';

/**
 * Parts vxlans of one VNI and port into overlays: those that point at each other belong together, and those of one multicast group. Two
 * that do not, or of which only one points at the other, stay two, for two swarms, clusters or people can use one VNI.
 */
export function* joinByVteps(members: readonly VxlanMember[], vteps: VtepHosts): Work<VxlanMember[][]> {
  const targets = new Targets(members, vteps);
  const union = new UnionFind(members.length);
  const groups = new Map<string, number>();
  const steps = new Steps();
  const pointsAt: ReadonlySet<number>[] = [];
  for (const [at, member] of members.entries()) {
    const found = new Set<number>();
    for (const address of destinations(member)) {
      for (const target of targets.of(address)) found.add(target);
      if (steps.spent()) yield BREATH;
      if (!isMulticast(address)) continue;
      const first = groups.get(address);
      if (first === undefined) groups.set(address, at);
      else union.join(first, at);
    }
    pointsAt.push(found);
  }
  for (const [at, found] of pointsAt.entries()) {
    for (const target of found) {
      if (pointsAt[target]?.has(at) === true) union.join(at, target);
      if (steps.spent()) yield BREATH;
    }
  }
  return union.sets().map((set) => set.flatMap((at) => members[at] ?? []));
}

/** Addresses that a vxlan sends to: its rows', the default one's included, and that of the device. */
function destinations({ vxlan }: VxlanMember): Set<string> {
  const all = new Set(vxlan.rows?.vteps);
  if (vxlan.vxlan.remote !== undefined) all.add(vxlan.vxlan.remote);
  return all;
}

/** Which of the members an address leads to. */
class Targets {
  readonly #vteps: VtepHosts;
  /** By the address that the member says is its own; an address that several hosts claim leads to none of them. */
  readonly #locals = new Map<string, { readonly host: string; readonly members: number[] } | undefined>();
  readonly #hosts = new Map<string, number[]>();

  constructor(members: readonly VxlanMember[], vteps: VtepHosts) {
    this.#vteps = vteps;
    for (const [at, { host, vxlan }] of members.entries()) {
      this.#addLocal(vxlan.vxlan.local, host.id, at);
      push(this.#hosts, host.id, at);
    }
  }

  of(address: string): readonly number[] {
    const local = this.#locals.get(address);
    if (local !== undefined) return local.members;
    const host = this.#vteps.hostOf(address);
    return host === undefined ? [] : (this.#hosts.get(host.id) ?? []);
  }

  #addLocal(address: string | undefined, host: string, at: number): void {
    if (address === undefined || !canIdentify(address)) return;
    const known = this.#locals.get(address);
    if (known?.host === host) known.members.push(at);
    else this.#locals.set(address, this.#locals.has(address) ? undefined : { host, members: [at] });
  }
}

/** Disjoint sets of the numbers below a limit. */
class UnionFind {
  readonly #parents: number[];

  constructor(size: number) {
    this.#parents = Array.from({ length: size }, (_, at) => at);
  }

  join(a: number, b: number): void {
    const [first, second] = [this.#find(a), this.#find(b)];
    // The lesser one stays, so that the sets come out in the order of their first members.
    this.#parents[Math.max(first, second)] = Math.min(first, second);
  }

  sets(): number[][] {
    const sets = new Map<number, number[]>();
    for (const at of this.#parents.keys()) push(sets, this.#find(at), at);
    return [...sets.values()];
  }

  #find(at: number): number {
    let root = at;
    for (let parent = this.#parents[root]; parent !== undefined && parent !== root; parent = this.#parents[root]) {
      // Halves the way for the next time.
      this.#parents[root] = this.#parents[parent] ?? parent;
      root = parent;
    }
    return root;
  }
}
