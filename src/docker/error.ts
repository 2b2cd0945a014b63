import type { Gap, ReadStatus } from '../model/types.js';
import { type ErrorCode, NsatlasError } from '../text/error.js';

/** What went wrong between us and an engine. */
export type EngineErrorCode = Extract<ErrorCode, `ERR_NSATLAS_ENGINE_${string}`>;

/** What an engine was asked. */
export interface EngineQuestion {
  /** Path of the engine's socket. */
  readonly socket: string;
  /** "connect", "version", "info", "networks", "nodes", "list", "inspect", "events". */
  readonly operation: string;
}

/** An engine could not be asked, or its answer could not be used. The message names the engine. */
export class EngineError extends NsatlasError<EngineErrorCode> implements EngineQuestion {
  readonly socket: string;
  readonly operation: string;
  /** Name of the errno, when there was one. */
  readonly errno: string | undefined;

  constructor(
    { socket, operation }: EngineQuestion,
    code: EngineErrorCode,
    what: string,
    { errno, ...options }: ErrorOptions & { readonly errno?: string | undefined } = {},
  ) {
    super(code, `Docker engine at ${socket}: ${what}`, options);
    this.socket = socket;
    this.operation = operation;
    this.errno = errno;
  }
}

/**
 * The gap that an error leaves. A socket that is not there is FAILED, never VANISHED: it was named by someone who
 * expects names from it.
 * @param about what is missing for it, in front of the reason: "container 4d6dee9fdc0a"
 */
export function gapOfError(error: EngineError, about?: string): Gap {
  return {
    engine: error.socket,
    status: STATUSES[error.code] ?? 'FAILED',
    ...(error.errno !== undefined && { errno: error.errno }),
    operation: error.operation,
    code: error.code,
    message: about === undefined ? error.message : `${about}: ${error.message}`,
  };
}

const STATUSES: Readonly<Partial<Record<EngineErrorCode, ReadStatus>>> = {
  ERR_NSATLAS_ENGINE_DENIED: 'DENIED',
  ERR_NSATLAS_ENGINE_TIMEOUT: 'TIMED_OUT',
  ERR_NSATLAS_ENGINE_MALFORMED: 'MALFORMED',
  ERR_NSATLAS_ENGINE_TOO_LARGE: 'MALFORMED',
  ERR_NSATLAS_ENGINE_NOT_ASKED: 'NOT_READ',
};
