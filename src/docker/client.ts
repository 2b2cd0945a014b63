import type { IncomingMessage } from 'node:http';
import type { Engine, Network } from '../model/types.js';
import { type Container, parseContainer } from './containers.js';
import { EngineError } from './error.js';
import { httpGet, type HttpQuestion, httpStream } from './http.js';
import { asObject, child, isTrue, present, text } from './json.js';
import { parseNetwork } from './networks.js';
import { parseNode, type SwarmNode } from './nodes.js';
import { clipped } from '../text/printable.js';
import type { Patience } from './patience.js';

/** Newest API that these files were written for: https://docs.docker.com/reference/api/engine/version-history/ */
export const NEWEST_API: ApiVersion = [1, 55];

/** Limits of answers in bytes. A container is some 10 kB, a line of the list 2 kB. */
const LIST_BYTES = 64 * 1024 * 1024;
const OBJECT_BYTES = 4 * 1024 * 1024;
const SMALL_BYTES = 1024 * 1024;

/** Major and minor. */
export type ApiVersion = readonly [number, number];

/** Questions to one engine. Only GET requests that change nothing. All methods throw EngineError. */
export class EngineClient {
  readonly socket: string;
  #apiVersion = '';

  constructor(socket: string) {
    this.socket = socket;
  }

  /** Comes first: later questions are asked in the version of the API that it settles: the engine's own, but none that is newer than we know. */
  async version(patience: Patience): Promise<Pick<Engine, 'version' | 'apiVersion'>> {
    const raw = asObject(await this.#getJson('/version', 'version', SMALL_BYTES, patience));
    const own = parseApiVersion(text(raw, 'ApiVersion'));
    if (own === undefined) throw this.#malformed('version', 'it has no API version; this is not a Docker engine');
    this.#apiVersion = chooseApiVersion(own, parseApiVersion(text(raw, 'MinAPIVersion')));
    return { version: text(raw, 'Version') ?? '', apiVersion: this.#apiVersion };
  }

  /** Whether the engine still answers; costs it next to nothing. */
  async ping(patience: Patience): Promise<void> {
    await this.#get('/_ping', 'ping', SMALL_BYTES, patience);
  }

  async info(patience: Patience): Promise<Omit<Engine, 'socket' | 'version' | 'apiVersion'>> {
    const raw = asObject(await this.#getJson(this.#path('/info'), 'info', OBJECT_BYTES, patience));
    if (raw === undefined) throw this.#malformed('info', 'the answer is not an object');
    const swarm = child(raw, 'Swarm');
    const swarmNodeId = text(swarm, 'NodeID');
    return {
      id: text(raw, 'ID') ?? '',
      name: text(raw, 'Name') ?? '',
      ...(swarmNodeId !== undefined && { swarmNodeId, swarmManager: isTrue(swarm, 'ControlAvailable') }),
      ...present({ swarmNodeAddress: text(swarm, 'NodeAddr') }),
    };
  }

  async networks(patience: Patience): Promise<Network[]> {
    const raw = await this.#getJson(this.#path('/networks'), 'networks', LIST_BYTES, patience);
    return this.#list(raw, 'networks', (value) => parseNetwork(value, this.socket));
  }

  /** @returns undefined when there is no such network any more */
  async network(id: string, patience: Patience): Promise<Network | undefined> {
    const path = this.#path(`/networks/${encodeURIComponent(id)}`);
    const raw = await this.#getJson(path, 'networks', LIST_BYTES, patience).catch(whenNotFound);
    if (raw === undefined) return undefined;
    const network = parseNetwork(raw, this.socket);
    if (network === undefined) throw this.#malformed('networks', 'the answer is not a network');
    return network;
  }

  /** The nodes of the Swarm that this engine is a manager of. Any other engine refuses. */
  async nodes(patience: Patience): Promise<SwarmNode[]> {
    const raw = await this.#getJson(this.#path('/nodes'), 'nodes', LIST_BYTES, patience);
    return this.#list(raw, 'nodes', parseNode);
  }

  /** Ids of the running containers. */
  async containerIds(patience: Patience): Promise<string[]> {
    const raw = await this.#getJson(this.#path('/containers/json'), 'list', LIST_BYTES, patience);
    return this.#list(raw, 'list', (value) => text(asObject(value), 'Id'));
  }

  /** @returns undefined when the container is gone or does not run */
  async container(id: string, patience: Patience): Promise<Container | undefined> {
    const path = this.#path(`/containers/${encodeURIComponent(id)}/json`);
    const raw = await this.#getJson(path, 'inspect', OBJECT_BYTES, patience).catch(whenNotFound);
    if (raw === undefined) return undefined;
    const inspected = parseContainer(raw);
    if (inspected === 'malformed') throw this.#malformed('inspect', 'the answer is not a container');
    return inspected.running;
  }

  /**
   * The stream of events, one JSON object on each line, as soon as the engine has begun it.
   * @param sinceMs events from this time on (Unix time in milliseconds) are sent, those that are past included
   * @param filters as the query parameter of GET /events has them
   */
  async events(
    sinceMs: number,
    filters: Readonly<Record<string, readonly string[]>>,
    patience: Patience,
  ): Promise<IncomingMessage> {
    const query = new URLSearchParams({ since: (sinceMs / 1000).toFixed(3), filters: JSON.stringify(filters) });
    const question = this.#question(this.#path(`/events?${query.toString()}`), 'events', patience);
    const response = await this.#counted(httpStream(question), patience);
    if (response.statusCode === 200) return response;
    response.destroy();
    throw new EngineError(question, 'ERR_NSATLAS_ENGINE_REFUSED', `answers events with status ${response.statusCode ?? 0}`);
  }

  #path(path: string): string {
    return `/v${this.#apiVersion}${path}`;
  }

  #question(path: string, operation: string, patience: Patience): HttpQuestion {
    return { socket: this.socket, path, operation, timeMs: patience.allow(operation), signal: patience.signal };
  }

  async #get(path: string, operation: string, maxBytes: number, patience: Patience): Promise<Buffer> {
    const question = this.#question(path, operation, patience);
    const { status, body } = await this.#counted(httpGet(question, maxBytes), patience);
    if (status === 200) return body;
    const reason = errorMessage(body);
    const code = status === 404 && reason !== undefined ? 'ERR_NSATLAS_ENGINE_NOT_FOUND' : 'ERR_NSATLAS_ENGINE_REFUSED';
    const what = `answers ${operation} with status ${status}${reason === undefined ? '' : ` (${reason})`}`;
    throw new EngineError(question, code, what);
  }

  async #getJson(path: string, operation: string, maxBytes: number, patience: Patience): Promise<unknown> {
    const body = await this.#get(path, operation, maxBytes, patience);
    try {
      return JSON.parse(body.toString('utf8')) as unknown;
    } catch (cause) {
      const question = { socket: this.socket, operation };
      throw new EngineError(question, 'ERR_NSATLAS_ENGINE_MALFORMED', `the answer to ${operation} is not JSON`, { cause });
    }
  }

  async #counted<Result>(exchange: Promise<Result>, patience: Patience): Promise<Result> {
    try {
      const answer = await exchange;
      patience.answered();
      return answer;
    } catch (error) {
      patience.failed(error);
      throw error;
    }
  }

  #list<Item>(raw: unknown, operation: string, parse: (value: unknown) => Item | undefined): Item[] {
    // An empty list of Go may be printed as null.
    if (raw === null) return [];
    if (!Array.isArray(raw)) throw this.#malformed(operation, 'the answer is not a list');
    return raw.map((value) => {
      const item = parse(value);
      if (item === undefined) throw this.#malformed(operation, 'the list has an element without an id');
      return item;
    });
  }

  #malformed(operation: string, what: string): EngineError {
    const question = { socket: this.socket, operation };
    return new EngineError(question, 'ERR_NSATLAS_ENGINE_MALFORMED', `cannot use its answer to ${operation}: ${what}`);
  }
}

function whenNotFound(error: EngineError): undefined {
  // Gone between the list or the event and the question: what was asked is answered.
  if (error.code === 'ERR_NSATLAS_ENGINE_NOT_FOUND') return undefined;
  throw error;
}

/** Longest part of an engine's own words that goes into a message. */
const REASON_LENGTH = 200;

/** The engine's own words, {"message": "…"}, without anything that could move a cursor. */
function errorMessage(body: Buffer): string | undefined {
  try {
    const message = text(asObject(JSON.parse(body.toString('utf8'))), 'message');
    return message === undefined ? undefined : clipped(message, REASON_LENGTH);
  } catch {
    // Not a Docker engine's way to say no: then the status has to do.
    return undefined;
  }
}

function parseApiVersion(value: string | undefined): ApiVersion | undefined {
  const match = /^([0-9]{1,4})\.([0-9]{1,6})$/.exec(value ?? '');
  return match === null ? undefined : [Number(match[1]), Number(match[2])];
}

/**
 * The version to speak: the engine's own, at most the newest that we know; but an engine that does not speak that one any
 * more is asked in the oldest that it does.
 */
export function chooseApiVersion(own: ApiVersion, oldest: ApiVersion | undefined): string {
  const newest = isOlder(NEWEST_API, own) ? NEWEST_API : own;
  const chosen = oldest !== undefined && isOlder(newest, oldest) ? oldest : newest;
  return chosen.join('.');
}

function isOlder(a: ApiVersion, b: ApiVersion): boolean {
  return a[0] < b[0] || (a[0] === b[0] && a[1] < b[1]);
}
