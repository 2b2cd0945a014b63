/**
 * Maps MAC addresses (macNumber()) of endpoints to small numbers. A Map would take five times as long: it allocates an
 * object for each such key, and every forwarding row of every host is looked up here.
 */
export class MacTable {
  readonly #mask: number;
  /** 0, which is no endpoint's address, is a free place. */
  readonly #macs: Float64Array;
  /** One more than the number; 0 for addresses that are nobody's. */
  readonly #numbers: Uint32Array;

  /** @param most addresses that will be added */
  constructor(most: number) {
    // At most half full, so that a free place is never far.
    const size = 2 ** Math.ceil(Math.log2(2 * most + 2));
    this.#mask = size - 1;
    this.#macs = new Float64Array(size);
    this.#numbers = new Uint32Array(size);
  }

  /** Sets the number of an address; undefined: it is nobody's. */
  set(mac: number, number: number | undefined): void {
    const place = this.#placeOf(mac);
    this.#macs[place] = mac;
    this.#numbers[place] = number === undefined ? 0 : number + 1;
  }

  /** Whether an address was set, if only to nobody's. */
  has(mac: number): boolean {
    return this.#macs[this.#placeOf(mac)] === mac;
  }

  /** The number of an address; undefined when it was not set, or is nobody's. */
  get(mac: number): number | undefined {
    const number = this.#numbers[this.#placeOf(mac)] ?? 0;
    return number === 0 ? undefined : number - 1;
  }

  /** Where the address is, or may be put. */
  #placeOf(mac: number): number {
    // The lower four bytes distinguish Docker's addresses; the factor is that of Fibonacci hashing.
    const mixed = Math.imul(mac | 0, 0x9e3779b1);
    let place = (mixed ^ (mixed >>> 15)) & this.#mask;
    for (;;) {
      const there = this.#macs[place];
      if (there === mac || there === 0) return place;
      place = (place + 1) & this.#mask;
    }
  }
}
