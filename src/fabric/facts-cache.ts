import type { NetnsId } from '../model/types.js';
import { type HostFacts, type NetnsFacts, readHost } from './facts.js';
import type { Work } from './steps.js';
import type { FabricHost } from './types.js';

interface Kept {
  readonly revision: string;
  readonly facts: HostFacts;
  /** Of the namespaces that have one. */
  readonly revisions: ReadonlyMap<NetnsId, string>;
}

/** Facts of hosts, by revision: what did not change is not read again. Only hosts that were given last are remembered. */
export class FactsCache {
  #kept = new Map<string, Kept>();

  /** The facts of these hosts, in the same order. Two of these works may go on at a time. */
  *of(hosts: readonly FabricHost[]): Work<HostFacts[]> {
    const wanted = new Set(hosts.map(({ view }) => view.hostId));
    for (const id of this.#kept.keys()) if (!wanted.has(id)) this.#kept.delete(id);
    const all: HostFacts[] = [];
    for (const host of hosts) all.push(yield* this.#factsOf(host));
    return all;
  }

  *#factsOf(host: FabricHost): Work<HostFacts> {
    // Of this revision or of a later one: what is read while it changes is read again with the next revision.
    const { revision } = host;
    const kept = this.#kept.get(host.view.hostId);
    if (revision === undefined) return (yield* readHost(host)).facts;
    if (kept?.revision === revision) return kept.facts;
    const { facts, revisions } = yield* readHost(host, ({ head, revision: own }) => keptNetns(kept, head.id, own));
    this.#kept.set(facts.id, { revision, facts, revisions });
    return facts;
  }
}

function keptNetns(kept: Kept | undefined, id: NetnsId, revision: string | undefined): NetnsFacts | undefined {
  return revision !== undefined && kept?.revisions.get(id) === revision ? kept.facts.namespaces.get(id) : undefined;
}
