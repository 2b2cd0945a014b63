// A process of its own that scans again and again: how long the main thread is held, and how large it grows.
// Usage: node repeat.mjs DIR (scan|pairs|all) COUNT. Prints JSON.
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { createHostSource } from '../dist/src/scan/index.js';
import { sourceOptions, TABLE_SETS } from './variants.mjs';

const RESOLUTION_MS = 1;

const [dir, tables, count] = process.argv.slice(2);
const source = createHostSource(sourceOptions(dir));
const stretches = [];
for (let at = 0; at < Number(count); at++) {
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delay.enable();
  // The monitor has to have ticked before and after, or the first and the last stretch are not seen.
  await sleep(5);
  await source.read(TABLE_SETS[tables]);
  await sleep(5);
  delay.disable();
  stretches.push(delay.max / 1e6 - RESOLUTION_MS);
}
source.close();
const warm = stretches.slice(5).toSorted((a, b) => a - b);
console.log(
  JSON.stringify({
    coldMs: stretches[0],
    warmMs: warm[warm.length >> 1],
    worstMs: warm.at(-1),
    peakRssMb: process.resourceUsage().maxRSS / 1024,
  }),
);
