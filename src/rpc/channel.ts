import { Client } from '@grpc/grpc-js';
import { parseHostPort } from './address.js';
import { FreshCredentials, type LastFailure } from './channel-credentials.js';
import { connectionProblem, speaksTls } from './channel-problems.js';
import type { ClientTls } from './types.js';

/** How to connect. */
export interface ChannelOptions {
  /** TLS, with the files read again for each connection. Not for unix sockets: they are plain on both sides. Without it plain text. */
  readonly tls?: ClientTls | undefined;
  /** Most bytes of one message; 64 MiB. Parts are 256 KiB, but a single row may be larger. */
  readonly maxMessageBytes?: number;
  /** Longest time between two attempts to connect, in milliseconds; 10,000. Calls fail at once meanwhile. */
  readonly maxBackoffMs?: number;
  /** How long the other end may take from the connection to its first word of HTTP/2, TLS included, in milliseconds; 10,000. */
  readonly handshakeLimitMs?: number;
  /** Called with one line when certificates on disk cannot be used and the previous ones are used instead. */
  readonly warn?: (message: string) => void;
}

/** A way to one server. */
export interface Channel {
  /** Calls it. Connects when it is first asked, and again whenever the connection is lost. */
  readonly client: Client;
  /** What was wrong with the connection when a call ended with UNAVAILABLE. @param details of the call's status */
  problem(details: string): Promise<ConnectionProblem>;
  close(): void;
}

/** Why there was no connection. */
export interface ConnectionProblem {
  /** What is wrong and, where that is known, what to do; to come after "cannot reach …: ". */
  readonly message: string;
  /** Somebody listens there. */
  readonly listening: boolean;
}

/**
 * A channel to HOST:PORT or unix:PATH.
 * @returns undefined when the address is neither
 */
export function openChannel(address: string, options: ChannelOptions = {}): Channel | undefined {
  const target = address.startsWith('unix:') ? 'unix' : parseHostPort(address);
  if (target === undefined) return undefined;
  const { tls } = options;
  const failure: LastFailure = { reached: 'nothing', last: undefined };
  const credentials = new FreshCredentials(failure, {
    tls: target === 'unix' || tls === undefined ? undefined : { ...tls, host: target.host },
    limitMs: options.handshakeLimitMs ?? 10_000,
    warn: options.warn ?? (() => undefined),
  });
  const client = new Client(address, credentials, {
    'grpc.max_receive_message_length': options.maxMessageBytes ?? 64 * 1024 * 1024,
    // A proxy for the web has no business between us and a server of ours.
    'grpc.enable_http_proxy': 0,
    'grpc.enable_retries': 0,
    'grpc.service_config_disable_resolution': 1,
    // A server that vanished without a word is noticed while it is watched.
    'grpc.keepalive_time_ms': 30_000,
    'grpc.keepalive_timeout_ms': 20_000,
    'grpc.initial_reconnect_backoff_ms': Math.min(1000, options.maxBackoffMs ?? 1000),
    'grpc.max_reconnect_backoff_ms': options.maxBackoffMs ?? 10_000,
    // Closing the channel closes its connection, so that the next channel connects again.
    'grpc.use_local_subchannel_pool': 1,
  });
  return {
    client,
    problem: async (details) => {
      if (failure.last !== undefined) return { message: failure.last, listening: true };
      const problem = connectionProblem(details, failure.reached);
      if (!problem.listening || tls !== undefined || target === 'unix' || !(await speaksTls(target))) return problem;
      return { message: 'it speaks TLS: give --tls-ca, --tls-cert and --tls-key', listening: true };
    },
    close: () => client.close(),
  };
}
