import { type ServiceError, status } from '@grpc/grpc-js';
import type { Channel } from '../rpc/channel.js';
import { duration } from '../text/duration.js';
import { clipped } from '../text/printable.js';
import { WireError } from '../wire/error.js';

/** Why a call brought no answer: nobody is there, it took too long, it was refused, it failed, or what came is no answer. */
export type CallProblem = 'UNREACHABLE' | 'TIMEOUT' | 'REFUSED' | 'FAILED' | 'MALFORMED';

/** Whom a call was for, the way there, and how long an answer may take on it. */
export interface Route {
  readonly what: 'agent' | 'collector';
  /** As it was given. */
  readonly address: string;
  readonly channel: Channel;
  readonly timeoutMs: number;
}

/** Most characters of a server's own words. */
const MAX_DETAILS = 1000;

/** What went wrong with a call, in a line for people. */
export async function explainProblem(
  route: Route,
  cause: unknown,
): Promise<{ readonly problem: CallProblem; readonly message: string }> {
  const [problem, message] = await explain(route, cause);
  return { problem, message };
}

async function explain({ what, address, channel, timeoutMs }: Route, cause: unknown): Promise<[CallProblem, string]> {
  const who = `the ${what} at ${address}`;
  if (cause instanceof WireError) {
    const problem = `${who} sent what this release does not understand (${cause.message}); do both have the same version?`;
    return ['MALFORMED', problem];
  }
  const { code } = cause as Partial<ServiceError>;
  // What a server says is shown to people: it must not do more to a terminal than be read.
  const details = clipped((cause as Partial<ServiceError>).details ?? '', MAX_DETAILS);
  switch (code) {
    case status.UNAVAILABLE:
      // The server's own words when it is there and cannot read; everything else is grpc-js's about the connection.
      if (details.startsWith('this host could not be read') || details.startsWith('reading this host'))
        return ['FAILED', `${who} failed: ${details}`];
      return ['UNREACHABLE', `cannot reach ${who}: ${await connectionProblem(what, channel, details)}`];
    case status.DEADLINE_EXCEEDED:
      return ['TIMEOUT', `${who} has not answered within ${duration(timeoutMs)}`];
    case status.INVALID_ARGUMENT:
      return ['REFUSED', `${who} refused the request: ${details}`];
    case status.UNAUTHENTICATED:
    case status.PERMISSION_DENIED:
      return ['REFUSED', `${who} refused this client: ${details}`];
    case status.UNIMPLEMENTED:
      return ['REFUSED', `what serves at ${address} does not know this call; is it ${ARTICLES[what]} ${what} of this version?`];
    default:
      return ['FAILED', `${who} failed: ${details === '' ? `status ${code ?? 'unknown'}` : details}`];
  }
}

const ARTICLES = { agent: 'an', collector: 'a' } as const;

async function connectionProblem(what: Route['what'], channel: Channel, details: string): Promise<string> {
  const ask = `; is \`nsatlas ${what}\` running?`;
  if (/^the (agent|collector) is stopping|^the stream has ended/.test(details)) return `it has stopped${ask}`;
  const { message, listening } = await channel.problem(details);
  return listening ? message : `${message}${ask}`;
}
