/** Why an agent gave no answer: it is not there, it refused, it failed, or it sent what is no answer. */
export type AgentErrorCode =
  | 'ERR_NSATLAS_AGENT_UNREACHABLE'
  | 'ERR_NSATLAS_AGENT_TIMEOUT'
  | 'ERR_NSATLAS_AGENT_REFUSED'
  | 'ERR_NSATLAS_AGENT_FAILED'
  | 'ERR_NSATLAS_AGENT_MALFORMED';

/** A call to an agent that brought no whole answer. The message is one line for people. */
export class AgentError extends Error {
  readonly code: AgentErrorCode;
  /** As it was given. */
  readonly address: string;

  constructor(code: AgentErrorCode, address: string, message: string, options: ErrorOptions = {}) {
    super(message, options);
    this.name = 'AgentError';
    this.code = code;
    this.address = address;
  }
}
