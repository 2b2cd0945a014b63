import { backoff } from '../text/backoff.js';
import type { LiveNetns } from './live-netns.js';

/** Questions about nsids that had no answer in time: they are asked again, at growing intervals, for nothing in the kernel need change before there is one. */
export class LaterQuestions {
  readonly #ask: (netns: readonly LiveNetns[]) => void;
  readonly #intervals: Parameters<typeof backoff>[1];
  #timer: NodeJS.Timeout | undefined;
  /** How often in a row there was none. */
  #silences = 0;

  /** @param ask receives the namespaces when it is time */
  constructor(ask: (netns: readonly LiveNetns[]) => void, intervals: Parameters<typeof backoff>[1]) {
    this.#ask = ask;
    this.#intervals = intervals;
  }

  /** Takes what one round of questions left unanswered. */
  put(unanswered: readonly LiveNetns[]): void {
    clearTimeout(this.#timer);
    if (unanswered.length === 0) {
      this.#silences = 0;
      return;
    }
    this.#timer = setTimeout(() => this.#ask(unanswered), backoff(this.#silences++, this.#intervals));
    this.#timer.unref();
  }

  close(): void {
    clearTimeout(this.#timer);
  }
}
