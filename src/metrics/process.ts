import { readdirSync, readFileSync } from 'node:fs';
import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import type { Registry } from 'prom-client';
import { askedCounter, askedGauge } from './families.js';

/** Sampling interval of the event loop's delay, in milliseconds. */
const RESOLUTION_MS = 20;

/** Metrics of this process, under the names that Prometheus' own client libraries use. @returns stops the measurement */
export function addProcessMetrics(registry: Registry): () => void {
  askedGauge(registry, { name: 'process_resident_memory_bytes', help: 'Resident memory size.' }, () => {
    return process.memoryUsage.rss();
  });
  askedGauge(registry, { name: 'nodejs_heap_size_used_bytes', help: 'Bytes of the JavaScript heap in use.' }, () => {
    return process.memoryUsage().heapUsed;
  });
  askedGauge(
    registry,
    { name: 'nodejs_external_memory_bytes', help: 'Bytes outside of the heap that JavaScript objects hold.' },
    () => {
      return process.memoryUsage().external;
    },
  );
  askedCounter(registry, { name: 'process_cpu_seconds_total', help: 'User and system CPU time spent.' }, () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1e6;
  });
  const started = performance.timeOrigin / 1000;
  askedGauge(registry, { name: 'process_start_time_seconds', help: 'Start time of the process since the epoch.' }, () => started);
  // The directory itself is open while it is read.
  askedGauge(
    registry,
    { name: 'process_open_fds', help: 'Open file descriptors.' },
    () => readdirSync('/proc/self/fd').length - 1,
  );
  const most = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1];
  if (most !== undefined)
    askedGauge(registry, { name: 'process_max_fds', help: 'Maximum number of open file descriptors.' }, () => Number(most));
  return addEventLoopMetrics(registry);
}

function addEventLoopMetrics(registry: Registry): () => void {
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delay.enable();
  // The histogram has the time between two samples.
  const late = (nanoseconds: number): number | undefined =>
    delay.count === 0 ? undefined : Math.max(0, nanoseconds / 1e9 - RESOLUTION_MS / 1000);
  const since = 'since the previous scrape';
  askedGauge(registry, { name: 'nodejs_eventloop_lag_p50_seconds', help: `Median delay of the event loop ${since}.` }, () =>
    late(delay.percentile(50)),
  );
  askedGauge(
    registry,
    { name: 'nodejs_eventloop_lag_p99_seconds', help: `99th percentile of the event loop's delay ${since}.` },
    () => late(delay.percentile(99)),
  );
  // The last of them to be read.
  askedGauge(registry, { name: 'nodejs_eventloop_lag_max_seconds', help: `Longest delay of the event loop ${since}.` }, () => {
    const longest = late(delay.max);
    delay.reset();
    return longest;
  });
  return () => delay.disable();
}
