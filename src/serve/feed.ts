import { netnsName } from '../model/ids.js';
import { isEmptySelector, selectsNetns, type Selector } from '../model/select.js';
import type { Cursor, Gap, Netns, NetnsRemoved, Table } from '../model/types.js';
import type { LiveChanges, LiveHost } from '../live/types.js';

/** What a reader wants to watch. The selector speaks of namespaces only. */
export interface WatchWish {
  readonly selector: Selector;
  readonly tables: readonly Table[];
  /** Where an earlier stream ended. */
  readonly after?: Cursor | undefined;
}

/** Makes events without their cursor: objects for those who show them, bytes for those who send them. */
export interface EventMaker<Body> {
  restart(reason: string): Body;
  /** undefined before the host is known. */
  host(): Body | undefined;
  networks(): Body;
  gaps(gaps: readonly Gap[]): Body;
  removed(netns: NetnsRemoved): Body;
  synced(): Body;
  /** LiveHost.parts(), each with the id of its namespace. */
  parts(key: number, since: number | undefined, tables: readonly Table[]): Iterable<{ readonly id: string; readonly body: Body }>;
}

/**
 * One event; 'again' where nothing came of a piece of work, and others may have their turn; 'wait' when everything was told: ask again
 * when the live host has changed.
 */
export type FeedStep<Body> = { readonly cursor: Cursor; readonly body: Body } | 'again' | 'wait';

/** What is told beyond the cursor: the state of a namespace at a later revision. */
interface Told {
  readonly revision: number;
  readonly id: string;
}

/**
 * One reader's way through a live host. It holds no events: only up to where its reader knows the state, so that what happens while the
 * reader is slow is told once, as it is then.
 */
export class WatchFeed<Body> {
  readonly #live: LiveHost;
  readonly #wish: WatchWish;
  readonly #make: EventMaker<Body>;
  /** Everything up to this revision was told. */
  #at = 0;
  #cursor: Cursor;
  /** Namespaces that were told as they were after #at: going on from there, nothing is told twice and no end of a row is missed. */
  readonly #told = new Map<number, Told>();
  /** Ids of the namespaces that the reader has, by key. Only with a selector, for without one it has all of them. */
  readonly #inside: Map<number, string> | undefined;
  /**
   * After a resume with a selector: namespaces of which it is known whether the reader has them. Of others it may, so that their ends are
   * told in any case, and they themselves whole when they change.
   */
  #decided: Set<number> | undefined;
  /** Grows when other namespaces are selected than before. */
  #selections = 0;

  constructor(live: LiveHost, wish: WatchWish, make: EventMaker<Body>) {
    this.#live = live;
    this.#wish = wish;
    this.#make = make;
    this.#cursor = { epoch: live.epoch, revision: 0n };
    this.#inside = isEmptySelector(wish.selector) ? undefined : new Map<number, string>();
  }

  /** Never ends. */
  *steps(): Generator<FeedStep<Body>, never> {
    const reason = this.#whyRestart();
    if (reason === undefined) {
      this.#at = Number(this.#wish.after?.revision);
      this.#cursor = { epoch: this.#live.epoch, revision: BigInt(this.#at) };
      if (this.#inside !== undefined) this.#decided = new Set();
      yield* this.#changes(true);
    } else {
      yield* this.#everything(reason);
    }
    for (;;) {
      if (this.#live.revision === this.#at) yield 'wait';
      else yield* this.#changes(false);
    }
  }

  #whyRestart(): string | undefined {
    const { after } = this.#wish;
    if (after === undefined) return 'no cursor was given';
    if (after.epoch !== this.#live.epoch) return 'the agent was restarted';
    // Of a stream that had not come to its first mark.
    if (after.revision === 0n) return 'the cursor is from before the first state was told';
    if (after.revision > BigInt(this.#live.revision)) return 'the cursor is of no revision that has been';
    return this.#live.changesAfter(Number(after.revision)) === undefined ? TOO_MUCH : undefined;
  }

  *#everything(reason: string): Generator<FeedStep<Body>> {
    this.#told.clear();
    this.#inside?.clear();
    this.#decided = undefined;
    this.#cursor = { epoch: this.#live.epoch, revision: 0n };
    const base = this.#live.revision;
    yield { cursor: this.#cursor, body: this.#make.restart(reason) };
    for (const body of this.#firstState(base)) yield body === undefined ? 'again' : { cursor: this.#cursor, body };
    this.#at = base;
    yield* this.#changes(true);
  }

  *#firstState(base: number): Generator<Body | undefined> {
    yield this.#make.host();
    yield this.#make.networks();
    for (const key of this.#live.keys()) {
      yield undefined;
      if (this.#fits(key)) yield* this.#tell(key, undefined, base);
    }
    yield this.#make.gaps(this.#gaps());
  }

  /** Tells what changed since #at. The cursor moves with the last event: whoever has that has everything. @param synced whether to say so */
  *#changes(synced: boolean): Generator<FeedStep<Body>> {
    const target = this.#live.revision;
    const changes = this.#live.changesAfter(this.#at);
    if (changes === undefined) {
      yield* this.#everything(TOO_MUCH);
      return;
    }
    let held: Body | undefined;
    for (const body of this.#bodies(changes, target, synced)) {
      if (body === undefined) {
        yield 'again';
        continue;
      }
      if (held !== undefined) yield { cursor: this.#cursor, body: held };
      held = body;
    }
    this.#at = target;
    for (const [key, { revision }] of this.#told) if (revision <= target) this.#told.delete(key);
    this.#cursor = { epoch: this.#live.epoch, revision: BigInt(target) };
    if (held !== undefined) yield { cursor: this.#cursor, body: held };
  }

  *#bodies(changes: LiveChanges, target: number, synced: boolean): Generator<Body | undefined> {
    if (changes.host) yield this.#make.host();
    if (changes.networks) yield this.#make.networks();
    const selections = this.#selections;
    // Ends come first: a new namespace may have the id of one that is gone.
    yield* this.#ends(changes);
    for (const key of changes.changed) {
      yield undefined;
      if (this.#inside === undefined) yield* this.#tell(key, this.#since(key), target);
      else yield* this.#tellSelected(key, target);
    }
    if (changes.gaps || (this.#inside !== undefined && selections !== this.#selections)) yield this.#make.gaps(this.#gaps());
    if (synced || changes.freshness) yield this.#make.synced();
  }

  *#ends({ removed }: LiveChanges): Generator<Body> {
    if (removed.length === 0) return;
    for (const { key } of removed) this.#told.delete(key);
    const successors = new Set([...this.#told.values()].map(({ id }) => id));
    for (const { key, netns } of removed) {
      const known = this.#mayHave(key);
      this.#inside?.delete(key);
      this.#decided?.delete(key);
      if (known) this.#selections++;
      // Told already, whole: whoever hears that has forgotten the one before.
      if (known && !successors.has(netns.id)) yield this.#make.removed(netns);
    }
  }

  *#tellSelected(key: number, target: number): Generator<Body | undefined> {
    if (this.#fits(key)) {
      yield* this.#tell(key, this.#inside?.has(key) === true ? this.#since(key) : undefined, target);
      return;
    }
    const head = this.#live.head(key);
    // Gone since: that is told with the ends of the next turn.
    if (head === undefined) return;
    const had = this.#mayHave(key);
    this.#told.delete(key);
    this.#decided?.add(key);
    this.#inside?.delete(key);
    if (!had) return;
    this.#selections++;
    yield this.#make.removed(removalOf(head));
  }

  /** Whether the reader has a namespace, as far as is known. */
  #mayHave(key: number): boolean {
    return this.#inside === undefined || this.#inside.has(key) || this.#decided?.has(key) === false;
  }

  *#tell(key: number, since: number | undefined, target: number): Generator<Body | undefined> {
    const revision = this.#live.revision;
    for (const { id, body } of this.#make.parts(key, since, this.#wish.tables)) {
      if (revision > target) this.#told.set(key, { revision, id });
      this.#enter(key, id);
      yield body;
      yield undefined;
    }
  }

  #since(key: number): number {
    return this.#told.get(key)?.revision ?? this.#at;
  }

  #fits(key: number): boolean {
    if (this.#inside === undefined) return true;
    const head = this.#live.head(key);
    return head !== undefined && selectsNetns(head, this.#wish.selector);
  }

  #enter(key: number, id: string): void {
    this.#decided?.add(key);
    if (this.#inside === undefined || this.#inside.has(key)) return;
    this.#inside.set(key, id);
    this.#selections++;
  }

  /** Of the tables and the namespaces that are told. */
  #gaps(): Gap[] {
    const ids = this.#selectedIds();
    return this.#live
      .gaps()
      .filter(({ table }) => table === undefined || this.#wish.tables.includes(table))
      .filter(({ netnsId }) => netnsId === undefined || ids === undefined || ids.has(netnsId));
  }

  #selectedIds(): Set<string> | undefined {
    if (this.#inside === undefined) return undefined;
    if (this.#decided === undefined) return new Set(this.#inside.values());
    const heads = this.#live.keys().flatMap((key) => this.#live.head(key) ?? []);
    return new Set(heads.filter((head) => selectsNetns(head, this.#wish.selector)).map(({ id }) => id));
  }
}

const TOO_MUCH = 'too much has happened since';

/** As if the namespace were gone. */
function removalOf(head: Netns): NetnsRemoved {
  const { id, cookie } = head;
  return { id, ...(cookie !== undefined && { cookie }), netnsName: netnsName(head) };
}
