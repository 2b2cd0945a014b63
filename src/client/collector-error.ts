import type { CallProblem } from './problems.js';

/** Why a collector gave no answer, as AgentErrorCode. */
export type CollectorErrorCode = `ERR_NSATLAS_COLLECTOR_${CallProblem}`;

/** A call to a collector that brought no whole answer. The message is one line for people. */
export class CollectorError extends Error {
  readonly code: CollectorErrorCode;
  /** As it was given. */
  readonly address: string;

  constructor(problem: CallProblem, address: string, message: string, options: ErrorOptions = {}) {
    super(message, options);
    this.name = 'CollectorError';
    this.code = `ERR_NSATLAS_COLLECTOR_${problem}`;
    this.address = address;
  }
}
