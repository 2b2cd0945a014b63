// A collector of many agents: first sync, memory, a steady flood of changes, an agent that is restarted, growth.
import { setTimeout as sleep } from 'node:timers/promises';
import { CollectorRig } from './collector-rig.mjs';
import { latencies } from './poke.mjs';
import { digestOf } from './replay-digest.mjs';
import { hostIdOf, planOf } from './replay-host.mjs';
import { median, percentile } from './rounds.mjs';
import { expect, say } from './tools.mjs';

const INTERFACES = 4;
/** Overlays of a host with very many rows: one, and some containers in it. */
const BIG_NAMESPACES = 10;
/** Rows of a host of which interfaces are what counts: 20 in each overlay. */
const FEW_ROWS = 2;
/** For what is still under way when the last change was made. */
const AFTERWARDS_MS = 2_000;
const RESTART_GAP_MS = 1_000;
const RESTART_LIMIT_MS = 60_000;
const ASK_EVERY_MS = 10;
/** Changes that come first and are told apart: V8 has not compiled what takes and tells them, nor what makes them. In seconds. */
const COLD_SECONDS = 10;
/** Of the full size. */
const SMALLER = [1 / 4, 1 / 2];

/**
 * @param {object} bench
 * @param {number} bench.agents of many hosts
 * @param {number} bench.namespaces of each of them
 * @param {number} bench.big-agents with very many rows
 * @param {number} bench.rows of each table of each of those
 * @param {number} bench.changes a second
 * @param {number} bench.steady seconds
 */
export async function measureCollector({ agents, namespaces, 'big-agents': bigAgents, rows, changes, steady, folder }) {
  const many = { agents, namespaces, interfaces: INTERFACES, rows: namespaces * FEW_ROWS };
  const big = { agents: bigAgents, namespaces: BIG_NAMESPACES, interfaces: INTERFACES, rows };
  const smaller = (shape, field) =>
    SMALLER.map((share) => ({ ...shape, [field]: Math.max(1, Math.round(shape[field] * share)) }));
  const byInterfaces = [];
  for (const shape of smaller(many, 'agents')) byInterfaces.push(await sync(shape, folder));
  const result = await sync(many, folder, async (rig) => ({
    steady: await flood(rig, { changes, steady }),
    restart: await restart(rig),
  }));
  byInterfaces.push(result);
  const byRows = [];
  for (const shape of [...smaller(big, 'rows'), big]) byRows.push(await sync(shape, folder));
  return { many: result, byInterfaces, big: byRows.at(-1), byRows };
}

/** First sync, what it costs and what it leaves behind. @param {(rig: CollectorRig) => Promise<object>} more while it runs */
async function sync(shape, folder, more = async () => ({})) {
  const plan = planOf(shape);
  say(
    `collector: ${plan.agents} agents with ${plan.namespaces} namespaces, ${plan.links} interfaces, 2 × ${plan.rows} rows each`,
  );
  const rig = await CollectorRig.start(shape, folder);
  try {
    const { syncedMs, syncedCpuMs } = rig;
    const stretch = await rig.collector.stretch({ watch: false });
    const memory = rig.collector.memory();
    const counts = await checkCounts(rig, plan);
    const { heapUsed, external } = await rig.collector.liveBytes();
    const measured = { shape, plan, counts, syncedMs, syncedCpuMs, stretch, ...memory, liveBytes: heapUsed + external };
    return { ...measured, ...(await more(rig)) };
  } finally {
    await rig.stop();
  }
}

/** @throws when the collector does not know as much as there is */
async function checkCounts(rig, plan) {
  const { namespaces, interfaces, fdbEntries, neighbors } = await rig.status();
  expect('namespaces', namespaces, plan.agents * plan.namespaces);
  expect('interfaces', interfaces, plan.agents * plan.links);
  expect('forwarding entries', fdbEntries, plan.agents * plan.rows);
  expect('neighbours', neighbors, plan.agents * plan.rows);
  return { namespaces, interfaces, rows: fdbEntries + neighbors };
}

async function flood(rig, { changes: perSecond, steady: seconds }) {
  await rig.watch();
  const cold = await period(rig, { perSecond, seconds: Math.min(COLD_SECONDS, seconds) });
  const steady = await period(rig, { perSecond, seconds });
  say('collector: comparing with what the agents hold');
  const wrong = await compare(rig);
  return { ...steady, lost: cold.lost + steady.lost, cold, wrong, ...rig.collector.memory() };
}

/** Changes at a rate, and how long they took. */
async function period(rig, { perSecond, seconds }) {
  say(`collector: ${perSecond} changes a second for ${seconds} s`);
  await rig.collector.stretch();
  await rig.watcher('arrivals');
  const [cpuBefore, started] = [rig.collector.cpuMs(), performance.now()];
  const made = await rig.replay('change', { perSecond, seconds });
  const ms = performance.now() - started;
  const cpuPercent = ((rig.collector.cpuMs() - cpuBefore) / ms) * 100;
  await sleep(AFTERWARDS_MS);
  const stretch = await rig.collector.stretch({ watch: false });
  const { fromSentMs, lost } = arrivalsOf(await rig.replay('changes'), await rig.watcher('arrivals'));
  return {
    seconds,
    made,
    perSecond: made / (ms / 1000),
    // Rows that went have no time of their own.
    timed: fromSentMs.length,
    lost,
    p50Ms: median(fromSentMs),
    p99Ms: percentile(fromSentMs, 0.99),
    maxMs: fromSentMs.reduce((most, one) => Math.max(most, one), 0),
    cpuPercent,
    stretch,
  };
}

/**
 * How long changes took to arrive. A row that has gone before anybody was told that it came is not lost: what is there in the end is compared.
 * @param {{ key: string, value: number, hasGone: boolean, sent: bigint, acknowledged: bigint }[]} changes
 * @param {{ key: string, value: number, at: bigint }[]} arrivals
 * @returns {{ fromSentMs: number[], lost: number }}
 */
export function arrivalsOf(changes, arrivals) {
  const gone = valuesByKey(changes.filter(({ hasGone }) => hasGone));
  const told = valuesByKey(arrivals);
  // What came is told until it goes. When nobody was told by then, a later coming of the same row says nothing of how long this one took.
  const hasComeAndGone = ({ key, value }) => {
    const until = gone.get(key)?.find((end) => end > value);
    return until !== undefined && !told.get(key)?.some((one) => one >= value && one < until);
  };
  return latencies(
    changes.filter((change) => !change.hasGone && !hasComeAndGone(change)),
    arrivals,
  );
}

/** @returns {Map<string, number[]>} ascending */
function valuesByKey(items) {
  const values = new Map();
  for (const { key, value } of items) {
    const known = values.get(key);
    if (known === undefined) values.set(key, [value]);
    else known.push(value);
  }
  for (const each of values.values()) each.sort((a, b) => a - b);
  return values;
}

/** Hosts of which the lists or a watching client do not have what their agents have. @returns {Promise<string[]>} "host: table: …" */
async function compare(rig) {
  const wanted = await rig.replay('states');
  const watched = await rig.watcher('states');
  const listed = await listHosts(rig);
  const wrong = [];
  for (const [host, tables] of Object.entries(wanted)) {
    for (const [table, digest] of Object.entries(tables)) {
      for (const [who, known] of Object.entries({ watched, listed })) {
        const got = known[host]?.[table];
        if (got !== digest) wrong.push(`${host} ${table}: ${who} ${got} instead of ${digest}`);
      }
    }
  }
  for (const line of wrong.slice(0, 10)) say(`collector: ${line}`);
  return wrong;
}

async function listHosts(rig) {
  const tables = { interfaces: 'Interfaces', fdb: 'Fdb', neighbors: 'Neighbors' };
  const hosts = new Map();
  for (const [table, list] of Object.entries(tables)) {
    for (const row of await rig.list(list)) {
      if (!hosts.has(row.host)) hosts.set(row.host, { interfaces: [], fdb: [], neighbors: [] });
      hosts.get(row.host)[table].push(row);
    }
  }
  return Object.fromEntries([...hosts].map(([host, lists]) => [host, digestOf(lists)]));
}

/** An agent ends, and another process of it begins at the same address. */
async function restart(rig) {
  say('collector: an agent is restarted');
  const agent = 0;
  const { resyncs } = await entryOf(rig, agent);
  await rig.replay('stop', { agent });
  await sleep(RESTART_GAP_MS);
  await rig.replay('restart', { agent });
  const [started, limit] = [process.hrtime.bigint(), performance.now() + RESTART_LIMIT_MS];
  for (;;) {
    const entry = await entryOf(rig, agent);
    if (entry.state === 'LIVE' && entry.resyncs > resyncs) break;
    if (performance.now() > limit) throw new Error(`the restarted agent is ${entry.state}: ${entry.problem}`);
    await sleep(ASK_EVERY_MS);
  }
  const now = process.hrtime.bigint();
  const [first] = await rig.replay('streams', { agent });
  const msSince = (at) => Number(now - at) / 1e6;
  const digest = await rig.replay('states');
  const listed = digestOf({
    interfaces: await rig.list('Interfaces', [hostIdOf(agent)]),
    fdb: await rig.list('Fdb', [hostIdOf(agent)]),
    neighbors: await rig.list('Neighbors', [hostIdOf(agent)]),
  });
  expect('what the restarted agent holds', JSON.stringify(listed), JSON.stringify(digest[hostIdOf(agent)]));
  return { syncedMs: msSince(first), fromStartMs: msSince(started) };
}

async function entryOf(rig, agent) {
  const [entry] = await rig.list('Hosts', [hostIdOf(agent)]);
  if (entry === undefined) throw new Error('the collector has forgotten an agent');
  return entry;
}
