/** Most VTEPs of one vxlan that are known by address. Rows that lead elsewhere are only counted: learned ones are a stranger's to multiply. */
const MAX_VTEPS = 1024;

/** Rows that are kept in one piece. */
const CHUNK = 4096;

interface Chunk {
  readonly macs: Float64Array;
  readonly vteps: Uint16Array;
}

/**
 * The rows of one vxlan that lead to a VTEP, in ten bytes each: a collector has millions of them. Which VTEPs there are and how many
 * rows each has; and the rows themselves, so that VTEPs can be found by where the others look for an endpoint.
 */
export class RemoteRows {
  /** In the order of the table. */
  readonly vteps: string[] = [];
  /** Rows of each VTEP. */
  readonly counts: number[] = [];
  /** Rows that lead to any VTEP, those included that are not among the first 1,024, or whose next hop is unknown. */
  total = 0;
  readonly #numbers = new Map<string, number>();
  readonly #chunks: Chunk[] = [];
  #kept = 0;

  /** Adds a row of the vxlan. @param vteps where it leads: one, those of a group of next hops, or none of a next hop that is unknown */
  add(mac: string | undefined, vteps: readonly string[]): void {
    this.total++;
    const number = mac === undefined ? undefined : macNumber(mac);
    for (const address of vteps) this.#keep(number, address);
  }

  #keep(number: number | undefined, address: string): void {
    const vtep = this.#numberOf(address);
    if (vtep === undefined) return;
    this.counts[vtep] = (this.counts[vtep] ?? 0) + 1;
    // All zeros is the default destination, no endpoint's.
    if (number === undefined || number === 0) return;
    const at = this.#kept % CHUNK;
    if (at === 0) this.#chunks.push({ macs: new Float64Array(CHUNK), vteps: new Uint16Array(CHUNK) });
    const chunk = this.#chunks.at(-1);
    if (chunk === undefined) return;
    chunk.macs[at] = number;
    chunk.vteps[at] = vtep;
    this.#kept++;
  }

  /** Gives back what the last piece has too much. Rows may not be added any more. */
  seal(): void {
    this.#numbers.clear();
    const last = this.#chunks.pop();
    const rest = this.#kept - this.#chunks.length * CHUNK;
    if (last !== undefined) this.#chunks.push({ macs: last.macs.slice(0, rest), vteps: last.vteps.slice(0, rest) });
  }

  /** MAC addresses (macNumber()) and, at the same places, positions in `vteps`: piece by piece, of some thousand rows at most. */
  pieces(): readonly Chunk[] {
    return this.#chunks;
  }

  /** Where rows for a MAC address lead, each VTEP once. */
  vtepsFor(mac: string): readonly string[] {
    const number = macNumber(mac);
    const found = new Set<string>();
    if (number === undefined || number === 0) return [];
    for (const { macs, vteps } of this.#chunks) {
      for (let at = macs.indexOf(number); at >= 0; at = macs.indexOf(number, at + 1)) found.add(this.vteps[vteps[at] ?? 0] ?? '');
    }
    return [...found];
  }

  #numberOf(dst: string): number | undefined {
    const known = this.#numbers.get(dst);
    if (known !== undefined || this.vteps.length >= MAX_VTEPS) return known;
    const number = this.vteps.push(dst) - 1;
    this.counts.push(0);
    this.#numbers.set(dst, number);
    return number;
  }
}

/** A MAC address of six bytes as a number; undefined for addresses of other kinds of links. */
export function macNumber(mac: string): number | undefined {
  if (mac.length !== 17) return undefined;
  let number = 0;
  for (let at = 0; at < 17; at++) {
    const code = mac.charCodeAt(at);
    if (at % 3 === 2) {
      if (code !== COLON) return undefined;
      continue;
    }
    const digit = digitOf(code);
    if (digit === undefined) return undefined;
    // Not a shift: 48 bits are more than those work on.
    number = number * 16 + digit;
  }
  return number;
}

const COLON = 58;

function digitOf(code: number): number | undefined {
  if (code >= 48 && code <= 57) return code - 48;
  const lower = code | 32;
  return lower >= 97 && lower <= 102 ? lower - 87 : undefined;
}
