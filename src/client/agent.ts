import { type Client, type ClientReadableStream, status } from '@grpc/grpc-js';
import type { ListName } from '../model/lists.js';
import type { Selector } from '../model/select.js';
import type { HostSnapshot, Listing, Table, WatchEvent } from '../model/types.js';
import { mergeListing, SnapshotMerger } from '../wire/merge.js';
import type { AgentStatus, ItemOf } from '../wire/messages.js';
import { listMethod, SNAPSHOT_METHOD } from '../rpc/caller.js';
import { duration } from '../text/duration.js';
import { selectorMessage } from '../wire/selector.js';
import { openServer, type ServerOptions } from './server.js';
import { followStream } from './watch.js';
import { AgentError } from './error.js';
import type { WatchWish } from '../serve/feed.js';

/** A client of one agent. Calls reject only with AgentError. */
export interface AgentClient {
  status(): Promise<AgentStatus>;
  /** The complete host, or the selected part of it. */
  snapshot(selector: Selector, tables: readonly Table[], options?: AskOptions): Promise<HostSnapshot>;
  list<Name extends ListName>(name: Name, selector: Selector, options?: AskOptions): Promise<Listing<ItemOf<Name>>>;
  /**
   * Follows the agent's changes (WatchMerger merges them). The next event is read when `onEvent` is done with the previous one.
   * Resolves when the signal is aborted, and only then: reconnecting with the last cursor is up to the caller.
   * @throws AgentError also when the stream ends; what onEvent throws
   */
  watch(wish: ClientWatchWish, onEvent: (event: WatchEvent) => void | Promise<void>, signal: AbortSignal): Promise<void>;
  close(): void;
}

/** What to watch, and how. */
export interface ClientWatchWish extends WatchWish {
  /** The agent sends `synced` again after this long without a message, in milliseconds; 0 (the default): never. */
  readonly heartbeatMs?: number;
  /** Fails as UNREACHABLE when there is no connection after this many milliseconds; by default gRPC's own patience, some 20 s. */
  readonly connectMs?: number;
  /** Awaited when a message has come, before it is decoded: for those who follow many agents. */
  readonly turn?: () => Promise<void>;
}

/** What makes an answer dearer. */
export interface AskOptions {
  /** Also counters, timers and ages, by a read for this answer. Lists that have none are not asked for them. */
  readonly counters?: boolean;
}

/**
 * A client of the agent at HOST:PORT or unix:PATH. Connects when it is first asked.
 * @throws AgentError when the address is neither
 */
export function createAgentClient(address: string, options: ServerOptions = {}): AgentClient {
  const { channel, caller, toError } = openServer('agent', address, options, AgentError);
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
        throw await toError(cause);
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
    watch: ({ selector, tables, after, heartbeatMs = 0, connectMs, turn }, onEvent, signal) => {
      const request = {
        selector: selectorMessage(selector),
        tables: [...tables],
        ...(after !== undefined && { after }),
        heartbeatMs,
      };
      const message = 'nsatlas.v1.WatchResponse';
      const call = caller.open({ name: 'Watch', request: 'nsatlas.v1.WatchRequest', response: message }, request);
      if (connectMs !== undefined) limitConnecting(channel.client, call, connectMs);
      return followStream(call, { message, onEvent, signal, toError, turn });
    },
    close: () => channel.close(),
  };
}

/** Ends a call that waits for a connection. A connection that is refused ends the call by itself, saying why. */
function limitConnecting(client: Client, call: ClientReadableStream<Buffer>, connectMs: number): void {
  client.waitForReady(Date.now() + connectMs, (problem) => {
    if (problem === undefined || call.destroyed) return;
    const details = `ETIMEDOUT: no connection within ${duration(connectMs)}`;
    call.destroy(Object.assign(new Error(details), { code: status.UNAVAILABLE, details }));
  });
}
