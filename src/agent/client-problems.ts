import { type ServiceError, status } from '@grpc/grpc-js';
import type { Channel } from '../rpc/channel.js';
import { WireError } from '../wire/error.js';
import { AgentError, type AgentErrorCode } from './error.js';

/** The way to an agent, and how long an answer may take on it. */
export interface AgentRoute {
  readonly address: string;
  readonly channel: Channel;
  readonly timeoutMs: number;
}

/** What went wrong with a call, in a line for people. */
export async function toAgentError(route: AgentRoute, cause: unknown): Promise<AgentError> {
  const { address } = route;
  if (cause instanceof WireError) {
    const message = `the agent at ${address} sent what this release does not understand (${cause.message}); do both have the same version?`;
    return new AgentError('ERR_NSATLAS_AGENT_MALFORMED', address, message, { cause });
  }
  const { code, details = '' } = cause as Partial<ServiceError>;
  const [kind, message] = await explain(route, code, inOneLine(details));
  return new AgentError(kind, address, message, { cause });
}

async function explain(
  { address, channel, timeoutMs }: AgentRoute,
  code: status | undefined,
  details: string,
): Promise<[AgentErrorCode, string]> {
  switch (code) {
    case status.UNAVAILABLE:
      // The agent's own words when it is there and cannot read; everything else is grpc-js's about the connection.
      if (details.startsWith('this host could not be read') || details.startsWith('reading this host')) {
        return ['ERR_NSATLAS_AGENT_FAILED', `the agent at ${address} failed: ${details}`];
      }
      return [
        'ERR_NSATLAS_AGENT_UNREACHABLE',
        `cannot reach the agent at ${address}: ${await connectionProblem(channel, details)}`,
      ];
    case status.DEADLINE_EXCEEDED:
      return ['ERR_NSATLAS_AGENT_TIMEOUT', `the agent at ${address} has not answered within ${timeoutMs / 1000} s`];
    case status.INVALID_ARGUMENT:
      return ['ERR_NSATLAS_AGENT_REFUSED', `the agent at ${address} refused the request: ${details}`];
    case status.UNAUTHENTICATED:
    case status.PERMISSION_DENIED:
      return ['ERR_NSATLAS_AGENT_REFUSED', `the agent at ${address} refused this client: ${details}`];
    case status.UNIMPLEMENTED:
      return ['ERR_NSATLAS_AGENT_REFUSED', `what serves at ${address} does not know this call; is it an agent of this version?`];
    default:
      return [
        'ERR_NSATLAS_AGENT_FAILED',
        `the agent at ${address} failed: ${details === '' ? `status ${code ?? 'unknown'}` : details}`,
      ];
  }
}

async function connectionProblem(channel: Channel, details: string): Promise<string> {
  if (/^the agent is stopping|^the stream has ended/.test(details)) return 'it has stopped; is `nsatlas agent` running?';
  const { message, listening } = await channel.problem(details);
  return listening ? message : `${message}; is \`nsatlas agent\` running?`;
}

/** What a server says is shown to people: it must not do more to a terminal than be read. */
function inOneLine(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '\u{fffd}');
}
