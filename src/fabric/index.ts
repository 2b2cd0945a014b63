import type { Selector } from '../model/select.js';
import type { Endpoint, HostSnapshot, Overlay, Table } from '../model/types.js';
import { viewOf } from '../model/views.js';
import { type AnswerContext, describeEndpoint, describeOverlay } from './answers.js';
import { FactsCache } from './facts-cache.js';
import type { HostFacts } from './facts.js';
import { type Joined, joinHosts, type JoinedOverlay } from './join.js';
import { compare } from '../text/order.js';
import { FabricSelector } from './select.js';
import { BREATH, type Work } from './steps.js';
import type { FabricHost } from './types.js';

export type { FabricHost } from './types.js';

/** The tables that have to be read for the fabric. */
export const FABRIC_TABLES: readonly Table[] = ['LINKS', 'ADDRESSES', 'NSIDS', 'FDB'];

/** Items of one batch. */
const BATCH = 64;

/** An underlay address that stands for one host. */
export interface VtepHost {
  readonly vtep: string;
  readonly host: string;
  readonly hostName: string;
}

/**
 * Hosts, joined. Every method takes all hosts there are, whatever is selected: an overlay is found by what the others say. What is read
 * of a host is kept as long as its `revision` is the same and it was given in the last call, and so is what was joined of hosts
 * that are all the same. Nothing is done before the first batch is taken; between two batches, of which many are empty, no more than
 * one part of a namespace or about a millisecond of joining is worked on. What changes meanwhile may be in an answer or not.
 */
export interface Fabric {
  /** Overlays, by name of the network and VNI. An overlay is told whole or not at all. */
  overlays(hosts: readonly FabricHost[], selector: Selector): Iterable<readonly Overlay[]>;
  /** What is attached to overlays: in the order of overlays, members and ports. */
  endpoints(hosts: readonly FabricHost[], selector: Selector): Iterable<readonly Endpoint[]>;
  /** Which underlay address leads to which host, sorted by host. Addresses that several hosts have are left out. */
  vteps(hosts: readonly FabricHost[]): Iterable<readonly VtepHost[]>;
}

/** A snapshot as a part of the fabric. */
export function fabricHostOf(snapshot: HostSnapshot): FabricHost {
  const { host, networks } = snapshot;
  return { view: viewOf(snapshot), name: host.name, engines: host.engines, networks };
}

/** Makes a fabric that has nothing read yet. Keep it: what it remembers is what makes the next answer cheap. */
export function createFabric(): Fabric {
  const memory = new Memory();
  return {
    *overlays(given, selector) {
      const hosts = inOrder(given);
      const { overlays, vteps } = yield* memory.joined(hosts);
      const fits = new FabricSelector(selector);
      for (const overlay of overlays) {
        if (yield* fits.selectsOverlay(overlay)) yield [yield* describeOverlay(overlay, { hosts, vteps })];
        else yield BREATH;
      }
    },
    *endpoints(given, selector) {
      const hosts = inOrder(given);
      const { overlays, vteps } = yield* memory.joined(hosts);
      const fits = new FabricSelector(selector);
      for (const overlay of overlays) {
        yield BREATH;
        if (fits.selectsNetwork(overlay)) yield* endpointsOf(overlay, fits, { hosts, vteps });
      }
    },
    *vteps(given) {
      const { vteps } = yield* memory.joined(inOrder(given));
      yield* inBatches(vteps.entries());
    },
  };
}

/** What was read and joined last. */
class Memory {
  readonly #facts = new FactsCache();
  #last: { readonly facts: readonly HostFacts[]; readonly joined: Joined } | undefined;

  *joined(hosts: readonly FabricHost[]): Work<Joined> {
    const facts = yield* this.#facts.of(hosts);
    const last = this.#last;
    if (last?.facts.length === facts.length && last.facts.every((each, at) => each === facts[at])) return last.joined;
    const joined = yield* joinHosts(facts);
    const mayKeep = hosts.every(({ revision }) => revision !== undefined);
    this.#last = mayKeep ? { facts, joined } : undefined;
    return joined;
  }
}

/** The answer does not depend on the order in which hosts are known. */
function inOrder(hosts: readonly FabricHost[]): FabricHost[] {
  return [...hosts].sort((a, b) => compare(a.view.hostId, b.view.hostId));
}

function* endpointsOf(overlay: JoinedOverlay, fits: FabricSelector, context: AnswerContext): Generator<readonly Endpoint[]> {
  for (const member of overlay.members) {
    if (!fits.selectsHost(member)) continue;
    const ports = member.vxlan?.ports ?? [];
    for (let at = 0; at < ports.length; at += BATCH) {
      yield ports
        .slice(at, at + BATCH)
        .filter((port) => fits.selectsPort(member, port))
        .map((port) => describeEndpoint(overlay, member, { port, context }));
    }
  }
}

function* inBatches(entries: Iterable<readonly [string, HostFacts]>): Generator<readonly VtepHost[]> {
  const all = [...entries].map(([vtep, { id, name }]) => ({ vtep, host: id, hostName: name }));
  all.sort((a, b) => compare(a.host, b.host) || compare(a.vtep, b.vtep));
  for (let at = 0; at < all.length; at += BATCH) yield all.slice(at, at + BATCH);
}
