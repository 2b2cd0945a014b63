import type { HostSnapshot, Table } from '../model/types.js';

/** Something that a missing capability, an old kernel or an absent engine can switch off. */
export interface Feature {
  readonly name: string;
  readonly enabled: boolean;
  /** Why it is off and what to do; what it is worth when it is on. */
  readonly detail: string;
}

/** Reads one host, whole, each time it is asked. */
export interface HostSource {
  /** Never rejects for what is wrong with one namespace, table or engine: those are gaps. */
  read(tables: readonly Table[]): Promise<HostSnapshot>;
  /** What works here and what does not; cheap, read anew at each call. */
  features(): Promise<Feature[]>;
  close(): void;
}
