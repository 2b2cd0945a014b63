import { setTimeout as sleep } from 'node:timers/promises';
import { LabError, messageOf } from './error.js';

export interface WaitOptions {
  /** Milliseconds until it is given up. */
  readonly timeoutMs: number;
  /** Milliseconds between two looks. */
  readonly everyMs?: number;
  readonly host?: string;
  /** What to show when it was in vain: the tail of a log, say. */
  readonly detail?: () => string;
}

/** What waiting is in vain for, thrown by a condition that knows that it can no longer come true. */
export class Hopeless extends Error {}

/**
 * Looks again and again until `condition` gives a value; an error of it counts as "not yet" and is shown at the end.
 * Throws LabError TIMED_OUT that says what was awaited, or HOPELESS at once when the condition throws Hopeless.
 * @param what completes the sentence "waited for …"
 */
export async function waitFor<T>(
  what: string,
  condition: () => Promise<T | undefined> | T | undefined,
  options: WaitOptions,
): Promise<T> {
  const deadline = Date.now() + options.timeoutMs;
  let last: unknown;
  for (;;) {
    try {
      const value = await condition();
      if (value !== undefined) return value;
      last = undefined;
    } catch (error) {
      last = error;
      if (error instanceof Hopeless) break;
    }
    if (Date.now() >= deadline) break;
    await sleep(options.everyMs ?? 50);
  }
  const why = last === undefined ? '' : `: ${messageOf(last)}`;
  const detail = options.detail === undefined ? '' : `\n${options.detail()}`;
  const isHopeless = last instanceof Hopeless;
  const start = isHopeless ? `${what} will not come` : `waited ${options.timeoutMs} ms for ${what}, in vain`;
  throw new LabError(isHopeless ? 'HOPELESS' : 'TIMED_OUT', `${start}${why}${detail}`, options.host, last);
}
