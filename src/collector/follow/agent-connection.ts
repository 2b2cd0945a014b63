import type { AgentClient } from '../../client/agent.js';
import type { Cursor, Host, Table } from '../../model/types.js';
import type { Log } from '../../rpc/types.js';
import type { Clock } from './clock.js';
import { Pauses, Refusal, SilenceError } from './pauses.js';
import { duration } from '../../text/duration.js';
import { codeOf, codesOf } from '../../text/error.js';
import { clipped, NAME_LENGTH } from '../../text/printable.js';
import type { Target } from './sources/types.js';
import { type Replica, AgentSession, SessionError } from './agent-session.js';
import type { Turns } from './turns.js';

/** Options that all connections of a collector share. */
export interface ConnectionOptions {
  /** Creates a client that has not connected yet. @throws AgentError if the address is invalid */
  readonly connect: (address: string) => AgentClient;
  readonly tables: readonly Table[];
  /** Interval of heartbeats from an idle agent, in milliseconds. */
  readonly heartbeatMs: number;
  readonly turns: Turns;
  readonly clock: Clock;
  /** From 0 to 1, as Math.random. */
  readonly random: () => number;
  readonly log: Log;
}

/** Decides which connection reports which host. */
export interface ConnectionOwner {
  /** Where a connection may resume: the state of the host that it reported before. */
  cursor(connection: AgentConnection): Cursor | undefined;
  /** A connection's agent identifies its host. @throws Refusal */
  claim(connection: AgentConnection, host: Pick<Host, 'id' | 'name'>, epoch: string): Replica;
  /** A connection's agent resumes from the cursor. @throws Refusal */
  resume(connection: AgentConnection, epoch: string): Replica;
  /** A connection's agent turns out to be another host: the one it reported is no longer its own. */
  leave(connection: AgentConnection): void;
  /** A connection's phase or problem changed, or its host's description. */
  changed(connection: AgentConnection): void;
  /** Longest pause between two attempts, in milliseconds: longer when there are very many that fail. */
  longestPauseMs(): number;
}

/**
 * off: between two attempts; connecting: nothing received yet; syncing: the agent sends what was missed; live: in sync, and the agent is
 * not silent.
 */
export type ConnectionPhase = 'off' | 'connecting' | 'syncing' | 'live';

/** Missed heartbeats after which an agent counts as silent. */
const SILENT_BEATS = 3;
/** How long a connection may take, in milliseconds. */
const CONNECT_MS = 5000;
/** How long an agent may take for its first message, which may need a read of its host; its own limit is 30 s. */
const FIRST_WORD_MS = 35_000;

/** Follows one agent while it is open: connects, resumes after breaks, and passes events to the replica of its host. */
export class AgentConnection {
  target: Target;
  phase: ConnectionPhase = 'off';
  /** What is wrong, in a line for people; undefined while it is live, and before the first attempt has failed. */
  problem: string | undefined;
  /** The code of what is wrong: the agent's own where it sent one. */
  problemCode: string | undefined;
  /** When the last message was received, by the clock. */
  heardAt: number | undefined;
  disconnects = 0;
  /** Whether the last attempt ended because another agent reports the same host. */
  refused = false;
  readonly #owner: ConnectionOwner;
  readonly #options: ConnectionOptions;
  #closed = false;
  /** Cancels the next attempt. */
  #waiting: (() => void) | undefined;
  /** Aborts the current attempt. */
  #attempt: AbortController | undefined;
  /** The next attempt follows immediately. */
  #woken = false;
  readonly #pauses: Pauses;
  #liveSince: number | undefined;
  /** The last events were invalid: the next stream must start with the full state. */
  #needsRestart = false;
  /** Heartbeat intervals since the last message, and whether a received message waits for its turn. */
  #quietBeats = 0;
  #inHand = false;

  constructor(target: Target, owner: ConnectionOwner, options: ConnectionOptions) {
    this.target = target;
    this.#owner = owner;
    this.#options = options;
    this.#pauses = new Pauses(options.random);
  }

  /** Whether the agent is connected and not silent. */
  get connected(): boolean {
    return this.phase === 'syncing' || this.phase === 'live';
  }

  /** @param delayMs before the first attempt */
  start(delayMs = 0): void {
    this.#schedule(delayMs);
  }

  /** Retries immediately instead of later, unless it is connected. */
  wake(): void {
    if (this.#attempt !== undefined) this.#woken = !this.connected;
    else if (this.#waiting !== undefined) this.#schedule(0);
  }

  /** Ends the current stream: another agent reports its host. */
  displace(reason: Refusal): void {
    this.#attempt?.abort(reason);
  }

  /** Closes it for good; the owner gets no more calls. */
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
    this.problemCode = codesOf(cause).at(-1);
    this.#liveSince = undefined;
    this.#enter('off');
    if (!this.#isClosed()) this.#schedule(this.#isWoken() ? 0 : pauseMs);
  }

  #isWoken(): boolean {
    return this.#woken;
  }

  /** It may have been closed while waiting, or by a callback. */
  #isClosed(): boolean {
    return this.#closed;
  }

  async #follow(signal: AbortSignal): Promise<void> {
    const { connect, tables, heartbeatMs, turns } = this.#options;
    const after = this.#needsRestart ? undefined : this.#owner.cursor(this);
    const session = new AgentSession({
      after,
      claim: (host, epoch) => this.#granted(this.#owner.claim(this, host, epoch)),
      resume: (epoch) => this.#granted(this.#owner.resume(this, epoch)),
      onHost: () => this.#owner.changed(this),
    });
    const turn = (): Promise<void> => {
      this.#receive();
      this.#inHand = true;
      return turns.turn();
    };
    // Each attempt has its own connection: one that is dead without knowing it must not be reused.
    const client = connect(this.target.address);
    try {
      const wish = { selector: {}, tables, after, heartbeatMs, connectMs: CONNECT_MS, turn };
      await client.watch(
        wish,
        (event) => {
          if (signal.aborted) return;
          session.take(event);
          this.#inHand = false;
          this.#took(session);
        },
        signal,
      );
    } finally {
      this.#inHand = false;
      client.close();
    }
  }

  #receive(): void {
    this.heardAt = this.#options.clock.now();
    this.#quietBeats = 0;
  }

  #granted(replica: Replica): Replica {
    this.#needsRestart = false;
    if (this.phase !== 'syncing') this.#enter('syncing');
    return replica;
  }

  #took({ identified, synced }: AgentSession): void {
    this.#receive();
    if (!identified) return;
    const phase = synced ? 'live' : 'syncing';
    if (phase === this.phase) return;
    if (synced) {
      this.#liveSince = this.#options.clock.now();
      this.problem = undefined;
      this.problemCode = undefined;
    }
    this.#enter(phase);
  }

  #enter(phase: ConnectionPhase): void {
    this.phase = phase;
    this.#owner.changed(this);
  }

  /**
   * Aborts the attempt if the agent is silent. Counts intervals, not milliseconds: after a pause of this process itself, timers fire before
   * the messages received in the meantime are handled.
   */
  #beat(controller: AbortController): () => void {
    const { clock, heartbeatMs } = this.#options;
    this.#quietBeats = 0;
    const tick = (): void => {
      if (!this.#inHand) this.#quietBeats++;
      const limit = this.connected ? SILENT_BEATS : Math.ceil(FIRST_WORD_MS / heartbeatMs);
      if (this.#quietBeats > limit) {
        const { address } = this.target;
        const message = `the agent at ${address} is connected but has sent nothing for ${duration(limit * heartbeatMs)}; does its host hang?`;
        controller.abort(new SilenceError('ERR_NSATLAS_SESSION_SILENT', message));
      } else cancel = clock.after(heartbeatMs, tick);
    };
    let cancel = clock.after(heartbeatMs, tick);
    return () => cancel();
  }

  #pauseAfter(cause: unknown): number {
    const { clock, log } = this.#options;
    const code = codeOf(cause);
    if (cause instanceof SessionError || code === 'ERR_NSATLAS_AGENT_MALFORMED') this.#needsRestart = true;
    if (code === 'ERR_NSATLAS_SESSION_MOVED') this.#owner.leave(this);
    if (code === undefined)
      log.error({ err: cause, agent: clipped(this.target.address, NAME_LENGTH) }, 'following an agent failed');
    const liveMs = this.#liveSince === undefined ? 0 : clock.now() - this.#liveSince;
    return this.#pauses.after(cause, { liveMs, longestMs: this.#owner.longestPauseMs() });
  }

  #describe(cause: unknown): string {
    const message = cause instanceof Error ? cause.message : String(cause);
    const where = `the agent at ${this.target.address}`;
    return clipped(cause instanceof SessionError ? `${where} sent invalid events: ${message}; it is not used` : message, 500);
  }
}
