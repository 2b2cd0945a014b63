import { AgentError } from '../../client/error.js';
import type { AgentClient } from '../../client/agent.js';
import type { Cursor, Host, Table } from '../../model/types.js';
import type { Log } from '../../rpc/types.js';
import type { Clock } from './clock.js';
import { Pauses, Refusal, SilenceError } from './pauses.js';
import { duration } from '../../text/duration.js';
import { clipped, NAME_LENGTH } from '../../text/printable.js';
import type { Target } from './sources/types.js';
import { type Replica, AgentSession, SessionError } from './agent-session.js';
import type { Turns } from './turns.js';

/** What a connection is made with; the same for all connections of a collector. */
export interface ConnectionOptions {
  /** Makes a client that has not connected yet. @throws AgentError when the address is none */
  readonly connect: (address: string) => AgentClient;
  readonly tables: readonly Table[];
  /** How often an agent that has nothing to tell says so, in milliseconds. */
  readonly heartbeatMs: number;
  readonly turns: Turns;
  readonly clock: Clock;
  /** From 0 to 1, as Math.random. */
  readonly random: () => number;
  readonly log: Log;
}

/** Who decides which connection tells of which host. */
export interface ConnectionOwner {
  /** Where a connection may go on: what is known of the host that it told of before. */
  cursor(connection: AgentConnection): Cursor | undefined;
  /** A connection's agent says which host it is. @throws Refusal */
  claim(connection: AgentConnection, host: Pick<Host, 'id' | 'name'>, epoch: string): Replica;
  /** A connection's agent goes on from the cursor. @throws Refusal */
  resume(connection: AgentConnection, epoch: string): Replica;
  /** A connection's agent is another host than it said: what it told of is not its any more. */
  leave(connection: AgentConnection): void;
  /** A connection's phase or problem changed, or its host's description. */
  changed(connection: AgentConnection): void;
  /** Longest pause between two attempts, in milliseconds: longer when there are very many that fail. */
  longestPauseMs(): number;
}

/**
 * off: between two attempts; connecting: nothing has come of this one yet; syncing: the agent tells what was missed; live: it was told,
 * and the agent is heard.
 */
export type ConnectionPhase = 'off' | 'connecting' | 'syncing' | 'live';

/** A silent agent is given up after so many heartbeats. */
const SILENT_BEATS = 3;
/** How long a connection may take, in milliseconds. */
const CONNECT_MS = 5000;
/** How long an agent may read its host before its first word; its own limit is 30 s. */
const FIRST_WORD_MS = 35_000;

/** Follows one agent for as long as it is open: connects, goes on after breaks, and hands what it tells to the replica of its host. */
export class AgentConnection {
  target: Target;
  phase: ConnectionPhase = 'off';
  /** What is wrong, in a line for people; undefined while it is live, and before the first attempt has failed. */
  problem: string | undefined;
  /** When a message came last, by the clock. */
  heardAt: number | undefined;
  disconnects = 0;
  /** Whether the last attempt ended because another one tells of the same host. */
  refused = false;
  readonly #owner: ConnectionOwner;
  readonly #options: ConnectionOptions;
  #closed = false;
  /** Calls off the next attempt. */
  #waiting: (() => void) | undefined;
  /** Ends the attempt that runs. */
  #attempt: AbortController | undefined;
  /** The next attempt is to follow at once. */
  #woken = false;
  readonly #pauses: Pauses;
  #liveSince: number | undefined;
  /** What was told last made no sense: the next stream begins with the whole state. */
  #anew = false;
  /** Heartbeats since the last message, and whether one has come and waits for its turn. */
  #quietBeats = 0;
  #inHand = false;

  constructor(target: Target, owner: ConnectionOwner, options: ConnectionOptions) {
    this.target = target;
    this.#owner = owner;
    this.#options = options;
    this.#pauses = new Pauses(options.random);
  }

  /** Whether the agent tells, and is heard. */
  get connected(): boolean {
    return this.phase === 'syncing' || this.phase === 'live';
  }

  /** Begins. @param delayMs before the first attempt */
  start(delayMs = 0): void {
    this.#schedule(delayMs);
  }

  /** Tries at once instead of later, unless it is connected. */
  wake(): void {
    if (this.#attempt !== undefined) this.#woken = !this.connected;
    else if (this.#waiting !== undefined) this.#schedule(0);
  }

  /** Ends the stream that runs: another one tells of its host. */
  displace(reason: Refusal): void {
    this.#attempt?.abort(reason);
  }

  /** Ends it for good; nothing is told to the owner any more. */
  close(): void {
    this.#closed = true;
    this.#waiting?.();
    this.#attempt?.abort(new Refusal('closed'));
  }

  #schedule(delayMs: number): void {
    this.#waiting?.();
    this.#waiting = this.#options.clock.after(delayMs, () => {
      this.#waiting = undefined;
      void this.#try();
    });
  }

  /** One attempt, and the pause after it. Never throws. */
  async #try(): Promise<void> {
    const controller = new AbortController();
    this.#attempt = controller;
    this.#woken = false;
    this.#enter('connecting');
    const endBeats = this.#beat(controller);
    let cause: unknown;
    try {
      await this.#follow(controller.signal);
      cause = controller.signal.reason;
    } catch (thrown) {
      cause = thrown;
    }
    endBeats();
    this.#attempt = undefined;
    if (this.#isClosed()) return;
    const pauseMs = this.#pauseAfter(cause);
    this.refused = cause instanceof Refusal;
    if (this.connected && !this.refused) this.disconnects++;
    this.problem = this.#describe(cause);
    this.#liveSince = undefined;
    this.#enter('off');
    if (!this.#isClosed()) this.#schedule(this.#isWoken() ? 0 : pauseMs);
  }

  #isWoken(): boolean {
    return this.#woken;
  }

  /** While others were waited for, or told, it may have been closed. */
  #isClosed(): boolean {
    return this.#closed;
  }

  async #follow(signal: AbortSignal): Promise<void> {
    const { connect, tables, heartbeatMs, turns } = this.#options;
    const after = this.#anew ? undefined : this.#owner.cursor(this);
    const session = new AgentSession({
      after,
      claim: (host, epoch) => this.#granted(this.#owner.claim(this, host, epoch)),
      resume: (epoch) => this.#granted(this.#owner.resume(this, epoch)),
      onHost: () => this.#owner.changed(this),
    });
    const turn = (): Promise<void> => {
      this.#hear();
      this.#inHand = true;
      return turns.turn();
    };
    // A connection of its own for each attempt: one that is dead without knowing it must not be used again.
    const client = connect(this.target.address);
    try {
      const wish = { selector: {}, tables, after, heartbeatMs, connectMs: CONNECT_MS, turn };
      await client.watch(
        wish,
        (event) => {
          if (signal.aborted) return;
          session.take(event);
          this.#inHand = false;
          this.#told(session);
        },
        signal,
      );
    } finally {
      this.#inHand = false;
      client.close();
    }
  }

  #hear(): void {
    this.heardAt = this.#options.clock.now();
    this.#quietBeats = 0;
  }

  #granted(replica: Replica): Replica {
    this.#anew = false;
    if (this.phase !== 'syncing') this.#enter('syncing');
    return replica;
  }

  #told({ identified, synced }: AgentSession): void {
    this.#hear();
    if (!identified) return;
    const phase = synced ? 'live' : 'syncing';
    if (phase === this.phase) return;
    if (synced) {
      this.#liveSince = this.#options.clock.now();
      this.problem = undefined;
    }
    this.#enter(phase);
  }

  #enter(phase: ConnectionPhase): void {
    this.phase = phase;
    this.#owner.changed(this);
  }

  /**
   * Gives an agent up that is silent. Beats are counted, not milliseconds: when this process itself stood still, its timers come first and
   * only then what has come meanwhile.
   */
  #beat(controller: AbortController): () => void {
    const { clock, heartbeatMs } = this.#options;
    this.#quietBeats = 0;
    const tick = (): void => {
      if (!this.#inHand) this.#quietBeats++;
      const limit = this.connected ? SILENT_BEATS : Math.ceil(FIRST_WORD_MS / heartbeatMs);
      if (this.#quietBeats > limit) {
        const { address } = this.target;
        const message = `the agent at ${address} is connected but has said nothing for ${duration(limit * heartbeatMs)}; does its host hang?`;
        controller.abort(new SilenceError(message));
      } else cancel = clock.after(heartbeatMs, tick);
    };
    let cancel = clock.after(heartbeatMs, tick);
    return () => cancel();
  }

  #pauseAfter(cause: unknown): number {
    const { clock, log } = this.#options;
    if (cause instanceof SessionError || (cause instanceof AgentError && cause.code === 'ERR_NSATLAS_AGENT_MALFORMED'))
      this.#anew = true;
    if (cause instanceof SessionError && cause.code === 'ERR_NSATLAS_SESSION_MOVED') this.#owner.leave(this);
    if (!isForeseen(cause))
      log.error({ err: cause, agent: clipped(this.target.address, NAME_LENGTH) }, 'following an agent failed');
    const liveMs = this.#liveSince === undefined ? 0 : clock.now() - this.#liveSince;
    return this.#pauses.after(cause, { liveMs, longestMs: this.#owner.longestPauseMs() });
  }

  #describe(cause: unknown): string {
    const message = cause instanceof Error ? cause.message : String(cause);
    const where = `the agent at ${this.target.address}`;
    return clipped(cause instanceof SessionError ? `${where} tells what cannot be: ${message}; it is not used` : message, 500);
  }
}

function isForeseen(cause: unknown): boolean {
  return [AgentError, SessionError, Refusal, SilenceError].some((foreseen) => cause instanceof foreseen);
}
