/** Something that is created on demand, shared between users, and closed after an idle time. */
export class Borrowed<Thing extends { close(): void }> {
  readonly #make: () => Thing;
  readonly #idleMs: number;
  #thing: Thing | undefined;
  #users = 0;
  #timer: NodeJS.Timeout | undefined;

  /** @param idleMs after which it is closed */
  constructor(make: () => Thing, idleMs: number) {
    this.#make = make;
    this.#idleMs = idleMs;
  }

  /** Does something with it. */
  async use<Value>(work: (thing: Thing) => Promise<Value>): Promise<Value> {
    clearTimeout(this.#timer);
    this.#users++;
    try {
      return await work((this.#thing ??= this.#make()));
    } finally {
      this.#users--;
      if (this.#users === 0) this.#timer = setTimeout(() => this.close(), this.#idleMs).unref();
    }
  }

  /** Closes it now; the next one who needs it makes another. */
  close(): void {
    clearTimeout(this.#timer);
    this.#thing?.close();
    this.#thing = undefined;
  }
}
