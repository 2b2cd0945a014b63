import type { AttributeFilter, FilterChoice } from '../../native/types.js';
import type { AttributeReader } from '../../netlink/attributes.js';

/** What the native reader copies of what a decoder reads. */
export interface DecoderFilter extends AttributeFilter {
  /** All of it, what changes by itself included: for reads that are not compared with the next one. */
  readonly complete: AttributeFilter;
}

/** Reads the current attribute into what is being decoded. */
export type Read<Target> = (target: Target, attribute: AttributeReader) => void;

/** An attribute that is not remembered completely between reads. */
export interface PartlyRemembered<Target> {
  readonly read: Read<Target>;
  /** What of it is remembered; undefined: nothing. */
  readonly keep: AttributeFilter | FilterChoice | undefined;
}

/** What changes by itself, without anybody doing anything: counters, ages, lifetimes. Read for a snapshot, not remembered. */
export function volatile<Target>(read: Read<Target>): PartlyRemembered<Target> {
  return { read, keep: undefined };
}

/** A nest of which only a part is remembered, at least everything that `read` reads and that is not volatile. */
export function partly<Target>(keep: AttributeFilter | FilterChoice, read: Read<Target>): PartlyRemembered<Target> {
  return { read, keep };
}

/**
 * The attributes of a message or of a nest as data: id to how it is read. The same table says what the native reader copies, so that a
 * decoder cannot ask for what a filter leaves out.
 */
export class AttributeDecoder<Target> {
  /** What is remembered: the attributes that are read, less what changes by itself. */
  readonly filter: DecoderFilter;
  /** By attribute id; ids are small. */
  readonly #readers: readonly (Read<Target> | undefined)[];

  constructor(rules: Readonly<Record<number, Read<Target> | PartlyRemembered<Target>>>) {
    const entries = Object.entries(rules).map(([id, rule]) => [Number(id), rule] as const);
    const readers = new Array<Read<Target> | undefined>(Math.max(...entries.map(([id]) => id)) + 1).fill(undefined);
    const keep = new Map<number, 'whole' | AttributeFilter | FilterChoice>();
    const complete = new Map<number, 'whole' | AttributeFilter>();
    for (const [id, rule] of entries) {
      readers[id] = typeof rule === 'function' ? rule : rule.read;
      const kept = typeof rule === 'function' ? 'whole' : rule.keep;
      if (kept !== undefined) keep.set(id, kept);
      complete.set(id, typeof kept === 'object' && 'complete' in kept ? (kept as DecoderFilter).complete : 'whole');
    }
    this.#readers = readers;
    this.filter = { keep, complete: { keep: complete } };
  }

  /** Reads all attributes that the table has; what is wrong sticks in the reader. */
  read(target: Target, attributes: AttributeReader): void {
    const readers = this.#readers;
    while (attributes.next()) {
      const { type } = attributes;
      const read = type < readers.length ? readers[type] : undefined;
      if (read !== undefined) read(target, attributes);
    }
  }
}
