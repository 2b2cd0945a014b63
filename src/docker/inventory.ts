import type { Gap, Network } from '../model/types.js';
import type { EngineClient } from './client.js';
import { type Container, makeClaim } from './containers.js';
import { EngineError, gapOfError } from './error.js';
import type { Patience } from './patience.js';
import type { ContainerClaim } from './types.js';

/** Containers that are asked about at a time, so that the daemon has time for others. */
const CONCURRENCY = 8;

/** Gaps of single objects up to which each is named; more of the same kind are summed up. */
const NAMED_GAPS = 5;

/** The containers and networks of one engine, and what could not be learned about them. */
export class Inventory {
  readonly #client: EngineClient;
  readonly #containers = new Map<string, Container>();
  readonly #networks = new Map<string, Network>();
  /** By id of the container or network that could not be asked about. */
  readonly #failed = new Map<string, Failure>();
  /** Lists that could not be read. */
  readonly #missing: EngineError[] = [];

  constructor(client: EngineClient) {
    this.#client = client;
  }

  /**
   * Everything there is. A network or container that cannot be read is a gap, and so is one of both lists.
   * @throws EngineError when neither list can be read
   */
  static async load(client: EngineClient, patience: Patience): Promise<Inventory> {
    const inventory = new Inventory(client);
    const [networks, ids] = await Promise.allSettled([client.networks(patience), client.containerIds(patience)]);
    if (ids.status === 'rejected' && networks.status === 'rejected') throw ids.reason;
    if (networks.status === 'rejected') inventory.#missing.push(asEngineError(networks.reason));
    else for (const network of networks.value) inventory.#networks.set(network.id, network);
    if (ids.status === 'rejected') inventory.#missing.push(asEngineError(ids.reason));
    else await inventory.updateContainers(ids.value, patience);
    return inventory;
  }

  /** Whether both lists could be read. Without one of them it is unknown what is missing. */
  get complete(): boolean {
    return this.#missing.length === 0;
  }

  /** Queries these containers again, and unknown networks that they are on. */
  async updateContainers(ids: Iterable<string>, patience: Patience): Promise<void> {
    await this.#update('container', ids, patience, async (id) =>
      replace(this.#containers, id, await this.#client.container(id, patience)),
    );
    await this.updateNetworks(this.#unknownNetworks(), patience);
  }

  /** Asks about these networks again. */
  async updateNetworks(ids: Iterable<string>, patience: Patience): Promise<void> {
    await this.#update('network', ids, patience, async (id) =>
      replace(this.#networks, id, await this.#client.network(id, patience)),
    );
  }

  /**
   * Containers and networks that could not be read and may be asked about again: one that hung will do so again, and
   * costs a time limit each time.
   * @param hungBefore Unix time in milliseconds: what hung later is left alone
   */
  retries(hungBefore: number): Failure[] {
    return [...this.#failed.values()].filter(({ error, at }) => error.code !== 'ERR_NSATLAS_ENGINE_TIMEOUT' || at <= hungBefore);
  }

  get networks(): Network[] {
    return [...this.#networks.values()];
  }

  claims(): ContainerClaim[] {
    const context = { engine: this.#client.socket, networks: this.#networks, containers: this.#containers };
    return [...this.#containers.values()].map((container) => makeClaim(container, context));
  }

  gaps(): Gap[] {
    return [...this.#missing.map((error) => gapOfError(error)), ...summarise([...this.#failed.values()]), ...this.#labelGaps()];
  }

  /** Networks that running containers are on and that the list did not have: made since, or of a swarm. */
  #unknownNetworks(): Set<string> {
    const ids = [...this.#containers.values()].flatMap(({ networks }) => networks.map(({ id }) => id));
    return new Set(ids.filter((id) => id !== '' && !this.#networks.has(id)));
  }

  /** Asks about each, some at a time. */
  async #update(
    kind: Failure['kind'],
    ids: Iterable<string>,
    patience: Patience,
    ask: (id: string) => Promise<void>,
  ): Promise<void> {
    const left = new Set(ids).values();
    const lane = async (): Promise<void> => {
      for (const id of left) {
        try {
          await ask(id);
          this.#failed.delete(id);
        } catch (error) {
          if (!(error instanceof EngineError)) throw error;
          // It was asked about because it has changed, so what was known of it is not true any more.
          (kind === 'container' ? this.#containers : this.#networks).delete(id);
          this.#failed.set(id, { kind, id, error, at: patience.now() });
        }
      }
    };
    await Promise.all(Array.from({ length: CONCURRENCY }, lane));
  }

  #labelGaps(): Gap[] {
    const cut = [...this.#containers.values()].filter(({ labelsLeftOut }) => labelsLeftOut > 0);
    return cut.map(({ id, labelsLeftOut }) => ({
      engine: this.#client.socket,
      status: 'NOT_READ',
      operation: 'inspect',
      message: `container ${id.slice(0, SHORT_ID)}: ${labelsLeftOut} of its labels were dropped, because together they are too long`,
    }));
  }
}

/** Something that could not be asked about. */
export interface Failure {
  readonly kind: 'container' | 'network';
  readonly id: string;
  readonly error: EngineError;
  /** Unix time in milliseconds. */
  readonly at: number;
}

/** Characters of an id that people use. */
const SHORT_ID = 12;

function asEngineError(reason: unknown): EngineError {
  if (reason instanceof EngineError) return reason;
  throw reason;
}

function replace<Value>(map: Map<string, Value>, id: string, value: Value | undefined): void {
  if (value === undefined) map.delete(id);
  else map.set(id, value);
}

/** A gap for each failure, but one for many of the same kind. */
function summarise(failures: readonly Failure[]): Gap[] {
  const groups = new Map<string, Failure[]>();
  for (const failure of failures) {
    const key = `${failure.kind} ${failure.error.code}`;
    groups.set(key, [...(groups.get(key) ?? []), failure]);
  }
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    if (group.length > NAMED_GAPS) return [gapOfError(first.error, `${group.length} ${first.kind}s`)];
    return group.map(({ kind, id, error }) => gapOfError(error, `${kind} ${id.slice(0, SHORT_ID)}`));
  });
}
