// Scans as a running agent does them, against the C floor: everything told anew, nothing changed, all tables.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { discover } from '../dist/src/discover/index.js';
import { EVENT_RULES, SOURCE_NAMES, SOURCES } from '../dist/src/tables/index.js';
import { createNetnsReader, createObserver } from '../dist/src/native/index.js';
import { Keeper } from '../dist/src/live/keeper.js';
import { LiveState } from '../dist/src/live/live-state.js';
import { Population } from '../dist/src/live/population.js';
import { wholeRequests } from '../dist/src/live/tables.js';
import { measure } from './rounds.mjs';
import { expect, runFloor, say, timed } from './tools.mjs';
import { hostOptions } from './topology.mjs';

const LINKS = ['LINKS', 'ADDRESSES'];
/** What a whole read under events reads again: events tell of every change of a neighbour. */
const UNDER_EVENTS = SOURCE_NAMES.filter((table) => table !== 'NEIGHBORS');
const WARM_UP = 5;

/** @returns {Promise<{ rows: object[], counts: object }>} rows of rounds.mjs, and what the floor saw */
export async function measureScans({ programs: { floor, go }, topology, rounds }) {
  const agent = await AgentParts.open(topology);
  const bare = bareReader(agent);
  try {
    const counts = await runFloor(floor, topology.dir, 'all');
    const links = variants({ floor, go }, topology, agent, bare, counts);
    say('scans: warming up');
    for (let at = 0; at < WARM_UP; at++) for (const { run, warm } of links) if (warm) await run();
    say('scans: links and addresses');
    const rows = await measure(links, rounds);
    say('scans: all tables');
    await agent.keepAll();
    const all = allVariants({ floor }, topology, agent, counts);
    for (let at = 0; at < 2; at++) for (const { run, warm } of all) if (warm) await run();
    rows.push(...(await measure(all, Math.min(rounds, 5))));
    return { rows, counts };
  } finally {
    bare.reader.close();
    agent.close();
  }
}

function variants({ floor, go }, { dir }, agent, bare, { links, addresses }) {
  const complete = () => agent.expectRows(links, addresses);
  const again = async () => {
    const before = agent.state.revision;
    const ms = await timed(() => agent.rescan(LINKS));
    expect('revision after a rescan of what has not changed', agent.state.revision, before);
    complete();
    return ms;
  };
  const anew = async () => {
    agent.forget(LINKS);
    const ms = await timed(() => agent.rescan(LINKS));
    complete();
    return ms;
  };
  const decoded = async () => {
    agent.forget(LINKS);
    let interfaces = 0;
    const ms = await timed(async () => {
      await agent.rescan(LINKS);
      for (const key of agent.state.keys())
        for (const part of agent.state.parts(key, undefined, LINKS)) interfaces += part.interfaces.length;
    });
    expect('interfaces', interfaces, links);
    return ms;
  };
  const rows = [
    ['floor', 'C floor: links, addresses', 'floor', false, async () => (await runFloor(floor, dir, 'links')).ms],
    ['reader', 'native reader alone, all rows told', 'floor', true, () => bare.anew(links + addresses)],
    ['reader-same', 'native reader alone, nothing changed', 'floor', true, () => bare.again(0)],
    ['full', 'agent: full scan, all rows told and kept', 'floor', true, anew],
    ['decoded', 'agent: full scan, and every row decoded at once', 'floor', true, decoded],
    ['rescan', 'agent: rescan, nothing changed', 'floor', true, again],
  ];
  if (go !== undefined)
    rows.push(['go', 'Go on vishvananda/netlink, in process, warm', 'floor', false, () => runGo(go, dir, links)]);
  return rows.map(toVariant);
}

function allVariants({ floor }, { dir }, agent, { links, addresses, others }) {
  const anew = async () => {
    agent.forget(SOURCE_NAMES);
    const ms = await timed(() => agent.rescan(SOURCE_NAMES));
    agent.expectRows(links, addresses);
    // Bridges learn and forget meanwhile.
    const share = agent.otherRows / others;
    expect('all other rows', share > 0.95 && share < 1.05, true);
    return ms;
  };
  const rows = [
    ['floor-all', 'C floor: all tables everywhere', 'floor-all', false, async () => (await runFloor(floor, dir, 'all')).ms],
    ['full-all', 'agent: full scan of all tables', 'floor-all', true, anew],
    [
      'rescan-all',
      'agent: rescan of all tables, nothing changed',
      'floor-all',
      true,
      () => timed(() => agent.rescan(SOURCE_NAMES)),
    ],
    [
      'rescan-events',
      'agent: rescan under events (without neighbours)',
      'floor-all',
      true,
      () => timed(() => agent.rescan(UNDER_EVENTS)),
    ],
  ];
  return rows.map(toVariant);
}

function toVariant([id, title, base, warm, run]) {
  return { id, title, base, warm, run };
}

async function runGo(go, dir, links) {
  const { stdout } = await promisify(execFile)(go, ['scan', dir]);
  const [ns, seen] = stdout.trim().split(' ').map(Number);
  expect('links that Go saw', seen, links);
  return ns / 1e6;
}

/** The native reader with the agent's requests, and a visitor that only counts. */
function bareReader({ state }) {
  const reader = createNetnsReader({ rowFormats: SOURCES.map(({ format }) => format) });
  const requests = LINKS.flatMap((table) => wholeRequests(table));
  const targets = [...state.namespaces.values()].map(({ key, found }) => ({
    path: found.openPaths[0],
    expect: { dev: found.dev, ino: found.ino },
    requests: requests.map((_, at) => at),
    key,
  }));
  let told = 0;
  const visitor = { rowAdded: () => told++, rowRemoved: () => told++ };
  const again = async (wanted) => {
    told = 0;
    const ms = await timed(() => reader.read({ requests, targets }, visitor));
    expect('rows told', told, wanted);
    return ms;
  };
  const anew = (wanted) => {
    for (const { key } of targets) reader.forget(key);
    return again(wanted);
  };
  return { reader, anew, again };
}

/** What reads a host in an agent (watch/index.ts), without the discovery around it: so that a scan can be begun and seen to end. */
class AgentParts {
  state = new LiveState();
  #population = new Population(this.state);
  #reader = createNetnsReader({ rowFormats: SOURCES.map(({ format }) => format) });
  #observer = createObserver({ events: EVENT_RULES, onEvents: () => this.#observer.take() });
  #onProgress = () => {};
  #keeper;

  static async open({ dir, paths }) {
    const agent = new AgentParts();
    await agent.#start(dir, paths.length);
    return agent;
  }

  async #start(dir, count) {
    const { path, identity } = this.#observer;
    this.#keeper = new Keeper({
      state: this.state,
      population: this.#population,
      reader: this.#reader,
      observer: { path, identity },
      onDemand: false,
      pairs: () => true,
      timeLimitMs: hostOptions(dir).timeLimitMs,
      now: () => performance.now(),
      onLost: () => {},
      onProblem: (problem) => {
        throw problem;
      },
      onProgress: () => this.#onProgress(),
    });
    const identify = (wanted) => this.#reader.identify(wanted, 5000);
    const discovery = await discover({ procRoot: '/proc', netnsDirs: [dir], mountsOnly: false, mayInspect: true, identify });
    const { come } = await this.#population.apply(discovery, this.#population.mark);
    expect('namespaces', come.length, count);
    for (const netns of come) for (const table of LINKS) netns.tables[table].kept = true;
    await this.#done(() => this.#keeper.added(come));
  }

  /** Also the other tables from now on. */
  async keepAll() {
    await this.#done(() => {
      for (const table of SOURCE_NAMES) this.#keeper.keep(table);
    });
  }

  /** As after a job that failed: everything is told anew. */
  forget(tables) {
    for (const netns of this.state.namespaces.values()) {
      this.#reader.forget(netns.key);
      netns.reset(this.state.history.next);
      this.state.headChanged(netns);
      for (const table of SOURCE_NAMES) netns.tables[table].kept = tables.includes(table);
    }
    this.state.commit();
  }

  rescan(tables) {
    return this.#done(() => this.#keeper.rescan(new Map(tables.map((table) => [table, 'whole']))));
  }

  async #done(begin) {
    // The keeper's own timers keep no process alive.
    const alive = setInterval(() => {}, 1000);
    try {
      await new Promise((resolve) => {
        this.#onProgress = () => {
          if (this.#keeper.isScanned && this.#keeper.behindSince === undefined) resolve();
        };
        begin();
      });
    } finally {
      clearInterval(alive);
    }
  }

  /** @throws when rows are missing */
  expectRows(links, addresses) {
    expect('links kept', this.#count('LINKS'), links);
    expect('addresses kept', this.#count('ADDRESSES'), addresses);
  }

  get otherRows() {
    return this.#count('FDB', 'NEIGHBORS', 'ROUTES');
  }

  #count(...tables) {
    let rows = 0;
    for (const netns of this.state.namespaces.values()) for (const table of tables) rows += netns.tables[table].rows.count;
    return rows;
  }

  close() {
    this.#keeper.close();
    this.#observer.close();
    this.#reader.close();
  }
}
