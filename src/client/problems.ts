import { type ServiceError, status } from '@grpc/grpc-js';
import type { Channel } from '../rpc/channel.js';
import { readTrailer } from '../rpc/trailer.js';
import { duration } from '../text/duration.js';
import { clipped } from '../text/printable.js';
import { WireError } from '../wire/error.js';
import type { CallProblem } from './error.js';

/** The peer of a call, its channel, and the time limit for an answer. */
export interface CallTarget {
  readonly what: 'agent' | 'collector';
  /** As it was given. */
  readonly address: string;
  readonly channel: Channel;
  readonly timeoutMs: number;
}

/** What went wrong with a call. */
export interface Explained {
  readonly problem: CallProblem;
  /** One line for people. */
  readonly message: string;
  /** The code that the server sent, when it sent one. */
  readonly serverCode?: string | undefined;
}

/** Limit of a server’s message, in characters. */
const MAX_DETAILS = 1000;

/**
 * What went wrong with a call. The gRPC status and the server's code decide, and nothing else; what a server of a release without codes or
 * a proxy sends is judged by its status alone.
 */
export async function explainProblem(target: CallTarget, cause: unknown): Promise<Explained> {
  const { what, address, timeoutMs } = target;
  const who = `the ${what} at ${address}`;
  if (cause instanceof WireError) {
    const message = `${who} sent what this release does not understand (${cause.message}); do both have the same version?`;
    return { problem: 'MALFORMED', message };
  }
  const failed = cause as Partial<ServiceError>;
  const { shown: serverCode } = readTrailer(failed);
  // What a server says is shown to people: it must not do more to a terminal than be read.
  const details = clipped(failed.details ?? '', MAX_DETAILS);
  switch (failed.code) {
    case status.UNAVAILABLE:
      return { ...(await unavailable(target, failed, details)), serverCode };
    case status.DEADLINE_EXCEEDED:
      return { problem: 'TIMEOUT', message: `${who} has not answered within ${duration(timeoutMs)}`, serverCode };
    case status.INVALID_ARGUMENT:
    case status.NOT_FOUND:
      return { problem: 'REFUSED', message: `${who} refused the request: ${details}`, serverCode };
    case status.UNAUTHENTICATED:
    case status.PERMISSION_DENIED:
      return { problem: 'REFUSED', message: `${who} refused this client: ${details}`, serverCode };
    case status.UNIMPLEMENTED:
      return { problem: 'REFUSED', message: unimplemented(target, details, serverCode), serverCode };
    default:
      return { problem: 'FAILED', message: `${who} failed: ${details || `status ${failed.code ?? 'unknown'}`}`, serverCode };
  }
}

const ARTICLES = { agent: 'an', collector: 'a' } as const;

function unimplemented({ what, address }: CallTarget, details: string, serverCode: string | undefined): string {
  if (serverCode !== undefined) return `the ${what} at ${address} refused the request: ${details}`;
  return `what serves at ${address} does not know this call; is it ${ARTICLES[what]} ${what} of this version?`;
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
  if (code === 'ERR_NSATLAS_STOPPING') return { problem: 'UNREACHABLE', message: `cannot reach ${who}: it has stopped${ask}` };
  if (answered) return { problem: 'FAILED', message: `${who} failed: ${details}` };
  const { message, listening } = await channel.problem(details);
  return { problem: 'UNREACHABLE', message: `cannot reach ${who}: ${message}${listening ? '' : ask}` };
}
