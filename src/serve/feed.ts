import { netnsName } from '../model/ids.js';
import { isEmptySelector, selectsNetns, type Selector } from '../model/select.js';
import type { Cursor, Netns, NetnsRemoved, Table } from '../model/types.js';
import type { LiveChanges, LiveHost } from '../live/types.js';
import type { WatchBody } from '../wire/watch-bytes.js';

/** What a reader wants to watch. The selector may only select namespaces. */
export interface WatchWish {
  readonly selector: Selector;
  readonly tables: readonly Table[];
  /** Where an earlier stream ended. */
  readonly after?: Cursor | undefined;
  /** Whose stream it is, for the reason of a restart; agent. */
  readonly server?: 'collector';
}

/** Makes of events, without their cursor, what readers get: objects to show, or bytes to send. */
export interface EventMaker<Body> {
  make(event: WatchBody): Body;
  /** LiveHost.parts(), each with the id of its namespace. */
  parts(key: number, since: number | undefined, tables: readonly Table[]): Iterable<{ readonly id: string; readonly body: Body }>;
}

/**
 * One event; 'again' if a piece of work produced none, and others may have their turn; 'wait' if everything was sent: continue
 * when the live host has changed.
 */
export type FeedStep<Body> = { readonly cursor: Cursor; readonly body: Body } | 'again' | 'wait';

/** A namespace that was sent at a later revision than the cursor's. */
interface Ahead {
  readonly revision: number;
  readonly id: string;
}

/**
 * The stream of one reader of a live host. It queues no events, it only knows which state its reader has: what happens while the
 * reader is slow is sent once, in its latest state.
 */
export class WatchFeed<Body> {
  readonly #live: LiveHost;
  readonly #wish: WatchWish;
  readonly #maker: EventMaker<Body>;
  /** Everything up to this revision was sent. */
  #at = 0;
  #cursor: Cursor;
  /** Namespaces that were sent in a state after #at: continuing from there, nothing is sent twice and no removal of a row is missed. */
  readonly #ahead = new Map<number, Ahead>();
  /** Ids of the namespaces that the reader has, by key. Only with a selector, for without one it has all of them. */
  readonly #inside: Map<number, string> | undefined;
  /**
   * After a resume with a selector: namespaces of which it is known whether the reader has them. It may have others, so their removals are
   * always sent, and they are sent in full when they change.
   */
  #decided: Set<number> | undefined;
  /** Grows when other namespaces are selected than before. */
  #selections = 0;

  constructor(live: LiveHost, wish: WatchWish, maker: EventMaker<Body>) {
    this.#live = live;
    this.#wish = wish;
    this.#maker = maker;
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
    const { after, server = 'agent' } = this.#wish;
    if (after === undefined) return 'no cursor was given';
    if (after.epoch !== this.#live.epoch) return `the ${server} was restarted`;
    // Of a stream that had not come to its first mark.
    if (after.revision === 0n) return 'the cursor is from before the end of the initial state';
    if (after.revision > BigInt(this.#live.revision)) return 'the cursor is ahead of the history';
    return this.#live.changesAfter(Number(after.revision)) === undefined ? TOO_MUCH : undefined;
  }

  *#everything(reason: string): Generator<FeedStep<Body>> {
    this.#ahead.clear();
    this.#inside?.clear();
    this.#decided = undefined;
    this.#cursor = { epoch: this.#live.epoch, revision: 0n };
    const base = this.#live.revision;
    yield { cursor: this.#cursor, body: this.#maker.make({ restart: { reason } }) };
    for (const body of this.#firstState(base)) yield body === undefined ? 'again' : { cursor: this.#cursor, body };
    this.#at = base;
    yield* this.#changes(true);
  }

  *#firstState(base: number): Generator<Body | undefined> {
    yield this.#host();
    yield this.#networks();
    for (const key of this.#live.keys()) {
      yield undefined;
      if (this.#fits(key)) yield* this.#send(key, undefined, base);
    }
    yield this.#gaps();
  }

  /** Sends the changes since #at. The cursor moves with the last event, after which the reader has everything. @param synced whether to add the mark */
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
    for (const [key, { revision }] of this.#ahead) if (revision <= target) this.#ahead.delete(key);
    this.#cursor = { epoch: this.#live.epoch, revision: BigInt(target) };
    if (held !== undefined) yield { cursor: this.#cursor, body: held };
  }

  *#bodies(changes: LiveChanges, target: number, synced: boolean): Generator<Body | undefined> {
    if (changes.host) yield this.#host();
    if (changes.networks) yield this.#networks();
    const selections = this.#selections;
    // Removals come first: a new namespace may have the id of a removed one.
    yield* this.#ends(changes);
    for (const key of changes.changed) {
      yield undefined;
      if (this.#inside === undefined) yield* this.#send(key, this.#since(key), target);
      else yield* this.#sendSelected(key, target);
    }
    if (changes.gaps || (this.#inside !== undefined && selections !== this.#selections)) yield this.#gaps();
    if (synced || changes.freshness) yield this.#maker.make({ synced: { freshness: this.#live.freshness() } });
  }

  *#ends({ removed }: LiveChanges): Generator<Body> {
    if (removed.length === 0) return;
    for (const { key } of removed) this.#ahead.delete(key);
    const successors = new Set([...this.#ahead.values()].map(({ id }) => id));
    for (const { key, netns } of removed) {
      const known = this.#mayHave(key);
      this.#inside?.delete(key);
      this.#decided?.delete(key);
      if (known) this.#selections++;
      // Its successor was sent already, in full: with that the reader has dropped this one.
      if (known && !successors.has(netns.id)) yield this.#maker.make({ removed: netns });
    }
  }

  *#sendSelected(key: number, target: number): Generator<Body | undefined> {
    if (this.#fits(key)) {
      yield* this.#send(key, this.#inside?.has(key) === true ? this.#since(key) : undefined, target);
      return;
    }
    const head = this.#live.head(key);
    // Removed since: that is sent with the removals of the next turn.
    if (head === undefined) return;
    const had = this.#mayHave(key);
    this.#ahead.delete(key);
    this.#decided?.add(key);
    this.#inside?.delete(key);
    if (!had) return;
    this.#selections++;
    yield this.#maker.make({ removed: removalOf(head) });
  }

  /** Whether the reader has a namespace, as far as is known. */
  #mayHave(key: number): boolean {
    return this.#inside === undefined || this.#inside.has(key) || this.#decided?.has(key) === false;
  }

  *#send(key: number, since: number | undefined, target: number): Generator<Body | undefined> {
    const revision = this.#live.revision;
    for (const { id, body } of this.#maker.parts(key, since, this.#wish.tables)) {
      if (revision > target) this.#ahead.set(key, { revision, id });
      this.#enter(key, id);
      yield body;
      yield undefined;
    }
  }

  #since(key: number): number {
    return this.#ahead.get(key)?.revision ?? this.#at;
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

  #host(): Body | undefined {
    const host = this.#live.host();
    return host && this.#maker.make({ host });
  }

  #networks(): Body {
    return this.#maker.make({ networks: { networks: [...this.#live.networks()] } });
  }

  /** Of the selected tables and namespaces. */
  #gaps(): Body {
    const ids = this.#selectedIds();
    const gaps = this.#live
      .gaps()
      .filter(({ table }) => table === undefined || this.#wish.tables.includes(table))
      .filter(({ netnsId }) => netnsId === undefined || ids === undefined || ids.has(netnsId));
    return this.#maker.make({ gaps: { gaps } });
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
