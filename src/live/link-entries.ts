import { decodeLinkFacts, type LinkFacts } from '../tables/links/link-facts.js';
import { type AnyRowTable, ROW_TABLES } from '../tables/index.js';
import { DecodeError } from '../netlink/error.js';
import type { History } from './history.js';
import type { LinkEntry, LiveNetns } from './live-netns.js';
import type { Pairing } from './pairing.js';
import type { RowStore } from './row-store.js';

/** What an update of links has to do with. */
export interface LinkUpdateContext {
  readonly history: History;
  readonly pairing: Pairing;
  readonly onMalformed: (slot: number, error: DecodeError) => void;
}

/**
 * Brings the links of a namespace up to date with the rows of its LINKS table after some of them came or went.
 * @param gone slots that were removed; @param come slots that were added
 */
export function updateLinks(
  netns: LiveNetns,
  { gone, come }: { readonly gone: readonly number[]; readonly come: readonly number[] },
  { history, pairing, onMalformed }: LinkUpdateContext,
): void {
  if (gone.length === 0 && come.length === 0) return;
  const revision = history.next;
  const before = new Map<number, LinkEntry>();
  if (gone.length > 0) {
    const slots = new Set(gone);
    for (const link of netns.links.values()) if (slots.has(link.slot)) before.set(link.ifindex, link);
  }
  const renamed = new Set<number>();
  const { rows } = netns.tables.LINKS;
  const { view } = rows;
  for (const slot of come) {
    if (!rows.has(slot)) continue;
    const record = decodeLinkFacts(view, rows.start(slot), rows.end(slot));
    if (record instanceof DecodeError) {
      onMalformed(slot, record);
      continue;
    }
    const old = netns.links.get(record.ifindex);
    before.delete(record.ifindex);
    const name = old?.name;
    const link = makeEntry(record, slot, revision, old);
    netns.links.set(record.ifindex, link);
    if (name !== link.name) renamed.add(link.ifindex);
    pairing.linkChanged(netns, link);
  }
  for (const [ifindex, link] of before) {
    // Rows keep the name for as long as they are there.
    netns.removeLink(link);
    netns.remember({ revision, table: 'LINKS', number: ifindex });
    pairing.linkRemoved(netns, link);
  }
  if (renamed.size > 0) touchNames(netns, renamed, revision);
  netns.revision = revision;
  history.changed(netns.key);
}

function makeEntry(record: LinkFacts, slot: number, revision: number, old: LinkEntry | undefined): LinkEntry {
  const { name, kind, masterIfindex, linkNsid, peer, isPair } = record;
  const facts = { slot, revision, name, kind, masterIfindex, linkNsid, peer, isPair };
  // The same object as long as the interface lives: others point at it.
  if (old !== undefined) return Object.assign(old, facts);
  return { ifindex: record.ifindex, ...facts, verdict: undefined, linkKey: undefined, target: undefined };
}

/** Marks ports of a master and rows of tables as changed, because they show names of links: their own, and their master's. */
function touchNames(netns: LiveNetns, named: ReadonlySet<number>, revision: number): void {
  const ifindexes = new Set(named);
  for (const link of netns.links.values()) {
    if (link.masterIfindex === undefined || !named.has(link.masterIfindex)) continue;
    link.revision = revision;
    ifindexes.add(link.ifindex);
  }
  for (const table of ROW_TABLES) {
    const { rows } = netns.tables[table.name];
    const slots = table.format.ifindexAt !== undefined ? rows.ofIfindexes(ifindexes) : slotsNaming(table, rows, ifindexes);
    for (const slot of slots) rows.touch(slot, revision);
    if (slots.length > 0) netns.tables[table.name].changedAt = revision;
  }
}

/** Slots of the rows that name one of these interfaces in an attribute. */
function slotsNaming({ namesInterface }: AnyRowTable, rows: RowStore, ifindexes: ReadonlySet<number>): number[] {
  if (namesInterface === undefined) return [];
  const { view } = rows;
  return [...rows.slots()].filter((slot) => namesInterface(view, rows.start(slot), rows.end(slot), ifindexes));
}
