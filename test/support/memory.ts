import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Bytes in use once everything that nobody needs was thrown away. */
export interface MemoryInUse {
  readonly heap: number;
  /** Of buffers, and of what native code has told of. */
  readonly buffers: number;
}

/** What is in use now. What buffers held is given back a while after their objects: who looks for little looks several times. */
export function memoryInUse(): MemoryInUse {
  collect();
  const { heapUsed, external } = process.memoryUsage();
  // Memory of ArrayBuffers is part of `external`.
  return { heap: heapUsed, buffers: external };
}

/** Waits until memory has grown by less than so many MiB, and fails when it does not get there. @param grown in bytes */
export async function assertGrownLess(mebibytes: number, grown: () => number, limitMs = 10_000): Promise<void> {
  const deadline = performance.now() + limitMs;
  for (;;) {
    const now = grown() / 1024 / 1024;
    if (now < mebibytes) return;
    assert.ok(performance.now() < deadline, `grown by ${now.toFixed(1)} MiB, which is not less than ${mebibytes}`);
    await sleep(200);
  }
}
