import type { Gap, ReadStatus } from '../model/types.js';

/** What went wrong between us and an engine. Stable. */
export type EngineErrorCode =
  /** Nothing answers at the socket, or the connection broke. */
  | 'ERR_ENGINE_UNREACHABLE'
  /** The socket's permissions do not let us in. */
  | 'ERR_ENGINE_DENIED'
  /** No answer within the time limit. */
  | 'ERR_ENGINE_TIMEOUT'
  /** The answer is larger than any that makes sense. */
  | 'ERR_ENGINE_TOO_LARGE'
  /** The answer is none of a Docker API. */
  | 'ERR_ENGINE_MALFORMED'
  /** The engine said no (HTTP status 4xx, 5xx). */
  | 'ERR_ENGINE_REFUSED'
  /** The object does not exist (any more). */
  | 'ERR_ENGINE_NOT_FOUND'
  /** Not asked at all: the engine had used up its time. */
  | 'ERR_ENGINE_NOT_ASKED'
  /** We hung up ourselves. */
  | 'ERR_ENGINE_CLOSED';

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
export class EngineError extends Error {
  readonly code: EngineErrorCode;
  readonly socket: string;
  readonly operation: string;
  readonly errno: string | undefined;

  constructor({ code, socket, operation, message, errno, cause }: EngineErrorDetail) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'EngineError';
    this.code = code;
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
    message: about === undefined ? error.message : `${about}: ${error.message}`,
  };
}

function statusOf(code: EngineErrorCode): ReadStatus {
  switch (code) {
    case 'ERR_ENGINE_DENIED':
      return 'DENIED';
    case 'ERR_ENGINE_TIMEOUT':
      return 'TIMED_OUT';
    case 'ERR_ENGINE_MALFORMED':
    case 'ERR_ENGINE_TOO_LARGE':
      return 'MALFORMED';
    case 'ERR_ENGINE_NOT_ASKED':
      return 'NOT_READ';
    default:
      return 'FAILED';
  }
}
