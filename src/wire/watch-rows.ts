import type { FdbEntry, Neighbor, Route } from '../model/types.js';

/** A row of one of the tables that are told row by row. */
export type Row = FdbEntry | Neighbor | Route;

/** Where rows are in a namespace. */
export type RowSection = 'fdb' | 'neighbors' | 'routes';

export const ROW_SECTIONS: readonly RowSection[] = ['fdb', 'neighbors', 'routes'];

/**
 * What makes a row the same one when it is told anew, with another id or content: what people name it by. Several rows can share it
 * (the VTEPs of one MAC address).
 */
export function identityOf(section: RowSection, row: Row): string {
  switch (section) {
    case 'fdb': {
      const { ifindex, mac, vlan, vni, srcVni, masterIfindex, flags } = row as FdbEntry;
      return `${ifindex} ${mac} ${vlan} ${vni} ${srcVni} ${masterIfindex} ${flags.includes('SELF')}`;
    }
    case 'neighbors': {
      const { ifindex, ip, flags } = row as Neighbor;
      return `${ifindex} ${ip} ${flags.includes('PROXY')}`;
    }
    case 'routes': {
      const { family, table, dst, tos, metric, type, src } = row as Route;
      return `${family} ${table} ${dst} ${tos} ${metric} ${type} ${src}`;
    }
  }
}

/** Most texts that are remembered. What there are many different ones of is not worth it, and hostile rows must cost nothing. */
const MOST_TEXTS = 4096;

/** Rows repeat the same few texts. What is decoded has a copy in each row: sharing one makes a row half as large. */
export class Interner {
  readonly #texts = new Map<string, string>();
  readonly #flags = new Map<string, string[]>();

  /** @param netnsId of the row, as the one text for all of a namespace */
  shrink(section: RowSection, row: Row, netnsId: string): void {
    row.netnsId = netnsId;
    if (row.ifname !== undefined) row.ifname = this.#one(row.ifname);
    row.flags = this.#list(row.flags);
    if (section === 'routes') return;
    const { state } = row as FdbEntry | Neighbor;
    (row as FdbEntry | Neighbor).state = this.#one(state);
    if (section === 'fdb') this.#shrinkFdb(row as FdbEntry);
  }

  #shrinkFdb(row: FdbEntry): void {
    if (row.masterName !== undefined) row.masterName = this.#one(row.masterName);
    if (row.dst !== undefined) row.dst = this.#one(row.dst);
  }

  #one(text: string): string {
    const known = this.#texts.get(text);
    if (known !== undefined) return known;
    if (this.#texts.size >= MOST_TEXTS) this.#texts.clear();
    this.#texts.set(text, text);
    return text;
  }

  /** The same list for the same flags; nobody changes those of a row. */
  #list(flags: string[]): string[] {
    const key = flags.join(' ');
    const known = this.#flags.get(key);
    if (known !== undefined) return known;
    if (this.#flags.size >= MOST_TEXTS) this.#flags.clear();
    this.#flags.set(key, flags);
    return flags;
  }
}
