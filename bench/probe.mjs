// Loaded into the agent's process (node --import): tells how long its main thread was held, when it is asked by the parent. A timer ticks
// each millisecond; what lies between two ticks beyond that is a stretch. The time in which the thread was ready to run and had no
// core, because other processes had them, is told apart: it is field 2 of schedstat (sched_info.run_delay, Documentation/scheduler/sched-stats.rst).
import { openSync, readSync } from 'node:fs';
import { PerformanceObserver } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';

/** Nothing shorter is seen. */
const PERIOD_MS = 1;

const schedstat = openSync(`/proc/self/task/${process.pid}/schedstat`, 'r');
const buffer = Buffer.alloc(128);

function waitedMs() {
  const length = readSync(schedstat, buffer, 0, buffer.length, 0);
  return Number(buffer.toString('latin1', 0, length).split(' ')[1]) / 1e6;
}

let timer;
let last;
let longest;

function tick() {
  const now = { at: performance.now(), waited: waitedMs() };
  const wallMs = now.at - last.at - PERIOD_MS;
  longest.wallMs = Math.max(longest.wallMs, wallMs);
  longest.ownMs = Math.max(longest.ownMs, wallMs - (now.waited - last.waited));
  last = now;
}

new PerformanceObserver((list) => {
  for (const { duration } of list.getEntries()) longest.gcMs = Math.max(longest.gcMs, duration);
}).observe({ entryTypes: ['gc'] });

function watch(isWanted) {
  clearInterval(timer);
  timer = undefined;
  longest = { wallMs: 0, ownMs: 0, gcMs: 0 };
  if (!isWanted) return;
  last = { at: performance.now(), waited: waitedMs() };
  timer = setInterval(tick, PERIOD_MS);
  // It may not keep the agent alive.
  timer.unref();
}

/** What is in use when everything else was thrown away; needs --expose-gc. Bytes. Memory of buffers is given back a while after their objects. */
async function liveBytes() {
  for (let times = 0; times < 3; times++) {
    globalThis.gc();
    await sleep(100);
  }
  const { heapUsed, external } = process.memoryUsage();
  return { heapUsed, external };
}

process.on('message', async ({ id, isWatched, live }) => {
  if (timer !== undefined) tick();
  const told = longest;
  process.send({ id, longest: told, ...(live && (await liveBytes())) });
  watch(isWatched);
});
process.channel.unref();
watch(true);
