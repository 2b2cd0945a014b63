import { NsatlasError } from '../../../text/error.js';

/** An agent that a source lists. */
export interface Target {
  /** HOST:PORT or unix:PATH. */
  readonly address: string;
  /** The source: "--agent", "file PATH", "dns:NAME:PORT", "swarm:SOCKET:PORT". */
  readonly source: string;
  /** What the source knows that may explain silence: "the Swarm's node node-3 is down". */
  readonly note?: string;
}

/** A list of agents that may change. */
export interface AgentSource {
  /** The `source` of its targets. */
  readonly name: string;
  /**
   * Follows the source until closed. `onTargets` gets all targets each time they were found; the last ones
   * stay valid while there is a problem. `onProblem` gets what is wrong, and undefined when it is over. Neither may throw.
   */
  follow(onTargets: (targets: readonly Target[]) => void, onProblem: (problem: string | undefined) => void): Following;
}

/** A followed source. */
export interface Following {
  /** Stops following: there are no more calls. */
  close(): void;
}

/** An invalid source. The message is one line for people. */
export class SourceError extends NsatlasError<'ERR_NSATLAS_SOURCE'> {
  /** As it was given. */
  readonly source: string;

  constructor(source: string, message: string) {
    super('ERR_NSATLAS_SOURCE', `${JSON.stringify(source)} ${message}`);
    this.source = source;
  }
}

/** Limit of agents that one source may list. */
export const MOST_TARGETS = 10_000;
