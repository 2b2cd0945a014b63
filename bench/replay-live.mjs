// One made-up host as WatchFeed wants it: versioned, but with encoded parts in the place of objects, so that telling costs the sender little.
import { randomBytes } from 'node:crypto';
import { History } from '../dist/src/watch/history.js';
import { encodeWatchBody } from '../dist/src/wire/watch-bytes.js';
import { changeBody, encodeModel, withRowId } from './replay-bytes.mjs';
import { hostIdOf, hostOf, namespacesOf, planOf, rowsOf, stampedRows } from './replay-host.mjs';

// As an agent does it (src/watch/parts.ts).
const LINKS_PER_PART = 12;
const ROWS_PER_PART = 150;
/** Rows that come and go, of each table of an overlay. */
const SLOTS = 8;
const FIRST_SLOT_ID = 10_000_000;
const MOST_GONE = 4096;
const FRESHNESS = { mode: 'EVENTS', ageMs: 0, rescanMs: 60_000, lostEvents: 0, interruptedDumps: 0 };

const SECTIONS = [
  { rows: 'fdb', removed: 'removedFdb', type: 'FdbEntry', model: 'fdb' },
  { rows: 'neighbors', removed: 'removedNeighbors', type: 'Neighbor', model: 'neighbor' },
];

/** Encoded rows of other hosts' endpoints, without row ids: all agents tell of the same ones. */
export class SharedRows {
  #known = new Map();

  get({ key, ...row }) {
    let known = this.#known.get(key);
    if (known === undefined) {
      known = { fdb: encodeModel('FdbEntry', row.fdb), neighbors: encodeModel('Neighbor', row.neighbor) };
      this.#known.set(key, known);
    }
    return known;
  }
}

/** What WatchFeed needs of a LiveHost, and changes on demand. Encodes all interfaces when it is made. */
export class ReplayHost {
  epoch;
  /** Keys of containers whose link, and of overlays of which a row can change. */
  targets;
  #history;
  #shape;
  #plan;
  #agent;
  #shared;
  #listeners = new Set();
  #fixed;
  /** By key: { head, links: Map(ifindex → { bytes, revision }), model, overlay, slots, gone } */
  #namespaces = new Map();

  /**
   * @param {import('./replay-host.mjs').Shape} shape
   * @param {number} agent from 0 on
   * @param {SharedRows} shared of all agents of the process
   */
  constructor(shape, agent, shared) {
    this.#shape = shape;
    this.#plan = planOf(shape);
    this.#agent = agent;
    this.#shared = shared;
    const { host, networks } = hostOf(shape, agent);
    this.#fixed = { host: encodeWatchBody({ host }), networks: encodeWatchBody({ networks: { networks } }) };
    this.#fixed.gaps = encodeWatchBody({ gaps: { gaps: [] } });
    this.#fixed.synced = encodeWatchBody({ synced: { freshness: FRESHNESS } });
    for (const [at, { head, links, overlay }] of namespacesOf(shape, agent).entries()) {
      const models = new Map(links.map((link) => [link.ifindex, link]));
      const encoded = new Map(links.map((link) => [link.ifindex, { bytes: encodeModel('Interface', link), revision: 1 }]));
      const slots = { fdb: new Map(), neighbors: new Map() };
      const gone = { forgottenAt: 0, rows: [] };
      // Containers change; what they look like is kept, to be encoded again.
      const changing = overlay === undefined && at > 0 ? models.get([...models.keys()][1]) : undefined;
      const bytes = encodeModel('Netns', head);
      this.#namespaces.set(at + 1, { id: head.id, bytes, links: encoded, changing, overlay, slots, gone, revision: 1 });
    }
    const keysOf = (wanted) => [...this.#namespaces].filter(([, netns]) => wanted(netns)).map(([key]) => key);
    this.targets = { links: keysOf(({ changing }) => changing), rows: keysOf(({ overlay }) => overlay !== undefined) };
    this.restart();
  }

  get revision() {
    return this.#history.revision;
  }

  get hostId() {
    return hostIdOf(this.#agent);
  }

  /** As after a restart of the agent: another history, in which everything is new. */
  restart() {
    this.epoch = randomBytes(8).toString('hex');
    this.#history = new History();
    for (const [key, netns] of this.#namespaces) {
      netns.revision = 1;
      netns.gone = { forgottenAt: 0, rows: [] };
      for (const link of netns.links.values()) link.revision = 1;
      for (const { rows } of SECTIONS) for (const row of netns.slots[rows].values()) row.revision = 1;
      this.#history.changed(key);
    }
    this.#history.commit();
  }

  // What a feed asks only of those who select or show; agents of the bench tell everything, encoded.
  head = () => undefined;
  gaps = () => [];
  keys = () => [...this.#namespaces.keys()];
  changesAfter = (revision) => this.#history.changesAfter(revision, this.#namespaces);

  subscribe(listener) {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** An EventMaker of bytes (src/agent/watch-feed.ts). */
  maker() {
    return {
      restart: (reason) => encodeWatchBody({ restart: { reason } }),
      host: () => this.#fixed.host,
      networks: () => this.#fixed.networks,
      gaps: () => this.#fixed.gaps,
      removed: (removed) => encodeWatchBody({ removed }),
      synced: () => this.#fixed.synced,
      parts: (key, since) => this.#parts(this.#namespaces.get(key), since),
    };
  }

  /** Bytes of the mark alone, for heartbeats. */
  get synced() {
    return this.#fixed.synced;
  }

  *#parts(netns, since) {
    if (since === undefined || since < netns.gone.forgottenAt) yield* this.#whole(netns);
    else yield { id: netns.id, body: changeBody(netns.bytes, false, newer(netns, since)) };
  }

  *#whole(netns) {
    const { id, bytes } = netns;
    const links = [...netns.links.values()].map((link) => link.bytes);
    let whole = true;
    for (let at = 0; at === 0 || at < links.length; at += LINKS_PER_PART) {
      yield { id, body: changeBody(bytes, whole, { interfaces: links.slice(at, at + LINKS_PER_PART) }) };
      whole = false;
    }
    if (netns.overlay === undefined) return;
    for (const { rows, type } of SECTIONS) {
      for (let at = 0; at < this.#plan.rowsOfOne; at += ROWS_PER_PART) {
        const until = Math.min(at + ROWS_PER_PART, this.#plan.rowsOfOne);
        yield { id, body: changeBody(bytes, false, { [rows]: this.#endpoints(netns.overlay, { rows, type }, [at, until]) }) };
      }
      const coming = [...netns.slots[rows].values()].map((row) => row.bytes);
      if (coming.length > 0) yield { id, body: changeBody(bytes, false, { [rows]: coming }) };
    }
  }

  #endpoints(overlay, { rows, type }, [from, until]) {
    return Array.from({ length: until - from }, (_, index) => {
      const at = from + index;
      const bytes = this.#shared.get(rowsOf(this.#shape, this.#agent, overlay, at))[rows];
      return withRowId(type, bytes, at);
    });
  }

  /** The link of a container goes down or up. @param {number} value stands in its alias @returns what client.mjs calls the change */
  flapLink(key, value) {
    const netns = this.#namespaces.get(key);
    const link = netns.changing;
    const isUp = link.operState !== 'UP';
    Object.assign(link, { alias: `change ${value}`, operState: isUp ? 'UP' : 'DOWN', carrier: isUp });
    link.carrierChanges++;
    netns.links.set(link.ifindex, { bytes: encodeModel('Interface', link), revision: this.#history.next });
    this.#commit(key, netns);
    return `link ${this.hostId} ${netns.id}`;
  }

  /**
   * A forwarding entry or a neighbour goes or comes, in turns. One that comes says which change it is.
   * @param {0 | 1} table of SECTIONS
   * @returns {string | undefined} what client.mjs calls the change; undefined of one that went
   */
  changeRow(key, table, value) {
    const netns = this.#namespaces.get(key);
    const { rows, removed, type, model } = SECTIONS[table];
    const slots = netns.slots[rows];
    const slot = value % SLOTS;
    const old = slots.get(slot);
    const revision = this.#history.next;
    if (old === undefined) {
      const row = encodeModel(type, stampedRows(netns.id, slot, value)[model]);
      slots.set(slot, { bytes: withRowId(type, row, FIRST_SLOT_ID + slot), revision });
    } else {
      slots.delete(slot);
      netns.gone.rows.push({ section: removed, bytes: old.bytes, revision });
      if (netns.gone.rows.length > MOST_GONE) netns.gone.forgottenAt = netns.gone.rows.splice(0, MOST_GONE / 2).at(-1).revision;
    }
    this.#commit(key, netns);
    return old === undefined ? `${rows} ${this.hostId} ${netns.id} ${slot}` : undefined;
  }

  #commit(key, netns) {
    netns.revision = this.#history.next;
    this.#history.changed(key);
    this.#history.commit();
    for (const listener of [...this.#listeners]) listener();
  }
}

function newer({ links, slots, gone }, since) {
  const after = (items) => [...items].filter(({ revision }) => revision > since).map(({ bytes }) => bytes);
  const sections = { interfaces: after(links.values()) };
  for (const { rows, removed } of SECTIONS) {
    sections[rows] = after(slots[rows].values());
    sections[removed] = after(gone.rows.filter(({ section }) => section === removed));
  }
  return sections;
}
