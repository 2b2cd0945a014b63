import { type ErrorCode, NsatlasError } from '../text/error.js';

/** Why a call got no answer: nothing is there, it took too long, it was refused, it failed, or the answer is invalid. */
export type CallProblem = 'UNREACHABLE' | 'TIMEOUT' | 'REFUSED' | 'FAILED' | 'MALFORMED';

interface ServerErrorOptions extends ErrorOptions {
  /** The code that the server sent, perhaps one that this release does not know. */
  readonly serverCode?: string | undefined;
}

/** A call that brought no full answer. The message is one line for people. */
export abstract class ServerError<Code extends ErrorCode = ErrorCode> extends NsatlasError<Code> {
  /** As it was given. */
  readonly address: string;
  readonly serverCode: string | undefined;

  constructor(code: Code, address: string, message: string, { serverCode, ...options }: ServerErrorOptions = {}) {
    super(code, message, options);
    this.address = address;
    this.serverCode = serverCode;
  }
}

/** A call to an agent that brought no full answer. */
export class AgentError extends ServerError<`ERR_NSATLAS_AGENT_${CallProblem}`> {
  constructor(problem: CallProblem, address: string, message: string, options?: ServerErrorOptions) {
    super(`ERR_NSATLAS_AGENT_${problem}`, address, message, options);
  }
}

/** A call to a collector that brought no full answer. */
export class CollectorError extends ServerError<`ERR_NSATLAS_COLLECTOR_${CallProblem}`> {
  constructor(problem: CallProblem, address: string, message: string, options?: ServerErrorOptions) {
    super(`ERR_NSATLAS_COLLECTOR_${problem}`, address, message, options);
  }
}
