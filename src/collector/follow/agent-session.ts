import type { Cursor, Host, WatchEvent } from '../../model/types.js';
import type { LiveHost } from '../../live/types.js';
import { NsatlasError } from '../../text/error.js';
import type { ReplicaHost } from '../replica/replica.js';

/** A collector's copy of a host, updated with the events of its agent: what those who follow agents need of it. */
export type Replica = LiveHost & Pick<ReplicaHost, 'apply' | 'commit' | 'counts' | 'cursor' | 'received' | 'reported'>;

/** The events of an agent cannot be used. The message is one line for people, without the agent's address. */
export class SessionError extends NsatlasError<
  'ERR_NSATLAS_INTERNAL' | 'ERR_NSATLAS_SESSION_MALFORMED' | 'ERR_NSATLAS_SESSION_MOVED'
> {
  constructor(message: string, code: SessionError['code'] = 'ERR_NSATLAS_SESSION_MALFORMED', options?: ErrorOptions) {
    super(code, message, options);
  }
}

interface SessionOptions {
  /** The cursor that was sent to the agent. */
  readonly after: Cursor | undefined;
  /** Called when the agent has identified its host. @throws why the agent cannot be used */
  readonly claim: (host: Pick<Host, 'id' | 'name'>, epoch: string) => Replica;
  /** Called when the agent resumes from `after`. @throws why the agent cannot be used */
  readonly resume: (epoch: string) => Replica;
  /** Called when the description of the host changed. */
  readonly onHost: () => void;
}

/** Limit of events between the restart and the one that identifies the host; agents send that one first. */
const MOST_HELD = 8;

/** Longest id of a host, in characters. */
const LONGEST_ID = 256;

/** One stream of an agent: identifies its host before any event is trusted, and passes all events to that host's replica. */
export class AgentSession {
  /** Whether this stream has sent the full state, or everything that was missed. */
  synced = false;
  readonly #options: SessionOptions;
  #replica: Replica | undefined;
  #hostId: string | undefined;
  /** Events that wait for the one that identifies the host. */
  #held: WatchEvent[] | undefined;

  constructor(options: SessionOptions) {
    this.#options = options;
  }

  /** Whether the host was identified and the agent may report it. */
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
      if (held.length > MOST_HELD || event.synced !== undefined) throw new SessionError('it does not identify its host');
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
    if (after === undefined) throw new SessionError('it does not start with the full state');
    // Another history without a restart: what follows does not fit the known state.
    if (cursor.epoch !== after.epoch) throw new SessionError('it resumes from a cursor that it was not sent');
    return this.#options.resume(cursor.epoch);
  }

  #apply(replica: Replica, event: WatchEvent): void {
    if (event.host !== undefined) {
      this.#hostId ??= replica.host()?.id;
      if (this.#hostId !== undefined && event.host.id !== this.#hostId)
        throw new SessionError('the id of its host changed', 'ERR_NSATLAS_SESSION_MOVED');
    }
    replica.received();
    try {
      replica.apply(event);
    } catch (cause) {
      replica.commit();
      const what = `the collector cannot keep an event of it (${cause instanceof Error ? cause.message : String(cause)})`;
      throw new SessionError(`${what}: this is a bug, report it with the collector’s log`, 'ERR_NSATLAS_INTERNAL', { cause });
    }
    replica.commit();
    if (event.synced !== undefined) this.synced = true;
    if (event.host !== undefined) this.#options.onHost();
  }
}
