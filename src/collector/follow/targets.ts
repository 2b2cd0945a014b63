import { clipped } from '../../text/printable.js';
import { type AgentSource, type Following, MOST_TARGETS, type Target } from './sources/types.js';

/** What is wrong with a source, in a line for people. */
export interface SourceProblem {
  readonly source: string;
  readonly message: string;
}

interface Followed {
  readonly source: AgentSource;
  targets: readonly Target[];
  problem?: string | undefined;
  following?: Following;
}

/** The targets of all sources, each address once. */
export class Targets {
  readonly #followed: readonly Followed[];
  readonly #onChange: () => void;
  #open = true;

  /** @param onChange called after each change of targets or problems */
  constructor(sources: readonly AgentSource[], onChange: () => void) {
    this.#onChange = onChange;
    this.#followed = sources.map((source) => ({ source, targets: [] }));
  }

  /** Starts to follow the sources. */
  start(): void {
    for (const each of this.#followed) {
      each.following = each.source.follow(
        (targets) => {
          each.targets = targets;
          this.#changed();
        },
        (problem) => {
          if (problem === each.problem) return;
          each.problem = problem;
          this.#changed();
        },
      );
    }
  }

  /** By address. A target of several sources belongs to the first one. */
  all(): Map<string, Target> {
    const found = new Map<string, Target>();
    for (const { targets } of this.#followed)
      for (const target of targets.slice(0, MOST_TARGETS)) if (!found.has(target.address)) found.set(target.address, target);
    return found;
  }

  /** Of sources that could not be queried or list too many agents. */
  problems(): SourceProblem[] {
    return this.#followed.flatMap(({ source: { name }, problem, targets: { length } }) => {
      const excess = length > MOST_TARGETS ? `lists ${length} agents; only ${MOST_TARGETS} of them are followed` : undefined;
      const messages = [problem, excess].filter((message) => message !== undefined);
      return messages.map((message) => ({ source: name, message: clipped(`${name}: ${message}`, 500) }));
    });
  }

  close(): void {
    this.#open = false;
    for (const { following } of this.#followed) following?.close();
  }

  #changed(): void {
    if (this.#open) this.#onChange();
  }
}
