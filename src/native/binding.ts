// The only file that names the binary.
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { NativeError } from './errors.js';
import type { NetnsProblem } from './types.js';

/** Native state of one reader; only the addon looks inside. */
export type Handle = object & { readonly __handle: never };

/** Native state of one observer; path, dev and ino are those of the observer namespace. */
export type ObserverHandle = object & {
  readonly __observer: never;
  readonly path?: string;
  readonly dev?: number;
  readonly ino?: number;
};

/** What the addon exports (native/napi/addon.cc). */
export interface Addon {
  /** A reader with the row formats of an image (row-formats.ts). */
  open(rowFormats: Uint8Array): Handle;
  /**
   * Starts the job of an image (job.ts). `onBatch` is called when there is something to take after take() found nothing: the one of the
   * reader's first job, so it has to be the same for all of them.
   */
  start(handle: Handle, image: Uint8Array, onBatch: () => void): void;
  /** Copies the next batch into `buffer` and returns its length; 0: nothing yet; negative: needs a buffer of that size. */
  take(handle: Handle, buffer: ArrayBuffer): number;
  cancel(handle: Handle): void;
  stop(handle: Handle): void;
  /** Forgets the rows of a key: at once, or when the job that runs has ended. */
  forget(handle: Handle, key: number): void;
  close(handle: Handle): void;
  /** Starts an observer with the rules of an image (event-rules.ts); without them, of mounts only. `onEvents` is called when there is something after observed() was called. Throws an error with `errno` and `syscall`. */
  observe(rules: Uint8Array | undefined, receiveBufferBytes: number, mountinfo: string, onEvents: () => void): ObserverHandle;
  /** Everything since the last call (observer.ts). */
  observed(handle: ObserverHandle): Int32Array;
  unobserve(handle: ObserverHandle): void;
  /** Throws an error with `errno` and `syscall`. */
  sdNotify(path: string, message: string): void;
  /** Ends the process: _exit(2). */
  exitNow(status: number): never;
  /** Names of problem and operation numbers in frames (native/process/failure.h). */
  readonly problems: readonly (NetnsProblem | 'none')[];
  readonly operations: readonly string[];
}

// From dist/src/native/ to the project's top folder.
const BUILT = fileURLToPath(new URL('../../../build/Release/nsatlas.node', import.meta.url));

/**
 * Loads the addon.
 * @param path another build of it; for tests
 * @throws NativeError ERR_NSATLAS_ADDON, which says what to do
 */
export function loadAddon(path: string = BUILT): Addon {
  if (process.platform !== 'linux') {
    throw new NativeError('ERR_NSATLAS_ADDON', `network namespaces are a Linux feature; this is ${process.platform}`);
  }
  try {
    return createRequire(import.meta.url)(path) as Addon;
  } catch (cause) {
    const missing = cause instanceof Error && (cause as NodeJS.ErrnoException).code === 'MODULE_NOT_FOUND';
    const problem = missing ? 'the native addon is not built' : `the native addon cannot be loaded: ${String(cause)}`;
    throw new NativeError('ERR_NSATLAS_ADDON', `${problem}; run "npm run build" (${path})`, { cause });
  }
}
