import type { NetnsRemoved } from '../model/types.js';
import type { LiveChanges } from './types.js';

/** What besides namespaces can change. */
export type HostPart = 'host' | 'networks' | 'gaps' | 'freshness';

/** Most revisions whose namespaces are remembered. */
const MAX_REVISIONS = 65_536;
/** Most namespaces whose end is remembered. */
const MAX_REMOVED = 10_000;

/** How far a history goes back. */
export interface HistoryLimits {
  /** Revisions whose namespaces are remembered; 65,536. */
  readonly revisions?: number;
  /** Namespaces whose end is remembered; 10,000. */
  readonly removed?: number;
}

interface Ended {
  readonly revision: number;
  readonly key: number;
  readonly netns: NetnsRemoved;
}

/**
 * Which namespaces changed at which revision, as far back as a bounded memory goes. Changes are gathered under the next revision and become
 * visible with commit().
 */
export class History {
  /** Of the last change that was committed. */
  revision = 0;
  /** Namespaces that changed, by revision: entry 0 belongs to revision #first. */
  #log: number[][] = [];
  #first = 1;
  #pending = new Set<number>();
  #removed: Ended[] = [];
  /** Ends of namespaces up to this revision are forgotten. */
  #forgotten = 0;
  readonly #parts: Record<HostPart, number> = { host: 0, networks: 0, gaps: 0, freshness: 0 };
  #dirty = false;
  readonly #limits: Required<HistoryLimits>;

  constructor(limits: HistoryLimits = {}) {
    this.#limits = { revisions: limits.revisions ?? MAX_REVISIONS, removed: limits.removed ?? MAX_REMOVED };
  }

  /** The revision of what is being changed now. */
  get next(): number {
    return this.revision + 1;
  }

  changed(key: number): void {
    this.#pending.add(key);
    this.#dirty = true;
  }

  removed(key: number, netns: NetnsRemoved): void {
    this.#pending.delete(key);
    this.#removed.push({ revision: this.next, key, netns });
    if (this.#removed.length > this.#limits.removed) {
      const gone = this.#removed.splice(0, this.#removed.length - Math.floor(this.#limits.removed / 2));
      this.#forgotten = gone.at(-1)?.revision ?? this.#forgotten;
    }
    this.#dirty = true;
  }

  partChanged(part: HostPart): void {
    this.#parts[part] = this.next;
    this.#dirty = true;
  }

  /** Makes what was gathered visible. False when there was nothing. */
  commit(): boolean {
    if (!this.#dirty) return false;
    this.#dirty = false;
    this.revision++;
    this.#log.push([...this.#pending]);
    this.#pending.clear();
    // In slices of half, so that the array is not moved at each commit.
    if (this.#log.length > this.#limits.revisions) {
      const gone = this.#log.length - Math.floor(this.#limits.revisions / 2);
      this.#log = this.#log.slice(gone);
      this.#first += gone;
    }
    return true;
  }

  /**
   * What changed after a revision; undefined if that history is gone.
   * @param all the namespaces there are with the revisions of their last changes, for when the log does not go back so far
   */
  changesAfter(revision: number, all: ReadonlyMap<number, { readonly revision: number }>): LiveChanges | undefined {
    if (revision < this.#forgotten || revision > this.revision) return undefined;
    const parts = this.#parts;
    return {
      changed: [...this.#keysAfter(revision, all)],
      removed: this.#removed.filter((ended) => ended.revision > revision && ended.revision <= this.revision),
      host: parts.host > revision,
      networks: parts.networks > revision,
      gaps: parts.gaps > revision,
      freshness: parts.freshness > revision,
    };
  }

  *#keysAfter(revision: number, all: ReadonlyMap<number, { readonly revision: number }>): Generator<number> {
    if (revision + 1 < this.#first || this.revision - revision > all.size) {
      for (const [key, netns] of all) if (netns.revision > revision) yield key;
      return;
    }
    const seen = new Set<number>();
    for (let at = revision + 1 - this.#first; at < this.#log.length; at++) for (const key of this.#log[at] ?? []) seen.add(key);
    // Namespaces that have ended since are in `removed`.
    for (const key of seen) if (all.has(key)) yield key;
  }
}
