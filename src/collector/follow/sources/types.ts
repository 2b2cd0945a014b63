/** An agent that a source names. */
export interface Target {
  /** HOST:PORT or unix:PATH. */
  readonly address: string;
  /** What named it: "--agent", "file PATH", "dns:NAME:PORT", "swarm:SOCKET:PORT". */
  readonly source: string;
  /** What the source knows of it that explains a silence: "Swarm says that node-3 is down". */
  readonly note?: string;
}

/** Something that names agents, now and later. */
export interface AgentSource {
  /** As targets carry it. */
  readonly name: string;
  /**
   * Begins to look, and goes on until it is closed. `onTargets` is told all targets whenever they were found anew; those it was told last
   * stay valid while there is a problem. `onProblem` is told what is wrong, and undefined when it is over. Neither may throw.
   */
  follow(onTargets: (targets: readonly Target[]) => void, onProblem: (problem: string | undefined) => void): Following;
}

/** A source that is followed. */
export interface Following {
  /** Ends it: nothing is told any more. */
  close(): void;
}

/** A source that cannot be: its name says nothing. The message is one line for people. */
export class SourceError extends Error {
  readonly code = 'ERR_NSATLAS_SOURCE';
  /** As it was given. */
  readonly source: string;

  constructor(source: string, message: string) {
    super(`${JSON.stringify(source)} ${message}`);
    this.name = 'SourceError';
    this.source = source;
  }
}

/** Most agents that one source may name. */
export const MOST_TARGETS = 10_000;
