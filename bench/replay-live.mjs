// One made-up host as WatchFeed wants it: versioned, but with encoded parts in the place of objects, so that telling costs the sender little.
import { randomBytes } from 'node:crypto';
import { History } from '../dist/src/live/history.js';
import { encodeWatchBody } from '../dist/src/wire/watch-bytes.js';
import { changeBody, encodeModel, withRowId } from './replay-bytes.mjs';
import { endpointRows, hostIdOf, hostOf, namespacesOf, ownMarks, planOf, stampedRows } from './replay-host.mjs';

// As an agent does it (src/live/parts.ts).
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

/** What is encoded once for all agents of the process. */
export class SharedParts {
  #rows = new Map();
  #links = new Map();

  /** A row of another host's endpoint, without row id: all agents tell of the same ones. */
  row({ key, make }) {
    let known = this.#rows.get(key);
    if (known === undefined) {
      const { fdb, neighbor } = make();
      known = { fdb: encodeModel('FdbEntry', fdb), neighbors: encodeModel('Neighbor', neighbor) };
      this.#rows.set(key, known);
    }
    return known;
  }

  /**
   * An interface. One that differs from other hosts' in its MAC addresses alone is a copy of theirs with those put in.
   * @param {string} key the same for the same interface of another host
   */
  link(key, link, agent) {
    if (link.name === 'eth0') return encodeModel('Interface', link);
    const marks = ownMarks(agent);
    const known = this.#links.get(key);
    if (known === undefined) {
      const bytes = Buffer.from(encodeModel('Interface', link));
      this.#links.set(key, { bytes, places: marks.map((mark) => placesOf(bytes, mark)) });
      return bytes;
    }
    if (known.places.every((places) => places.length === 0)) return known.bytes;
    const bytes = Buffer.from(known.bytes);
    for (const [at, mark] of marks.entries()) for (const place of known.places[at]) bytes.latin1Write(mark, place);
    return bytes;
  }
}

function placesOf(bytes, mark) {
  const places = [];
  for (let at = bytes.indexOf(mark); at !== -1; at = bytes.indexOf(mark, at + 1)) places.push(at);
  return places;
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
   * @param {SharedParts} shared
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
      const bytesOf = (link) => shared.link(`${at} ${link.ifindex}`, link, agent);
      const encoded = new Map(links.map((link) => [link.ifindex, { bytes: bytesOf(link), revision: 1 }]));
      const slots = { fdb: new Map(), neighbors: new Map() };
      const gone = { forgottenAt: 0, rows: [] };
      // Containers change; what they look like is kept, to be encoded again.
      const changing = overlay === undefined && at > 0 ? links[1] : undefined;
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

  // What a feed asks only of those who select or show, and what is encoded once for all; agents of the bench send everything, encoded.
  head = () => undefined;
  host = () => ({});
  networks = () => [];
  freshness = () => FRESHNESS;
  gaps = () => [];
  keys = () => [...this.#namespaces.keys()];
  changesAfter = (revision) => this.#history.changesAfter(revision, this.#namespaces);

  subscribe(listener) {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** An EventMaker of bytes (src/serve/feed.ts). */
  maker() {
    return {
      make: (event) => this.#fixed[Object.keys(event)[0]] ?? encodeWatchBody(event),
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
      const bytes = this.#shared.row(endpointRows(this.#shape, this.#agent, overlay, at))[rows];
      return withRowId(type, bytes, at);
    });
  }

  /** The link of a container goes down or up. @param {number} value stands in its alias @returns {{ key: string, hasGone: false }} */
  flapLink(key, value) {
    const netns = this.#namespaces.get(key);
    const link = netns.changing;
    const isUp = link.operState !== 'UP';
    Object.assign(link, { alias: `change ${value}`, operState: isUp ? 'UP' : 'DOWN', carrier: isUp });
    link.carrierChanges++;
    netns.links.set(link.ifindex, { bytes: encodeModel('Interface', link), revision: this.#history.next });
    this.#commit(key, netns);
    return { key: `link ${this.hostId} ${netns.id}`, hasGone: false };
  }

  /**
   * A forwarding entry or a neighbour goes or comes, in turns. One that comes says which change it is.
   * @param {0 | 1} table of SECTIONS
   * @returns {{ key: string, hasGone: boolean }} what collector-client.mjs calls the row
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
    return { key: `${rows} ${this.hostId} ${netns.id} ${slot}`, hasGone: old !== undefined };
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
