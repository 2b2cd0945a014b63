/** Does something again whenever it is asked to, one at a time, with a pause between two: however often it is asked, it is done once more. */
export class Repeater {
  readonly #act: () => Promise<void>;
  readonly #pauseMs: number;
  readonly #onProblem: (problem: Error) => void;
  readonly #later = new Set<NodeJS.Timeout>();
  #pause: NodeJS.Timeout | undefined;
  #running = false;
  #wanted = false;
  #closed = false;

  /** @param pauseMs between the end of one and the beginning of the next; the next waits at least as long as the last one took, too */
  constructor(act: () => Promise<void>, pauseMs: number, onProblem: (problem: Error) => void) {
    this.#act = act;
    this.#pauseMs = pauseMs;
    this.#onProblem = onProblem;
  }

  /** Whether it is to be done once more. */
  get isWanted(): boolean {
    return this.#wanted;
  }

  /** At once, or after the one that runs and the pause. */
  request(): void {
    this.#wanted = true;
    if (!this.#running && this.#pause === undefined) void this.#run();
  }

  /** Not before `ms` have passed. */
  requestIn(ms: number): void {
    const timer = setTimeout(() => {
      this.#later.delete(timer);
      this.request();
    }, ms);
    timer.unref();
    this.#later.add(timer);
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#pause);
    for (const timer of this.#later) clearTimeout(timer);
    this.#later.clear();
  }

  async #run(): Promise<void> {
    if (this.#closed) return;
    this.#wanted = false;
    this.#running = true;
    const began = performance.now();
    try {
      await this.#act();
    } catch (cause) {
      this.#onProblem(cause instanceof Error ? cause : new Error(String(cause)));
    }
    this.#running = false;
    this.#rest(performance.now() - began);
  }

  #rest(tookMs: number): void {
    if (this.#closed) return;
    this.#pause = setTimeout(
      () => {
        this.#pause = undefined;
        if (this.#wanted) void this.#run();
      },
      Math.max(this.#pauseMs, tookMs),
    );
    this.#pause.unref();
  }
}
