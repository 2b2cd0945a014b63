/** Stable codes of everything this room throws. Whatever is wrong with one namespace is not thrown but reported to the visitor. */
export type NativeErrorCode =
  /** The addon is not built, or cannot be loaded here. */
  | 'ERR_NSATLAS_ADDON'
  /** A job is running. */
  | 'ERR_NSATLAS_BUSY'
  /** The reader was closed. */
  | 'ERR_NSATLAS_CLOSED'
  /** The reader's own namespace cannot be opened (no /proc?), so no thread could come back to it. */
  | 'ERR_NSATLAS_HOME'
  /** No thread could be started, or it ran out of memory. */
  | 'ERR_NSATLAS_THREAD'
  /** The addon and this code do not fit together. */
  | 'ERR_NSATLAS_FRAME'
  /** There can be no observer: a capability is missing, or a call failed. */
  | 'ERR_NSATLAS_OBSERVER'
  /** sd_notify failed. */
  | 'ERR_NSATLAS_NOTIFY'
  | 'ERR_NSATLAS_MEMORY';

/** What a reader throws and rejects with. `errno` is positive and absent when no system call failed. */
export class NativeError extends Error {
  override readonly name = 'NativeError';
  readonly code: NativeErrorCode;
  readonly errno: number | undefined;
  readonly syscall: string | undefined;

  constructor(code: NativeErrorCode, message: string, more: { cause?: unknown; errno?: number; syscall?: string } = {}) {
    super(message, 'cause' in more ? { cause: more.cause } : {});
    this.code = code;
    this.errno = more.errno;
    this.syscall = more.syscall;
  }
}

/** A caller's mistake: a TypeError with the code ERR_NSATLAS_ARGUMENT. The addon throws the same of its own. */
export class ArgumentError extends TypeError {
  readonly code = 'ERR_NSATLAS_ARGUMENT';
}
