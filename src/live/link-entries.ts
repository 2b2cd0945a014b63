import { decodeLinkFacts, type LinkFacts } from '../tables/links/link-facts.js';
import { ROW_TABLES } from '../tables/index.js';
import { DecodeError } from '../netlink/error.js';
import type { History } from './history.js';
import type { LinkEntry, LiveNetns } from './live-netns.js';
import type { Pairing } from './pairing.js';

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
    netns.links.delete(ifindex);
    netns.remember({ revision, table: 'LINKS', number: ifindex });
    renamed.add(ifindex);
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

/** Marks ports of a master and rows of tables as changed, because they show names of links. */
function touchNames(netns: LiveNetns, ifindexes: ReadonlySet<number>, revision: number): void {
  for (const link of netns.links.values()) {
    if (link.masterIfindex !== undefined && ifindexes.has(link.masterIfindex)) link.revision = revision;
  }
  for (const { name, format } of ROW_TABLES) {
    const { rows } = netns.tables[name];
    if (rows.count === 0) continue;
    // A row that names its interface in an attribute: all of them are sent again, for there are few and names hardly ever change.
    const slots = format.ifindexAt !== undefined ? rows.ofIfindexes(ifindexes) : rows.slots();
    for (const slot of slots) rows.touch(slot, revision);
    netns.tables[name].changedAt = revision;
  }
}
