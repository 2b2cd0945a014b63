/** A network namespace that exists, and every way to it that was found. */
export interface FoundNetns {
  readonly ino: number;
  readonly dev: number;
  /** Mounts, sorted. Paths of this mount namespace first, those through /proc/PID/root after them. */
  readonly paths: readonly string[];
  /** Processes in it, ascending. */
  readonly pids: readonly number[];
  /** What to open, best first; never empty unless every mount of it was unlinked. */
  readonly openPaths: readonly string[];
  /** The machine's own namespace: that of its first process, else of this process. */
  readonly isHost: boolean;
}

/** A place that was looked at and could not be used. */
export interface DiscoveryProblem {
  readonly path: string;
  readonly kind: 'not-a-netns' | 'denied' | 'vanished' | 'timeout' | 'failed';
  /** Name of the errno, when there was one. */
  readonly errno?: string;
  /** "open", "readdir", "readlink", … */
  readonly operation: string;
  /** One sentence: what, where, what to do. */
  readonly message: string;
}

/** What discovery found. */
export interface Discovery {
  readonly namespaces: readonly FoundNetns[];
  readonly problems: readonly DiscoveryProblem[];
}
