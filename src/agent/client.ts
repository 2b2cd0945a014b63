import type { ListName } from '../model/lists.js';
import type { Selector } from '../model/select.js';
import type { HostSnapshot, Listing, Table, WatchEvent } from '../model/types.js';
import { decode, encode } from '../wire/codec.js';
import { methodPath, toBuffer } from '../wire/definitions.js';
import { mergeListing, SnapshotMerger } from '../wire/merge.js';
import {
  type AgentStatus,
  type ItemOf,
  LIST_RPCS,
  type MessageName,
  type Messages,
  type SelectorMessage,
} from '../wire/messages.js';
import { type ChannelOptions, openChannel } from '../rpc/channel.js';
import { toAgentError } from './client-problems.js';
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

const SERVICE = 'nsatlas.v1.Agent';

/** How an agent is asked. */
export interface AgentClientOptions extends ChannelOptions {
  /** For a whole answer, in milliseconds; 60,000. Watch has no limit. */
  readonly timeoutMs?: number;
}

/**
 * A client of the agent at HOST:PORT or unix:PATH. Connects when it is first asked.
 * @throws AgentError when the address is neither
 */
export function createAgentClient(address: string, { timeoutMs = 60_000, ...options }: AgentClientOptions = {}): AgentClient {
  const channel = openChannel(address, options);
  if (channel === undefined) {
    throw new AgentError(
      'ERR_NSATLAS_AGENT_UNREACHABLE',
      address,
      `${address} is no address of an agent; give HOST:PORT (127.0.0.1:7117) or unix:PATH`,
    );
  }
  const { client } = channel;
  const toError = (cause: unknown): Promise<AgentError> => toAgentError({ address, channel, timeoutMs }, cause);

  const stream = async <Response extends MessageName>(
    { method, request, response }: { method: string; request: Buffer; response: Response },
    onMessage: (message: Messages[Response]) => void,
  ): Promise<void> => {
    const call = client.makeServerStreamRequest(methodPath(SERVICE, method), toBuffer, (bytes) => bytes, request, {
      deadline: Date.now() + timeoutMs,
    });
    try {
      for await (const bytes of call) onMessage(decode(response, bytes as Buffer));
    } catch (cause) {
      call.cancel();
      throw await toError(cause);
    }
  };

  return {
    status: () =>
      new Promise((resolve, reject) => {
        const fail = (cause: unknown): void => void toError(cause).then(reject, reject);
        const request = toBuffer(encode('nsatlas.v1.GetStatusRequest', {}));
        client.makeUnaryRequest(
          methodPath(SERVICE, 'GetStatus'),
          toBuffer,
          (bytes) => bytes,
          request,
          { deadline: Date.now() + timeoutMs },
          (problem, bytes) => {
            try {
              if (problem !== null || bytes === undefined) fail(problem);
              else resolve(decode('nsatlas.v1.GetStatusResponse', bytes));
            } catch (cause) {
              fail(cause);
            }
          },
        );
      }),
    snapshot: async (selector, tables, { counters = false } = {}) => {
      const merger = new SnapshotMerger();
      const asked = { selector: toMessage(selector), tables: [...tables], counters };
      const request = toBuffer(encode('nsatlas.v1.GetSnapshotRequest', asked));
      await stream({ method: 'GetSnapshot', request, response: 'nsatlas.v1.HostSnapshot' }, (part) => merger.add(part));
      try {
        return merger.finish();
      } catch (cause) {
        throw await toError(cause);
      }
    },
    list: async <Name extends ListName>(name: Name, selector: Selector, { counters = false }: AskOptions = {}) => {
      const parts: Listing<ItemOf<Name>>[] = [];
      const method = `List${LIST_RPCS[name]}` as const;
      const request = toBuffer(encode(`nsatlas.v1.${method}Request`, { selector: toMessage(selector), counters }));
      // The name and the type of the items come from the same entry of LIST_RPCS, which the compiler cannot follow.
      await stream({ method, request, response: `nsatlas.v1.${method}Response` }, (part) =>
        parts.push(part as Listing<ItemOf<Name>>),
      );
      return mergeListing(parts);
    },
    watch: ({ selector, tables, after }, onEvent, signal) => {
      const asked = { selector: toMessage(selector), tables: [...tables], ...(after !== undefined && { after }), heartbeatMs: 0 };
      const request = toBuffer(encode('nsatlas.v1.WatchRequest', asked));
      const call = client.makeServerStreamRequest(methodPath(SERVICE, 'Watch'), toBuffer, (bytes) => bytes, request);
      return followStream(call, { onEvent, signal, toError });
    },
    close: () => channel.close(),
  };
}

function toMessage(selector: Selector): SelectorMessage {
  const none = {
    netns: [],
    roles: [],
    networks: [],
    containers: [],
    services: [],
    kinds: [],
    interfaces: [],
    vnis: [],
    macs: [],
    ips: [],
    hosts: [],
  };
  return { ...none, ...selector };
}
