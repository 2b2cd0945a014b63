// The room's door: a reader of namespaces, and the one other thing Node cannot do.
import { loadAddon } from './binding.js';
import { AddonObserver } from './observer.js';
import { AddonReader } from './reader.js';
import { encodeRowFormats } from './row-formats.js';
import type { NetnsReader, Observer, ObserverOptions, RowFormat } from './types.js';

export { ArgumentError, NativeError, type NativeErrorCode } from './errors.js';
export type * from './types.js';

export interface NativeOptions {
  /** Another build of the addon; for tests. */
  readonly addonPath?: string;
}

export interface ReaderOptions extends NativeOptions {
  /** What RowRequest.format names by position. Default none. */
  readonly rowFormats?: readonly RowFormat[];
  /** Time limit of jobs that name none, in milliseconds. Default 2000. */
  readonly timeLimitMs?: number;
}

/**
 * Makes a reader. Its threads start with its first job; idle ones do not keep the process alive.
 * @throws NativeError ERR_NSATLAS_ADDON; TypeError ERR_NSATLAS_ARGUMENT for row formats that are none
 */
export function createNetnsReader(options: ReaderOptions = {}): NetnsReader {
  return new AddonReader(loadAddon(options.addonPath), encodeRowFormats(options.rowFormats ?? []), options.timeLimitMs);
}

/**
 * Starts an observer: with `events` it receives those of every namespace that is given an id in its own.
 * @throws NativeError ERR_NSATLAS_OBSERVER (`errno`, `syscall`; the message names a missing capability), ERR_NSATLAS_ADDON
 */
export function createObserver(options: ObserverOptions & NativeOptions): Observer {
  return new AddonObserver(options, options.addonPath);
}

/**
 * Notifies the service manager (sd_notify(3)): `socketPath` is the value of NOTIFY_SOCKET ("/path" or "@abstract"), `message`
 * e.g. "READY=1". Waits at most a second.
 * @throws an Error with code ERR_NSATLAS_NOTIFY, `errno` (positive) and `syscall`; NativeError ERR_NSATLAS_ADDON
 */
export function sdNotify(socketPath: string, message: string, options: NativeOptions = {}): void {
  loadAddon(options.addonPath).sdNotify(socketPath, message);
}

/**
 * Ends the process with a status, and takes nothing down before: _exit(2). While Node ends by itself it sets every signal back to its default, some
 * milliseconds before the process is gone, and one that comes then decides how it ended.
 * @throws NativeError ERR_NSATLAS_ADDON
 */
export function exitNow(status: number, options: NativeOptions = {}): never {
  return loadAddon(options.addonPath).exitNow(status);
}
