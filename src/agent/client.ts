import { Client, credentials } from '@grpc/grpc-js';
import type { ListName } from '../model/lists.js';
import type { Selector } from '../model/select.js';
import type { HostSnapshot, Listing, Table, WatchEvent } from '../model/types.js';
import { mergeListing, SnapshotMerger } from '../wire/merge.js';
import type { AgentStatus, ItemOf } from '../wire/messages.js';
import { parseHostPort } from '../rpc/address.js';
import { createCaller, listMethod, SNAPSHOT_METHOD } from '../rpc/caller.js';
import { selectorMessage } from '../wire/selector.js';
import { explainProblem } from './client-problems.js';
import { followStream } from './client-watch.js';
import { AgentError } from './error.js';
import type { WatchWish } from './watch-feed.js';

/** Asks one agent. Every call rejects with AgentError, and with nothing else. */
export interface AgentClient {
  status(): Promise<AgentStatus>;
  /** The whole host, or what a selector leaves of it. */
  snapshot(selector: Selector, tables: readonly Table[], options?: AskOptions): Promise<HostSnapshot>;
  list<Name extends ListName>(name: Name, selector: Selector, options?: AskOptions): Promise<Listing<ItemOf<Name>>>;
  /**
   * Follows the agent's changes (WatchMerger puts them together). The next event is asked for when `onEvent` is done with the one before.
   * Resolves when the signal is aborted, and only then: connecting anew, with the last cursor, is the caller's to do.
   * @throws AgentError also when the stream ends; what onEvent throws
   */
  watch(wish: WatchWish, onEvent: (event: WatchEvent) => void | Promise<void>, signal: AbortSignal): Promise<void>;
  close(): void;
}

/** What makes an answer dearer. */
export interface AskOptions {
  /** Also counters, timers and ages, by a read for this answer. Lists that have none are not asked for them. */
  readonly counters?: boolean;
}

/** Most bytes of one message; parts are 256 KiB, but a single row may be larger. */
const MAX_MESSAGE_BYTES = 64 * 1024 * 1024;

const SERVICE = 'nsatlas.v1.Agent';

/**
 * A client of the agent at HOST:PORT or unix:PATH. Connects when it is first asked.
 * @param options.timeoutMs for a whole answer; 60,000
 * @throws AgentError when the address is neither
 */
export function createAgentClient(address: string, { timeoutMs = 60_000 }: { timeoutMs?: number } = {}): AgentClient {
  if (!address.startsWith('unix:') && parseHostPort(address) === undefined) {
    throw new AgentError(
      'UNREACHABLE',
      address,
      `${address} is no address of an agent; give HOST:PORT (127.0.0.1:7117) or unix:PATH`,
    );
  }
  const client = new Client(address, credentials.createInsecure(), {
    'grpc.max_receive_message_length': MAX_MESSAGE_BYTES,
    // A proxy for the web has no business between us and an agent.
    'grpc.enable_http_proxy': 0,
    'grpc.enable_retries': 0,
    'grpc.service_config_disable_resolution': 1,
    // An agent that vanished without a word is noticed while it is watched.
    'grpc.keepalive_time_ms': 30_000,
    'grpc.keepalive_timeout_ms': 20_000,
  });

  const toError = (cause: unknown): AgentError => {
    const { problem, message } = explainProblem({ what: 'agent', address, timeoutMs }, cause);
    return new AgentError(problem, address, message, { cause });
  };
  const caller = createCaller(client, { service: SERVICE, timeoutMs, toError });

  return {
    status: () =>
      caller.unary({ name: 'GetStatus', request: 'nsatlas.v1.GetStatusRequest', response: 'nsatlas.v1.GetStatusResponse' }, {}),
    snapshot: async (selector, tables, { counters = false } = {}) => {
      const merger = new SnapshotMerger();
      const request = { selector: selectorMessage(selector), tables: [...tables], counters };
      await caller.stream(SNAPSHOT_METHOD, request, (part) => merger.add(part));
      try {
        return merger.finish();
      } catch (cause) {
        throw toError(cause);
      }
    },
    list: async <Name extends ListName>(name: Name, selector: Selector, { counters = false }: AskOptions = {}) => {
      const parts: Listing<ItemOf<Name>>[] = [];
      // The name and the type of the items come from the same entry of LIST_RPCS, which the compiler cannot follow.
      await caller.stream(listMethod(name), { selector: selectorMessage(selector), counters }, (part) =>
        parts.push(part as Listing<ItemOf<Name>>),
      );
      return mergeListing(parts);
    },
    watch: ({ selector, tables, after }, onEvent, signal) => {
      const request = {
        selector: selectorMessage(selector),
        tables: [...tables],
        ...(after !== undefined && { after }),
        heartbeatMs: 0,
      };
      const message = 'nsatlas.v1.WatchResponse';
      const call = caller.open({ name: 'Watch', request: 'nsatlas.v1.WatchRequest', response: message }, request);
      return followStream(call, { message, onEvent, signal, toError });
    },
    close: () => client.close(),
  };
}
