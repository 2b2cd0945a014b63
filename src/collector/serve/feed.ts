import { type EventMaker, type FeedStep, WatchFeed } from '../../serve/feed.js';
import { type Selector, withoutHosts } from '../../model/select.js';
import type { Cursor, HostEntry, Table } from '../../model/types.js';
import type { LiveHost } from '../../live/types.js';
import { encode } from '../../wire/codec.js';
import { fabricMessage, watchMessage } from '../../wire/watch-bytes.js';
import type { HubStep } from '../../serve/hub.js';
import { agesOf, entriesThatFit } from './entries.js';
import type { Member, Members } from '../types.js';

/** What a reader wants to watch. The selector speaks of hosts and namespaces only. */
export interface FabricWish {
  readonly selector: Selector;
  readonly tables: readonly Table[];
  /** Where an earlier stream ended, by host id. */
  readonly after: ReadonlyMap<string, Cursor>;
}

/** Steps of one host before the next has its turn: a host that changes all the time must not starve the others. */
const STEPS_IN_A_ROW = 64;

const RESPONSE = 'nsatlas.v1.CollectorWatchResponse';

/** One host's part of the stream. */
interface Feed {
  readonly live: LiveHost;
  readonly steps: Iterator<FeedStep<Uint8Array>, never>;
  readonly unsubscribe: () => void;
}

/** The stream of one reader over all hosts: a WatchFeed for each of them, and the states of their agents. */
export class FabricFeed {
  readonly #members: Members;
  readonly #wish: FabricWish;
  readonly #makerOf: (live: LiveHost) => EventMaker<Uint8Array>;
  readonly #feeds = new Map<string, Feed>();
  /** Hosts with more to send: hundreds of idle ones cost nothing. */
  readonly #pending = new Set<string>();
  /** What was sent of each agent, by host id or, if that is unknown, by address. */
  readonly #sent = new Map<string, string>();
  readonly #after: Map<string, Cursor>;
  /** Hosts that existed at the start and were not sent completely yet; undefined before the start and after the mark. */
  #first: Set<string> | undefined;
  #began = false;
  #rosterChanged = true;

  constructor(members: Members, wish: FabricWish, makerOf: (live: LiveHost) => EventMaker<Uint8Array>) {
    this.#members = members;
    this.#wish = wish;
    this.#makerOf = makerOf;
    this.#after = new Map(wish.after);
  }

  /** To be called when a host is added or removed, or the state of an agent changes. */
  rosterChanged(): void {
    this.#rosterChanged = true;
  }

  /** To be called when the reader is gone. */
  close(): void {
    for (const host of [...this.#feeds.keys()]) this.#end(host);
  }

  /** The mark, with the current ages. */
  mark(): Uint8Array {
    const hosts = [...this.#feeds.keys()];
    const members = this.#members.members().filter(({ hostId }) => hosts.includes(hostId));
    return encode(RESPONSE, { synced: { fabric: agesOf(members) } });
  }

  /** Never ends. */
  *steps(): Generator<HubStep, never> {
    for (;;) {
      if (this.#rosterChanged) yield* this.#roster();
      for (const host of [...this.#pending]) yield* this.#turn(host);
      if (this.#first?.size === 0) {
        this.#first = undefined;
        yield this.mark();
      }
      if (this.#pending.size === 0 && !this.#rosterChanged) yield 'wait';
    }
  }

  /** Afterwards the host is last among the pending ones, if it still is pending. */
  *#turn(host: string): Generator<HubStep> {
    const feed = this.#feeds.get(host);
    this.#pending.delete(host);
    if (feed === undefined) return;
    for (let left = STEPS_IN_A_ROW; left > 0; left--) {
      const { value: step } = feed.steps.next();
      if (step === 'wait') {
        this.#first?.delete(host);
        return;
      }
      yield step === 'again' ? step : fabricMessage(host, watchMessage(step.cursor, step.body));
    }
    if (this.#feeds.get(host) === feed) this.#pending.add(host);
  }

  /** Sends which agents were added, changed state or were removed, and starts with new hosts. */
  *#roster(): Generator<HubStep> {
    this.#rosterChanged = false;
    const entries = entriesThatFit(this.#members, this.#wish.selector);
    const members = new Map(this.#members.members().map((member) => [member.hostId, member]));
    const now = new Map(entries.map((entry) => [keyOf(entry, members), entry]));
    for (const key of [...new Set([...this.#sent.keys(), ...this.#after.keys()])]) {
      if (now.has(key)) continue;
      // A host that the reader only has from an earlier stream may be unknown because the collector has just started; it is sent in full later.
      this.#sent.delete(key);
      this.#after.delete(key);
      this.#end(key);
      this.#first?.delete(key);
      yield encode(RESPONSE, { host: key, forgotten: { reason: 'this collector does not have this host' } });
    }
    for (const [key, entry] of now) {
      const signature = signatureOf(entry);
      if (this.#sent.get(key) !== signature) {
        this.#sent.set(key, signature);
        yield encode(RESPONSE, { host: key, entry });
      }
      const member = members.get(key);
      if (member !== undefined) this.#begin(member);
    }
    if (this.#began) return;
    this.#began = true;
    this.#first = new Set(this.#feeds.keys());
  }

  #begin({ hostId, live }: Member): void {
    if (live.host() === undefined || this.#feeds.get(hostId)?.live === live) return;
    const { selector, tables } = this.#wish;
    const after = this.#after.get(hostId);
    this.#after.delete(hostId);
    const wish = { selector: withoutHosts(selector), tables, after, server: 'collector' } as const;
    const feed = new WatchFeed(live, wish, this.#makerOf(live));
    this.#end(hostId);
    const unsubscribe = live.subscribe(() => this.#pending.add(hostId));
    this.#feeds.set(hostId, { live, steps: feed.steps(), unsubscribe });
    this.#pending.add(hostId);
  }

  #end(host: string): void {
    this.#feeds.get(host)?.unsubscribe();
    this.#feeds.delete(host);
    this.#pending.delete(host);
  }
}

/** Several agents can claim to be one host: only the member's is sent under the host's id, the others under their addresses. */
function keyOf({ host, agent }: HostEntry, members: ReadonlyMap<string, Member>): string {
  return host !== undefined && members.get(host)?.entry().agent === agent ? host : agent;
}

/** What is worth sending: not the ages, which grow by themselves. */
function signatureOf({ host, hostName, agent, source, state }: HostEntry): string {
  return JSON.stringify([host, hostName, agent, source, state]);
}
