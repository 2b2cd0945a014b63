import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Discovery, FoundNetns } from '../discover/types.js';
import { areSame } from '../text/lists.js';
import type { LiveNetns } from './live-netns.js';
import type { LiveState } from './live-state.js';

/** What a discovery changed. */
export interface PopulationChange {
  readonly come: readonly LiveNetns[];
  readonly gone: readonly LiveNetns[];
  /** Those that could not be read by the paths that were known, and to which others lead now. */
  readonly found: readonly LiveNetns[];
}

/** Namespaces that are taken over in one go. */
const SLICE = 64;

/** Which namespaces there are: gives keys to those that come, and remembers which id each has in the observer namespace. */
export class Population {
  readonly #state: LiveState;
  readonly #byIdentity = new Map<string, LiveNetns>();
  readonly #byNsid = new Map<number, LiveNetns>();
  /** Ids in the observer namespace cannot be taken back: they are kept for namespaces that come back into sight. */
  readonly #nsids = new Map<string, number>();
  #nextKey = 1;
  #nextNsid = 1;

  constructor(state: LiveState) {
    this.#state = state;
  }

  /** To be taken before namespaces are looked for: those that come after it cannot be missing from what is found. */
  get mark(): number {
    return this.#nextKey;
  }

  /**
   * Takes over what was found.
   * @param mark as it was when the search began; undefined: only new namespaces are taken over, for nothing can be said of the others
   */
  async apply({ namespaces }: Pick<Discovery, 'namespaces'>, mark: number | undefined): Promise<PopulationChange> {
    const come: LiveNetns[] = [];
    const again: LiveNetns[] = [];
    const seen = new Set<LiveNetns>();
    for (const [at, found] of namespaces.entries()) {
      const known = this.#byIdentity.get(identityOf(found));
      if (known === undefined) come.push(this.#add(found));
      else {
        seen.add(known);
        // Where only a part was looked at, processes are missing: it says something new of those alone that are lost.
        const isFound = isLost(known) && !areSame(known.found.openPaths, found.openPaths);
        if (mark !== undefined || isFound) this.#update(known, found);
        if (isFound) again.push(known);
      }
      if (at % SLICE === SLICE - 1) await nextTurn();
    }
    const old = mark === undefined ? [] : [...this.#state.namespaces.values()].filter(({ key }) => key < mark);
    const gone = old.filter((netns) => !seen.has(netns));
    for (const netns of gone) this.remove(netns);
    const isThere = (netns: LiveNetns): boolean => this.#state.namespaces.get(netns.key) === netns;
    return { come: come.filter(isThere), gone, found: again.filter(isThere) };
  }

  /** The nsid that a namespace gets in the observer namespace. The kernel finds low ones faster: the first request gets the lowest. */
  nsidFor(netns: LiveNetns): number {
    const identity = identityOf(netns.found);
    const known = this.#nsids.get(identity);
    if (known !== undefined) return known;
    const nsid = this.#nextNsid++;
    this.#nsids.set(identity, nsid);
    return nsid;
  }

  /** A namespace has its nsid: its events are received from now on. */
  assigned(netns: LiveNetns, nsid: number): void {
    netns.nsid = nsid;
    if (this.#state.namespaces.get(netns.key) === netns) this.#byNsid.set(nsid, netns);
  }

  byNsid(nsid: number): LiveNetns | undefined {
    return this.#byNsid.get(nsid);
  }

  /** Whether events of every namespace that can be opened are received. */
  get allAssigned(): boolean {
    return [...this.#state.namespaces.values()].every(({ nsid }) => nsid !== undefined);
  }

  /** A namespace has ended: its id is free, and its inode may be given to another one. */
  ended(netns: LiveNetns): void {
    this.#nsids.delete(identityOf(netns.found));
    this.remove(netns);
  }

  /** An id of which nothing is in sight any more has ended. */
  endedOutOfSight(nsid: number): void {
    for (const [identity, known] of this.#nsids) if (known === nsid) this.#nsids.delete(identity);
  }

  remove(netns: LiveNetns): void {
    const identity = identityOf(netns.found);
    if (this.#byIdentity.get(identity) === netns) this.#byIdentity.delete(identity);
    if (netns.nsid !== undefined) this.#byNsid.delete(netns.nsid);
    this.#state.remove(netns);
  }

  #add(found: FoundNetns): LiveNetns {
    const netns = this.#state.add(this.#nextKey++, found);
    this.#byIdentity.set(identityOf(found), netns);
    return netns;
  }

  #update(netns: LiveNetns, found: FoundNetns): void {
    const before = netns.found;
    netns.found = found;
    if (!areSame(before.openPaths, found.openPaths)) netns.pathAt = 0;
    const same = areSame(before.paths, found.paths) && areSame(before.pids, found.pids) && before.isHost === found.isHost;
    if (!same) this.#state.headChanged(netns);
  }
}

/** Whether it was tried, and could not be read. */
function isLost({ status }: LiveNetns): boolean {
  return status !== 'OK' && status !== 'NOT_READ';
}

function identityOf({ dev, ino }: FoundNetns): string {
  return `${dev}:${ino}`;
}
