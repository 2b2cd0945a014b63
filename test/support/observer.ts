// An observer whose events are kept, and a reader that gives namespaces ids in its namespace.
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { EVENT_RULES, EVENT_TABLES } from '../../src/tables/index.js';
import { createObserver, type NetnsReader } from '../../src/native/index.js';
import type { ObservedEvents, Observer, ObserverOptions } from '../../src/native/types.js';
import { newNsid } from '../../src/netlink/requests.js';
import { NATIVE_OPTIONS, testReader } from './native-addon.js';
import { readAll } from './native-records.js';
import type { ScratchNetns } from './netns.js';

/** The observer namespace as a target of read jobs. */
export interface ObserverPlace {
  readonly path: string;
  readonly identity: { readonly dev: number; readonly ino: number };
}

/** Where an observer is. @throws AssertionError when it has no netlink */
export function placeOf({ path, identity }: Observer): ObserverPlace {
  assert.ok(path !== undefined && identity !== undefined, 'an observer without a namespace');
  return { path, identity };
}

/** Gives namespaces the ids [first, first + 1, …] in the observer namespace, as the agent does. @returns errno of each */
export async function giveIds(
  reader: NetnsReader,
  place: ObserverPlace,
  namespaces: readonly ScratchNetns[],
  first: number,
): Promise<number[]> {
  const requests = namespaces.map(({ path, dev, ino }, at) => {
    const { bytes, fdOffset } = newNsid(first + at);
    return { bytes, netnsFd: { offset: fdOffset, path, expect: { dev, ino } } };
  });
  const targets = [{ path: place.path, expect: place.identity, requests: requests.map((_, at) => at) }];
  const [record] = await readAll(reader, { requests, targets, observer: place.identity, timeLimitMs: 10_000 });
  assert.deepEqual(record?.problems, [undefined]);
  return record.ends.map(({ errno }) => errno);
}

const open = new Set<Listener>();

/** For afterEach(), before guardHygiene(): what t.after() does comes too late for that. */
export function closeListeners(): void {
  for (const listener of open) listener.close();
}

/** An observer whose events are taken as they come, and remembered until forget(). */
export class Listener {
  readonly observer: Observer;
  readonly reader: NetnsReader;
  /** Calls of onEvents, and how many of them found nothing to take. */
  calls = 0;
  idleCalls = 0;
  lost = 0;
  mounts = 0;
  messages = 0;
  oldestAtMs: number | undefined;
  readonly dead: number[] = [];
  readonly #names: readonly string[];
  readonly #changes = new Map<string, Set<number> | 'any'>();
  #wake: () => void = () => undefined;

  /** @param names of the tables, by their numbers in the rules */
  constructor(options: Partial<ObserverOptions> = {}, names: readonly string[] = EVENT_TABLES) {
    this.#names = names;
    this.reader = testReader();
    this.observer = createObserver({ ...NATIVE_OPTIONS, events: EVENT_RULES, ...options, onEvents: () => this.#take() });
    open.add(this);
  }

  /** Gives ids to namespaces from `first` on. */
  async listenTo(namespaces: readonly ScratchNetns[], first = 1): Promise<void> {
    const errnos = await giveIds(this.reader, placeOf(this.observer), namespaces, first);
    assert.deepEqual(
      errnos,
      namespaces.map(() => 0),
    );
  }

  /** What changed of a table: ifindexes in order, 'any', or undefined. */
  changed(nsid: number, table: string): readonly number[] | 'any' | undefined {
    const known = this.#changes.get(`${nsid} ${table}`);
    return known === undefined || known === 'any' ? known : [...known].sort((a, b) => a - b);
  }

  /** All interfaces that were told of, with the namespace. */
  ifindexes(): (readonly [nsid: number, ifindexes: readonly number[]])[] {
    return [...this.#changes].map(([key, known]) => [Number.parseInt(key), known === 'any' ? [] : [...known]]);
  }

  /** "NSID TABLE" of everything that changed, in order. */
  get tables(): string[] {
    return [...this.#changes.keys()].sort();
  }

  forget(): void {
    this.#changes.clear();
    this.dead.length = 0;
    this.calls = this.idleCalls = this.lost = this.mounts = this.messages = 0;
    this.oldestAtMs = undefined;
  }

  /** Waits, event by event, until something holds. @throws AssertionError after 5 s, with everything that was heard */
  async until(what: string, holds: () => boolean): Promise<void> {
    const ended = new AbortController();
    const limit = sleep(5000, 'late' as const, { signal: ended.signal }).catch(() => 'ended' as const);
    while (!holds()) {
      const heard = new Promise<'heard'>((resolve) => (this.#wake = () => resolve('heard')));
      const late = (await Promise.race([heard, limit])) === 'late';
      assert.ok(!late || holds(), `${what}: heard only of ${this.tables.join(', ')}, dead ${this.dead.join(', ')}`);
    }
    ended.abort();
    await limit;
  }

  /** Takes what has not been told of yet, when nothing more is to be waited for. */
  takeRest(): void {
    this.#add(this.observer.take());
  }

  close(): void {
    open.delete(this);
    this.observer.close();
    this.reader.close();
  }

  #take(): void {
    this.calls++;
    const events = this.observer.take();
    if (events.changes.length + events.dead.length + events.lost === 0 && !events.mounts) this.idleCalls++;
    this.#add(events);
    this.#wake();
  }

  #add(events: ObservedEvents): void {
    for (const { nsid, table, ifindexes } of events.changes) {
      const key = `${nsid} ${this.#names[table]}`;
      const known = this.#changes.get(key) ?? new Set<number>();
      if (known === 'any' || ifindexes.length === 0) this.#changes.set(key, 'any');
      else this.#changes.set(key, new Set([...known, ...ifindexes]));
    }
    this.dead.push(...events.dead);
    this.lost += events.lost;
    if (events.mounts) this.mounts++;
    this.messages += events.messages;
    this.oldestAtMs ??= events.oldestAtMs;
  }
}
