import { Client, credentials, type ServiceError, status } from '@grpc/grpc-js';
import type { ListName } from '../model/lists.js';
import type { Selector } from '../model/select.js';
import type { HostSnapshot, Listing, Table } from '../model/types.js';
import { decode, encode } from '../wire/codec.js';
import { methodPath, toBuffer } from '../wire/definitions.js';
import { WireError } from '../wire/error.js';
import { mergeListing, SnapshotMerger } from '../wire/merge.js';
import {
  type AgentStatus,
  type ItemOf,
  LIST_RPCS,
  type MessageName,
  type Messages,
  type SelectorMessage,
} from '../wire/messages.js';
import { parseHostPort } from './address.js';
import { AgentError, type AgentErrorCode } from './error.js';

/** Asks one agent. Every call rejects with AgentError, and with nothing else. */
export interface AgentClient {
  status(): Promise<AgentStatus>;
  /** The whole host, or what a selector leaves of it. */
  snapshot(selector: Selector, tables: readonly Table[]): Promise<HostSnapshot>;
  list<Name extends ListName>(name: Name, selector: Selector): Promise<Listing<ItemOf<Name>>>;
  close(): void;
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
      'ERR_NSATLAS_AGENT_UNREACHABLE',
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
  });

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
      throw toAgentError(address, cause, timeoutMs);
    }
  };

  return {
    status: () =>
      new Promise((resolve, reject) => {
        const fail = (cause: unknown): void => reject(toAgentError(address, cause, timeoutMs));
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
    snapshot: async (selector, tables) => {
      const merger = new SnapshotMerger();
      const request = encode('nsatlas.v1.GetSnapshotRequest', { selector: toMessage(selector), tables: [...tables] });
      await stream({ method: 'GetSnapshot', request: toBuffer(request), response: 'nsatlas.v1.HostSnapshot' }, (part) =>
        merger.add(part),
      );
      try {
        return merger.finish();
      } catch (cause) {
        throw toAgentError(address, cause, timeoutMs);
      }
    },
    list: async <Name extends ListName>(name: Name, selector: Selector) => {
      const parts: Listing<ItemOf<Name>>[] = [];
      const method = `List${LIST_RPCS[name]}` as const;
      const request = toBuffer(encode(`nsatlas.v1.${method}Request`, { selector: toMessage(selector) }));
      // The name and the type of the items come from the same entry of LIST_RPCS, which the compiler cannot follow.
      await stream({ method, request, response: `nsatlas.v1.${method}Response` }, (part) =>
        parts.push(part as Listing<ItemOf<Name>>),
      );
      return mergeListing(parts);
    },
    close: () => client.close(),
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
  };
  return { ...none, ...selector };
}

function toAgentError(address: string, cause: unknown, timeoutMs: number): AgentError {
  if (cause instanceof WireError) {
    const message = `the agent at ${address} sent what this release does not understand (${cause.message}); do both have the same version?`;
    return new AgentError('ERR_NSATLAS_AGENT_MALFORMED', address, message, { cause });
  }
  const { code, details = '' } = cause as Partial<ServiceError>;
  const [kind, message] = explain(address, code, details, timeoutMs);
  return new AgentError(kind, address, message, { cause });
}

function explain(address: string, code: status | undefined, details: string, timeoutMs: number): [AgentErrorCode, string] {
  switch (code) {
    case status.UNAVAILABLE:
      // The agent's own words when it is there and cannot read; everything else is grpc-js's about the connection.
      if (details.startsWith('this host could not be read') || details.startsWith('reading this host')) {
        return ['ERR_NSATLAS_AGENT_FAILED', `the agent at ${address} failed: ${details}`];
      }
      return [
        'ERR_NSATLAS_AGENT_UNREACHABLE',
        `cannot reach the agent at ${address}: ${connectionProblem(details)}; is \`nsatlas agent\` running?`,
      ];
    case status.DEADLINE_EXCEEDED:
      return ['ERR_NSATLAS_AGENT_TIMEOUT', `the agent at ${address} has not answered within ${timeoutMs / 1000} s`];
    case status.INVALID_ARGUMENT:
      return ['ERR_NSATLAS_AGENT_REFUSED', `the agent at ${address} refused the request: ${details}`];
    case status.UNIMPLEMENTED:
      return ['ERR_NSATLAS_AGENT_REFUSED', `what serves at ${address} does not know this call; is it an agent of this version?`];
    default:
      return [
        'ERR_NSATLAS_AGENT_FAILED',
        `the agent at ${address} failed: ${details === '' ? `status ${code ?? 'unknown'}` : details}`,
      ];
  }
}

const PROBLEMS: readonly (readonly [RegExp, string])[] = [
  [/ECONNREFUSED/, 'connection refused'],
  [/ENOENT/, 'there is no such socket'],
  [/EACCES|EPERM/, 'permission denied; the socket is its owner’s alone'],
  [/ENOTFOUND|Name resolution failed|EAI_AGAIN/, 'no such host name'],
  [/ETIMEDOUT|EHOSTUNREACH|ENETUNREACH/, 'no answer from that address'],
  [/Protocol error|Connection dropped|ECONNRESET|socket hang up/i, 'what listens there does not speak gRPC, or has just ended'],
];

function connectionProblem(details: string): string {
  return PROBLEMS.find(([pattern]) => pattern.test(details))?.[1] ?? details;
}
