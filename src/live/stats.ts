/** How long something took each time, counted by upper bounds. Only ever grows. */
export interface Durations {
  /** Upper bounds in seconds, ascending; what took longer than the last is counted, too. */
  readonly bounds: readonly number[];
  /** How many took at most bounds[i] and longer than the bound before; one more number than bounds. */
  readonly counts: readonly number[];
  /** Of all together, in seconds. */
  readonly sum: number;
}

/** What a live host has done since it was created. */
export interface LiveStats {
  /** Full reads: from the start of discovery until the last namespace was read. */
  readonly scans: Durations;
  /** Jobs that read new namespaces, or what events marked. */
  readonly reads: Durations;
  /** From receiving the oldest event of a namespace until its change was visible to readers. */
  readonly lag: Durations;
  /** Messages of the kernel that were received. */
  readonly events: number;
  readonly lostEvents: number;
  readonly interruptedDumps: number;
}

/** From a fraction of a millisecond, which an event takes, to half a minute, which a busy host's first read may take. */
const BOUNDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30] as const;

/** Counts durations; adding one is cheap enough for every event. */
export class DurationCounter implements Durations {
  readonly bounds: readonly number[] = BOUNDS;
  readonly counts: number[] = Array.from({ length: BOUNDS.length + 1 }, () => 0);
  sum = 0;

  add(ms: number): void {
    const seconds = Math.max(0, ms) / 1000;
    let at = 0;
    while (at < this.bounds.length && seconds > (this.bounds[at] ?? 0)) at++;
    this.counts[at] = (this.counts[at] ?? 0) + 1;
    this.sum += seconds;
  }
}
