import type { Gap, ReadStatus } from '../model/types.js';
import { type ErrorCode, NsatlasError } from '../text/error.js';

/** What went wrong between us and an engine. */
export type EngineErrorCode = Extract<ErrorCode, `ERR_NSATLAS_ENGINE_${string}`>;

/** The particulars of an {@link EngineError}. */
export interface EngineErrorDetail {
  readonly code: EngineErrorCode;
  /** Path of the engine's socket. */
  readonly socket: string;
  /** "connect", "version", "info", "networks", "nodes", "list", "inspect", "events". */
  readonly operation: string;
  readonly message: string;
  /** Name of the errno, when there was one. */
  readonly errno?: string | undefined;
  readonly cause?: unknown;
}

/** An engine could not be asked, or its answer could not be used. */
export class EngineError extends NsatlasError<EngineErrorCode> {
  readonly socket: string;
  readonly operation: string;
  readonly errno: string | undefined;

  constructor({ code, socket, operation, message, errno, cause }: EngineErrorDetail) {
    super(code, message, cause === undefined ? undefined : { cause });
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
    status: statusOf(error.code),
    ...(error.errno !== undefined && { errno: error.errno }),
    operation: error.operation,
    code: error.code,
    message: about === undefined ? error.message : `${about}: ${error.message}`,
  };
}

function statusOf(code: EngineErrorCode): ReadStatus {
  switch (code) {
    case 'ERR_NSATLAS_ENGINE_DENIED':
      return 'DENIED';
    case 'ERR_NSATLAS_ENGINE_TIMEOUT':
      return 'TIMED_OUT';
    case 'ERR_NSATLAS_ENGINE_MALFORMED':
    case 'ERR_NSATLAS_ENGINE_TOO_LARGE':
      return 'MALFORMED';
    case 'ERR_NSATLAS_ENGINE_NOT_ASKED':
      return 'NOT_READ';
    default:
      return 'FAILED';
  }
}
