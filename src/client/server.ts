import { type ServiceError, status } from '@grpc/grpc-js';
import { type Caller, createCaller } from '../rpc/caller.js';
import { type Channel, type ChannelOptions, openChannel } from '../rpc/channel.js';
import { readTrailer } from '../rpc/trailer.js';
import { duration } from '../text/duration.js';
import { clipped } from '../text/printable.js';
import { WireError } from '../wire/error.js';
import type { AgentError, CallProblem, CollectorError, ServerError } from './error.js';

/** What servers are called, and where they listen if nothing else is said. */
const SERVERS = {
  agent: { a: 'an agent', service: 'nsatlas.v1.Agent', port: 7117 },
  collector: { a: 'a collector', service: 'nsatlas.v1.Collector', port: 7127 },
} as const;

/** How a server is asked. */
export interface ServerOptions extends ChannelOptions {
  /** For a complete answer, in milliseconds; 60,000. Watch has no limit. */
  readonly timeoutMs?: number;
}

/** A way to a server, which is not connected yet. */
export interface OpenServer {
  readonly channel: Channel;
  readonly caller: Caller;
  /** What a call ended with, or what was wrong with a message, as it is to be thrown. */
  readonly toError: (cause: unknown) => Promise<ServerError>;
}

/**
 * The server at HOST:PORT or unix:PATH.
 * @param Failure what its calls reject with
 * @throws Failure when the address is neither
 */
export function openServer(
  what: keyof typeof SERVERS,
  address: string,
  { timeoutMs = 60_000, ...options }: ServerOptions,
  Failure: typeof AgentError | typeof CollectorError,
): OpenServer {
  const { a, service, port } = SERVERS[what];
  const channel = openChannel(address, options);
  if (channel === undefined)
    throw new Failure('UNREACHABLE', address, `${address} is not ${a} address; give HOST:PORT (127.0.0.1:${port}) or unix:PATH`);
  const toError = async (cause: unknown): Promise<ServerError> => {
    const [problem, message] = await explain({ what, address, channel, timeoutMs }, cause);
    return new Failure(problem, address, message, { cause, serverCode: readTrailer(cause as Partial<ServiceError>).shown });
  };
  return { channel, toError, caller: createCaller(channel.client, { service, timeoutMs, toError }) };
}

/** The peer of a call, its channel, and the time limit for an answer. */
interface CallTarget {
  readonly what: keyof typeof SERVERS;
  /** As it was given. */
  readonly address: string;
  readonly channel: Channel;
  readonly timeoutMs: number;
}

/** What went wrong with a call, and a line for people. */
type Explained = readonly [CallProblem, message: string];

/** Limit of a server’s message, in characters. */
const MAX_DETAILS = 1000;

/**
 * What went wrong with a call. The gRPC status and the server's code decide, and nothing else; what a server of a release without codes or
 * a proxy sends is judged by its status alone.
 */
async function explain(target: CallTarget, cause: unknown): Promise<Explained> {
  const { what, address, timeoutMs } = target;
  const who = `the ${what} at ${address}`;
  if (cause instanceof WireError)
    return ['MALFORMED', `${who} sent what this release does not understand (${cause.message}); do both have the same version?`];
  const failed = cause as Partial<ServiceError>;
  // What a server says is shown to people: it must not do more to a terminal than be read.
  const details = clipped(failed.details ?? '', MAX_DETAILS);
  switch (failed.code) {
    case status.UNAVAILABLE:
      return unavailable(target, failed, details);
    case status.DEADLINE_EXCEEDED:
      return ['TIMEOUT', `${who} has not answered within ${duration(timeoutMs)}`];
    case status.INVALID_ARGUMENT:
    case status.NOT_FOUND:
      return ['REFUSED', `${who} refused the request: ${details}`];
    case status.UNAUTHENTICATED:
    case status.PERMISSION_DENIED:
      return ['REFUSED', `${who} refused this client: ${details}`];
    case status.UNIMPLEMENTED:
      if (readTrailer(failed).shown !== undefined) return ['REFUSED', `${who} refused the request: ${details}`];
      return ['REFUSED', `what serves at ${address} does not know this call; is it ${SERVERS[what].a} of this version?`];
    default:
      return ['FAILED', `${who} failed: ${details || `status ${failed.code ?? 'unknown'}`}`];
  }
}

/** A server that stops, a connection that is not there, or a server that is there and cannot answer. */
async function unavailable(
  { what, address, channel }: CallTarget,
  failed: Partial<ServiceError>,
  details: string,
): Promise<Explained> {
  const who = `the ${what} at ${address}`;
  const ask = `; is \`nsatlas ${what}\` running?`;
  const { code, answered } = readTrailer(failed);
  if (code === 'ERR_NSATLAS_STOPPING') return ['UNREACHABLE', `cannot reach ${who}: it has stopped${ask}`];
  if (answered) return ['FAILED', `${who} failed: ${details}`];
  const { message, listening } = await channel.problem(details);
  return ['UNREACHABLE', `cannot reach ${who}: ${message}${listening ? '' : ask}`];
}
