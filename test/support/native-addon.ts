// Which build of the addon the native tests use. NSATLAS_TEST_ADDON names another one, e.g. the sanitized build:
//   NSATLAS_TEST_ADDON=build/asan/build/Release/nsatlas.node LD_PRELOAD="$(gcc -print-file-name=libasan.so) $(gcc -print-file-name=libubsan.so)" \
//   ASAN_OPTIONS=detect_leaks=0:quarantine_size_mb=4 node --test dist/test/live/native-*.test.js
import { resolve } from 'node:path';
import { type Addon, loadAddon } from '../../src/native/binding.js';
import { createNetnsReader, type NativeOptions, type NetnsReader } from '../../src/native/index.js';
import { ROOT } from './root.js';

const other = process.env['NSATLAS_TEST_ADDON'];

export const NATIVE_OPTIONS: NativeOptions = other === undefined ? {} : { addonPath: resolve(ROOT, other) };

/** While other tests take namespaces down, the kernel may hold the lock that every dump waits for, for seconds. */
export const PATIENCE_MS = 20_000;

/** A reader over the build under test. */
export function testReader(): NetnsReader {
  return createNetnsReader({ ...NATIVE_OPTIONS, timeLimitMs: PATIENCE_MS });
}

/** The addon itself, for tests of its border. */
export function testAddon(): Addon {
  return loadAddon(NATIVE_OPTIONS.addonPath);
}
