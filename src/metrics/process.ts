import { readdirSync, readFileSync } from 'node:fs';
import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import type { Registry } from 'prom-client';
import { Asked } from './families.js';

/** Sampling interval of the event loop's delay, in milliseconds. */
const RESOLUTION_MS = 20;

const HELP = {
  process_resident_memory_bytes: 'Resident memory size.',
  nodejs_heap_size_used_bytes: 'Bytes of the JavaScript heap in use.',
  nodejs_external_memory_bytes: 'Bytes outside of the heap that JavaScript objects hold.',
  process_cpu_seconds_total: 'User and system CPU time spent.',
  process_start_time_seconds: 'Start time of the process since the epoch.',
  process_open_fds: 'Open file descriptors.',
  process_max_fds: 'Maximum number of open file descriptors.',
  nodejs_eventloop_lag_p50_seconds: 'Median delay of the event loop since the previous scrape.',
  nodejs_eventloop_lag_p99_seconds: "99th percentile of the event loop's delay since the previous scrape.",
  nodejs_eventloop_lag_max_seconds: 'Longest delay of the event loop since the previous scrape.',
} as const;

/** Metrics of this process, under the names that Prometheus' own client libraries use. @returns stops the measurement */
export function addProcessMetrics(registry: Registry): () => void {
  const asked = new Asked(registry, HELP);
  asked.gauge('process_resident_memory_bytes', () => process.memoryUsage.rss());
  asked.gauge('nodejs_heap_size_used_bytes', () => process.memoryUsage().heapUsed);
  asked.gauge('nodejs_external_memory_bytes', () => process.memoryUsage().external);
  asked.counter('process_cpu_seconds_total', () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1e6;
  });
  asked.gauge('process_start_time_seconds', () => performance.timeOrigin / 1000);
  // The directory itself is open while it is read.
  asked.gauge('process_open_fds', () => readdirSync('/proc/self/fd').length - 1);
  const most = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1];
  if (most !== undefined) asked.gauge('process_max_fds', () => Number(most));
  return addEventLoopMetrics(asked);
}

function addEventLoopMetrics(asked: Asked<keyof typeof HELP>): () => void {
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delay.enable();
  // The histogram has the time between two samples.
  const late = (nanoseconds: number): number | undefined =>
    delay.count === 0 ? undefined : Math.max(0, nanoseconds / 1e9 - RESOLUTION_MS / 1000);
  asked.gauge('nodejs_eventloop_lag_p50_seconds', () => late(delay.percentile(50)));
  asked.gauge('nodejs_eventloop_lag_p99_seconds', () => late(delay.percentile(99)));
  // The last of them to be read.
  asked.gauge('nodejs_eventloop_lag_max_seconds', () => {
    const longest = late(delay.max);
    delay.reset();
    return longest;
  });
  return () => delay.disable();
}
