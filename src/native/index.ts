// The room's door: a reader of namespaces, and the one other thing Node cannot do.
import { loadAddon } from './binding.js';
import { AddonReader } from './reader.js';
import type { NetnsReader } from './types.js';

export { ArgumentError, NativeError, type NativeErrorCode } from './errors.js';
export type * from './types.js';

export interface NativeOptions {
  /** Another build of the addon; for tests. */
  readonly addonPath?: string;
}

/**
 * Makes a reader. Its threads start with its first job; idle ones do not keep the process alive.
 * @throws NativeError ERR_NSATLAS_ADDON
 */
export function createNetnsReader(options: NativeOptions = {}): NetnsReader {
  return new AddonReader(loadAddon(options.addonPath));
}

/**
 * Tells the service manager something (sd_notify(3)): `socketPath` is the value of NOTIFY_SOCKET ("/path" or "@abstract"), `message`
 * e.g. "READY=1". Waits at most a second.
 * @throws an Error with code ERR_NSATLAS_NOTIFY, `errno` (positive) and `syscall`; NativeError ERR_NSATLAS_ADDON
 */
export function sdNotify(socketPath: string, message: string, options: NativeOptions = {}): void {
  loadAddon(options.addonPath).sdNotify(socketPath, message);
}
