import { type ErrorCode, NsatlasError } from '../text/error.js';

/** Codes of what this room throws. Whatever is wrong with one namespace is not thrown: the visitor gets it. */
export type NativeErrorCode = Extract<
  ErrorCode,
  `ERR_NSATLAS_${'ADDON' | 'BUSY' | 'CLOSED' | 'FRAME' | 'HOME' | 'MEMORY' | 'NOTIFY' | 'OBSERVER' | 'THREAD'}`
>;

/** What a reader throws and rejects with. `errno` is positive and absent when no system call failed. */
export class NativeError extends NsatlasError<NativeErrorCode> {
  readonly errno: number | undefined;
  readonly syscall: string | undefined;

  constructor(code: NativeErrorCode, message: string, more: { cause?: unknown; errno?: number; syscall?: string } = {}) {
    super(code, message, 'cause' in more ? { cause: more.cause } : {});
    this.errno = more.errno;
    this.syscall = more.syscall;
  }
}

/** A caller's mistake: a TypeError with the code ERR_NSATLAS_ARGUMENT. The addon throws the same of its own. */
export class ArgumentError extends TypeError {
  readonly code = 'ERR_NSATLAS_ARGUMENT';
}
