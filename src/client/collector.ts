import { openServer, type ServerOptions } from './server.js';
import { followStream } from './watch.js';
import type { Selector } from '../model/select.js';
import type { FabricEvent, HostCursor, HostSnapshot, Listing, Overlay, Table } from '../model/types.js';
import { listMethod, SNAPSHOT_METHOD } from '../rpc/caller.js';
import { mergeListing, SnapshotMerger } from '../wire/merge.js';
import type { CollectorStatus, ItemOf, ListedName, MessageName } from '../wire/messages.js';
import { joinOverlays } from '../wire/overlay-parts.js';
import { selectorMessage } from '../wire/selector.js';
import { CollectorError } from './error.js';

/** What a reader of a collector's changes wants. The selector may only select hosts and namespaces. */
export interface FabricWatchWish {
  readonly selector: Selector;
  readonly tables: readonly Table[];
  /** Where an earlier stream ended, host by host. */
  readonly after?: readonly HostCursor[];
  /** `synced` is sent again after this long without a message, in milliseconds; default: never. */
  readonly heartbeatMs?: number;
}

/** A client of one collector. Calls reject only with CollectorError. */
export interface CollectorClient {
  status(): Promise<CollectorStatus>;
  /** `fabric` of the answer says how old each host's part is. */
  list<Name extends ListedName>(name: Name, selector: Selector): Promise<Listing<ItemOf<Name>>>;
  /** One host, by its id: complete, or the selected part of it. */
  snapshot(host: string, selector?: Selector, tables?: readonly Table[]): Promise<HostSnapshot>;
  /**
   * Follows the changes of all hosts (FabricMerger merges them). The next event is read when `onEvent` is done with the previous
   * one. Resolves when the signal is aborted, and only then: reconnecting with the last cursors is up to the caller.
   * @throws CollectorError also when the stream ends; what onEvent throws
   */
  watch(wish: FabricWatchWish, onEvent: (event: FabricEvent) => void | Promise<void>, signal: AbortSignal): Promise<void>;
  close(): void;
}

/**
 * A client of the collector at HOST:PORT or unix:PATH. Connects when it is first asked.
 * @throws CollectorError when the address is neither
 */
export function createCollectorClient(address: string, options: ServerOptions = {}): CollectorClient {
  const { channel, caller, toError } = openServer('collector', address, options, CollectorError);
  return {
    status: () => {
      const [request, response] = ['nsatlas.v1.CollectorGetStatusRequest', 'nsatlas.v1.CollectorGetStatusResponse'] as const;
      return caller.unary({ name: 'GetStatus', request, response }, {});
    },
    list: async <Name extends ListedName>(name: Name, selector: Selector) => {
      const parts: Listing<ItemOf<Name>>[] = [];
      const method = listMethod(name);
      // The name and the type of the items belong together, which the compiler cannot follow.
      await caller.stream<MessageName, MessageName>(method, { selector: selectorMessage(selector), counters: false }, (part) =>
        parts.push(part as Listing<ItemOf<Name>>),
      );
      const listing = mergeListing(parts);
      // The name and the type of the items belong together, which the compiler cannot follow.
      if (name === 'overlays') listing.items = joinOverlays(listing.items as Overlay[]) as ItemOf<Name>[];
      return listing;
    },
    snapshot: async (host, selector = {}, tables = []) => {
      const merger = new SnapshotMerger();
      const names = new Set<string>();
      const request = { selector: selectorMessage({ ...selector, hosts: [host] }), tables: [...tables], counters: false };
      await caller.stream(SNAPSHOT_METHOD, request, (part) => {
        if (part.host !== undefined) names.add(`${part.host.name} (${part.host.id})`);
        // What follows a second host is not of the first.
        if (names.size === 1) merger.add(part);
      });
      const [only] = names;
      if (names.size > 1) throw refusal(address, `${host} matches several hosts: ${[...names].join(', ')}`);
      if (only === undefined) throw refusal(address, `it knows no host ${host}`);
      return merger.finish();
    },
    watch: ({ selector, tables, after = [], heartbeatMs = 0 }, onEvent, signal) => {
      const request = { selector: selectorMessage(selector), tables: [...tables], after: [...after], heartbeatMs };
      const message = 'nsatlas.v1.CollectorWatchResponse';
      const call = caller.open({ name: 'Watch', request: 'nsatlas.v1.CollectorWatchRequest', response: message }, request);
      return followStream(call, { message, onEvent, signal, toError });
    },
    close: () => channel.close(),
  };
}

function refusal(address: string, why: string): CollectorError {
  return new CollectorError('REFUSED', address, `the collector at ${address}: ${why}`);
}
