// A source that is followed with a clock that is faster than the machine's.

import type { Test } from 'tap';
import { type Clock, SYSTEM_CLOCK } from '../../../../src/collector/follow/clock.js';
import type { AgentSource, Target } from '../../../../src/collector/follow/sources/types.js';

/** So many times as fast as the machine's. */
const SPEED = 200;

/** Pauses are short, everything else takes as long as it takes. */
export const FAST_CLOCK: Clock = {
  now: () => performance.now() * SPEED,
  date: () => Date.now(),
  after: (ms, run) => SYSTEM_CLOCK.after(ms / SPEED, run),
};

/** What a source told. */
export interface Followed {
  readonly targets: readonly Target[] | undefined;
  readonly addresses: readonly string[] | undefined;
  readonly problem: string | undefined;
  /** How often targets were told. */
  readonly told: number;
  readonly close: () => void;
}

/** Follows a source until the test ends. */
export function follow(t: Test, source: AgentSource): Followed {
  let targets: readonly Target[] | undefined;
  let problem: string | undefined;
  let told = 0;
  const following = source.follow(
    (found) => {
      targets = found;
      told++;
    },
    (text) => (problem = text),
  );
  t.after(() => following.close());
  return {
    get targets() {
      return targets;
    },
    get addresses() {
      return targets?.map(({ address }) => address);
    },
    get problem() {
      return problem;
    },
    get told() {
      return told;
    },
    close: () => following.close(),
  };
}
