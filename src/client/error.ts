import type { CallProblem } from './problems.js';

/** Why an agent gave no answer. */
export type AgentErrorCode = `ERR_NSATLAS_AGENT_${CallProblem}`;

/** A call to an agent that brought no whole answer. The message is one line for people. */
export class AgentError extends Error {
  readonly code: AgentErrorCode;
  /** As it was given. */
  readonly address: string;

  constructor(problem: CallProblem, address: string, message: string, options: ErrorOptions = {}) {
    super(message, options);
    this.name = 'AgentError';
    this.code = `ERR_NSATLAS_AGENT_${problem}`;
    this.address = address;
  }
}
