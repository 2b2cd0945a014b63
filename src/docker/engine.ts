import type { Engine, Gap, Network } from '../model/types.js';
import { duration } from '../text/duration.js';
import { EngineClient } from './client.js';
import { EngineError, gapOfError } from './error.js';
import { type EngineChange, EVENT_FILTERS, EventFollower } from './events.js';
import { Inventory } from './inventory.js';
import { Patience } from './patience.js';
import type { ContainerClaim } from './types.js';

/** How engines are asked. */
export interface EngineSettings {
  /** Whether the user named the sockets: one that does not exist is then a gap, otherwise it is ignored. */
  readonly explicit: boolean;
  /**
   * Whether to keep what was learned and follow the engine's events, so that a view asks only for what has changed.
   * Without it every view loads everything and nothing stays open.
   */
  readonly follow: boolean;
  /** Time limit for an engine that hangs, in milliseconds. */
  readonly timeLimitMs: number;
  /** When following: an engine or container that hung is asked again after so many milliseconds. */
  readonly retryMs: number;
  /** When following: interval of full reloads even without events, in milliseconds. */
  readonly reloadMs: number;
  /** Unix time in milliseconds. */
  readonly now: () => number;
  /** When following: called when an event reports a change or events are lost; the next view has the new state. */
  readonly onChange: () => void;
}

/** What one engine knows. */
export interface EnginePart {
  /** Absent when it never said who it is. */
  readonly engine?: Engine;
  readonly networks: readonly Network[];
  readonly containers: readonly ContainerClaim[];
  readonly gaps: readonly Gap[];
}

const NOTHING: EnginePart = { networks: [], containers: [], gaps: [] };

/** Changes that are worth asking about one by one; beyond that loading everything is cheaper and memory stays bounded. */
const MAX_CHANGES = 1000;

/** Events are requested from this long before the query, so that none is missed; duplicates do no harm. */
const OVERLAP_MS = 2000;

/** What was learned. */
interface Known {
  readonly client: EngineClient;
  readonly identity: Identity;
  readonly inventory: Inventory;
  /** Unix time in milliseconds. */
  readonly loadedAt: number;
}

/** Who the engine is. */
interface Identity {
  readonly engine: Engine;
  /** GET /info failed. */
  readonly gaps: readonly Gap[];
  /** Unix time in milliseconds. */
  readonly askedAt: number;
}

/** There is no event when an engine joins or leaves a swarm or becomes a manager: this is queried again after so long. */
const IDENTITY_MS = 30_000;

/** Ids of what changed since it was last asked about. */
type Changes = Readonly<Record<EngineChange['kind'], Set<string>>>;

function noChanges(): Changes {
  return { container: new Set(), network: new Set() };
}

/** One engine: loads everything once, then only what its events say has changed, and everything again when they break. */
export class EngineFollower {
  readonly #settings: EngineSettings & { readonly socket: string };
  readonly #closed = new AbortController();
  #known: Known | undefined;
  #confirmedAt = 0;
  #events: EventFollower | undefined;
  #changes = noChanges();
  #pause: { readonly until: number; readonly error: EngineError } | undefined;
  #running: Promise<EnginePart> | undefined;

  constructor(settings: EngineSettings & { readonly socket: string }) {
    this.#settings = settings;
  }

  /** What the engine knows now. Never rejects; calls that come while one runs share its answer. */
  async view(): Promise<EnginePart> {
    this.#running ??= this.#view().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  /** Hangs up. Views that are on their way end at once, with a gap. */
  close(): void {
    this.#closed.abort();
    this.#loseEvents();
  }

  async #view(): Promise<EnginePart> {
    const { socket, now, timeLimitMs } = this.#settings;
    if (this.#pause !== undefined && now() < this.#pause.until) return this.#stale(this.#pause.error);
    this.#pause = undefined;
    const patience = new Patience(socket, timeLimitMs, now, this.#closed.signal);
    try {
      const known = await this.#bringUpToDate(patience);
      this.#confirmedAt = now();
      return makePart(known);
    } catch (error) {
      if (!(error instanceof EngineError)) throw error;
      return this.#failed(error);
    } finally {
      patience.end();
    }
  }

  async #bringUpToDate(patience: Patience): Promise<Known> {
    const known = this.#known;
    if (known === undefined || !this.#isHearing() || this.#isOld(known)) return this.#load(patience);
    // A daemon that hangs keeps its connections open and sends nothing: silence alone is no proof that nothing happened.
    await known.client.ping(patience);
    await this.#applyChanges(known.inventory, patience);
    // Lost while we asked: events may be missing.
    if (!this.#isHearing()) return this.#load(patience);
    if (this.#settings.now() - known.identity.askedAt <= IDENTITY_MS) return known;
    this.#known = { ...known, identity: await this.#identify(known.client, known.identity.engine, patience) };
    return this.#known;
  }

  #isHearing(): boolean {
    return this.#events !== undefined;
  }

  #isOld({ inventory, loadedAt }: Known): boolean {
    const { now, reloadMs, retryMs } = this.#settings;
    return now() - loadedAt > (inventory.complete ? reloadMs : retryMs);
  }

  /** Reloads everything. The stream of events is opened first, so that no change in between is missed. */
  async #load(patience: Patience): Promise<Known> {
    const { socket, follow, now } = this.#settings;
    this.#loseEvents();
    const client = new EngineClient(socket);
    const version = await client.version(patience);
    if (follow) await this.#openEvents(client, patience);
    const [identity, inventory] = await Promise.all([
      this.#identify(client, { socket, id: '', name: '', ...version }, patience),
      Inventory.load(client, patience),
    ]);
    const known: Known = { client, identity, inventory, loadedAt: now() };
    if (follow) this.#known = known;
    return known;
  }

  /** @param before what is known already, for when the engine does not say */
  async #identify(client: EngineClient, before: Engine, patience: Patience): Promise<Identity> {
    const { socket, version, apiVersion } = before;
    const askedAt = this.#settings.now();
    try {
      return { engine: { socket, version, apiVersion, ...(await client.info(patience)) }, gaps: [], askedAt };
    } catch (error) {
      if (!(error instanceof EngineError)) throw error;
      return { engine: before, gaps: [gapOfError(error)], askedAt };
    }
  }

  async #openEvents(client: EngineClient, patience: Patience): Promise<void> {
    const response = await client.events(this.#settings.now() - OVERLAP_MS, EVENT_FILTERS, patience);
    if (this.#closed.signal.aborted) {
      response.destroy();
      return;
    }
    this.#events = new EventFollower(response, {
      onChange: (change) => {
        this.#note(change);
        this.#settings.onChange();
      },
      onLost: () => {
        this.#loseEvents();
        this.#settings.onChange();
      },
    });
  }

  #note(change: EngineChange): void {
    const changes = this.#changes;
    changes[change.kind].add(change.id);
    if (change.kind === 'network' && change.containerId !== undefined) changes.container.add(change.containerId);
    if (changes.container.size + changes.network.size > MAX_CHANGES) this.#loseEvents();
  }

  /** From here on everything has to be loaded again. */
  #loseEvents(): void {
    this.#events?.close();
    this.#events = undefined;
    this.#changes = noChanges();
  }

  async #applyChanges(inventory: Inventory, patience: Patience): Promise<void> {
    const changes = this.#changes;
    this.#changes = noChanges();
    const { now, retryMs } = this.#settings;
    for (const { kind, id } of inventory.retries(now() - retryMs)) changes[kind].add(id);
    await inventory.updateNetworks(changes.network, patience);
    await inventory.updateContainers(changes.container, patience);
  }

  #failed(error: EngineError): EnginePart {
    const { now, retryMs, explicit, socket } = this.#settings;
    this.#loseEvents();
    if (error.code === 'ERR_NSATLAS_ENGINE_TIMEOUT') this.#pause = { until: now() + retryMs, error };
    const absent = error.errno === 'ENOENT' && !explicit && this.#known === undefined;
    if (absent) return NOTHING;
    if (!this.#closed.signal.aborted) return this.#stale(error);
    return this.#stale(new EngineError({ socket, operation: 'view' }, 'ERR_NSATLAS_ENGINE_CLOSED', 'closed'));
  }

  /**
   * What was known before, marked as such. Only what the kernel can still prove by the name of a sandbox: process ids
   * are used again, so a claim by process id alone does not outlive its engine's answer.
   */
  #stale(error: EngineError): EnginePart {
    const gap = gapOfError(error);
    if (this.#known === undefined) return { ...NOTHING, gaps: [gap] };
    const part = makePart(this.#known);
    const age = duration(this.#settings.now() - this.#confirmedAt);
    return {
      ...part,
      containers: part.containers.filter(({ sandboxKey }) => sandboxKey !== undefined),
      gaps: [...part.gaps, { ...gap, message: `${gap.message}; names and owners are ${age} old` }],
    };
  }
}

function makePart({ identity, inventory }: Known): EnginePart {
  return {
    engine: identity.engine,
    networks: inventory.networks,
    containers: inventory.claims(),
    gaps: [...identity.gaps, ...inventory.gaps()],
  };
}
