import { type ServiceError, status } from '@grpc/grpc-js';
import { WireError } from '../wire/error.js';

/** Why a call brought no answer: nobody is there, it took too long, it was refused, it failed, or what came is no answer. */
export type CallProblem = 'UNREACHABLE' | 'TIMEOUT' | 'REFUSED' | 'FAILED' | 'MALFORMED';

/** Whom a call was for. */
export interface Peer {
  readonly what: 'agent' | 'collector';
  /** As it was given. */
  readonly address: string;
  /** That the call had. */
  readonly timeoutMs: number;
}

/** What went wrong with a call, in a line for people. */
export function explainProblem(peer: Peer, cause: unknown): { readonly problem: CallProblem; readonly message: string } {
  const [problem, message] = explain(peer, cause);
  return { problem, message };
}

function explain({ what, address, timeoutMs }: Peer, cause: unknown): [CallProblem, string] {
  const who = `the ${what} at ${address}`;
  if (cause instanceof WireError) {
    const problem = `${who} sent what this release does not understand (${cause.message}); do both have the same version?`;
    return ['MALFORMED', problem];
  }
  const { code, details = '' } = cause as Partial<ServiceError>;
  switch (code) {
    case status.UNAVAILABLE:
      // The agent's own words when it is there and cannot read; everything else is grpc-js's about the connection.
      if (details.startsWith('this host could not be read') || details.startsWith('reading this host'))
        return ['FAILED', `${who} failed: ${details}`];
      return ['UNREACHABLE', `cannot reach ${who}: ${connectionProblem(details)}; is \`nsatlas ${what}\` running?`];
    case status.DEADLINE_EXCEEDED:
      return ['TIMEOUT', `${who} has not answered within ${timeoutMs / 1000} s`];
    case status.INVALID_ARGUMENT:
      return ['REFUSED', `${who} refused the request: ${details}`];
    case status.UNIMPLEMENTED:
      return ['REFUSED', `what serves at ${address} does not know this call; is it ${ARTICLES[what]} ${what} of this version?`];
    default:
      return ['FAILED', `${who} failed: ${details === '' ? `status ${code ?? 'unknown'}` : details}`];
  }
}

const ARTICLES = { agent: 'an', collector: 'a' } as const;

const PROBLEMS: readonly (readonly [RegExp, string])[] = [
  [/^the (agent|collector) is stopping|^the stream has ended/, 'it has stopped'],
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
