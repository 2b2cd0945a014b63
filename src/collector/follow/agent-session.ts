import type { Cursor, Freshness, Host, WatchEvent } from '../../model/types.js';
import type { LiveHost } from '../../live/types.js';
import type { WatchCounts } from '../../wire/watch-merge.js';

/** A host as a collector keeps it, fed with what its agent tells. */
export interface Replica extends LiveHost {
  /** Where to go on after a break; undefined before anything was told. */
  readonly cursor: Cursor | undefined;
  readonly counts: WatchCounts;
  /** How far the agent says that it is behind its kernel, as it told it last; undefined before its first mark. */
  readonly told: Freshness | undefined;
  /** Takes an event. Never throws, whatever is in it. */
  apply(event: WatchEvent): void;
  /** Makes visible what was applied. */
  commit(): void;
  /** The agent was heard: what is known ages from now on. */
  heard(): void;
}

/** Why what an agent tells is not taken any further: it makes no sense, or it is of another host than before. */
export type SessionErrorCode = 'ERR_NSATLAS_SESSION_MALFORMED' | 'ERR_NSATLAS_SESSION_MOVED';

/** What an agent told cannot be taken. The message is one line for people, without the agent's address. */
export class SessionError extends Error {
  readonly code: SessionErrorCode;

  constructor(message: string, code: SessionErrorCode = 'ERR_NSATLAS_SESSION_MALFORMED') {
    super(message);
    this.name = 'SessionError';
    this.code = code;
  }
}

interface SessionOptions {
  /** The cursor that was given to the agent, and of which replica it is. */
  readonly after: Cursor | undefined;
  /** Called when the agent has said which host it tells of. @throws what keeps it from being used */
  readonly claim: (host: Pick<Host, 'id' | 'name'>, epoch: string) => Replica;
  /** Called when the agent goes on from `after`. @throws what keeps it from being used */
  readonly resume: (epoch: string) => Replica;
  /** Told when the host said something of itself. */
  readonly onHost: () => void;
}

/** Most events between the restart and the one that says which host it is; agents send it at once. */
const MOST_HELD = 8;

/** Longest id of a host, in characters. */
const LONGEST_ID = 256;

/** One stream of an agent: finds out which host it tells of before anything of it is believed, and hands everything to that host's replica. */
export class AgentSession {
  /** Whether everything was told on this stream, or everything that was missed. */
  synced = false;
  readonly #options: SessionOptions;
  #replica: Replica | undefined;
  #hostId: string | undefined;
  /** Events that wait for the one that says which host it is. */
  #held: WatchEvent[] | undefined;

  constructor(options: SessionOptions) {
    this.#options = options;
  }

  /** Whether it is known which host it tells of, and that it may. */
  get identified(): boolean {
    return this.#replica !== undefined;
  }

  /** Takes the next event. @throws SessionError; what `claim` and `resume` throw */
  take(event: WatchEvent): void {
    if (event.restart !== undefined) {
      this.#held = [event];
      this.synced = false;
    } else if (this.#held !== undefined) this.#identify(this.#held, event);
    else this.#apply((this.#replica ??= this.#resumed(event)), event);
  }

  #identify(held: WatchEvent[], event: WatchEvent): void {
    held.push(event);
    if (event.host === undefined) {
      if (held.length > MOST_HELD || event.synced !== undefined) throw new SessionError('it does not say which host it tells of');
      return;
    }
    const { id } = event.host;
    if (id === '' || id.length > LONGEST_ID) throw new SessionError(`the id of its host has ${id.length} characters`);
    this.#replica = this.#options.claim(event.host, event.cursor.epoch);
    this.#hostId = id;
    this.#held = undefined;
    for (const each of held) this.#apply(this.#replica, each);
  }

  #resumed({ cursor }: WatchEvent): Replica {
    const { after } = this.#options;
    if (after === undefined) throw new SessionError('it does not begin with the whole state');
    // Another history without a restart: what follows does not fit to what is known.
    if (cursor.epoch !== after.epoch) throw new SessionError('it goes on from a cursor that it was not given');
    return this.#options.resume(cursor.epoch);
  }

  #apply(replica: Replica, event: WatchEvent): void {
    if (event.host !== undefined) {
      this.#hostId ??= replica.host()?.id;
      if (this.#hostId !== undefined && event.host.id !== this.#hostId)
        throw new SessionError('its host has another id than before', 'ERR_NSATLAS_SESSION_MOVED');
    }
    replica.apply(event);
    replica.heard();
    replica.commit();
    if (event.synced !== undefined) this.synced = true;
    if (event.host !== undefined) this.#options.onHost();
  }
}
