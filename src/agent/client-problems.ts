import { type ServiceError, status } from '@grpc/grpc-js';
import { WireError } from '../wire/error.js';
import { AgentError, type AgentErrorCode } from './error.js';

/** What went wrong with a call, in a line for people. @param timeoutMs that the call had */
export function toAgentError(address: string, cause: unknown, timeoutMs: number): AgentError {
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
  [/^the agent is stopping|^the stream has ended/, 'it has stopped'],
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
