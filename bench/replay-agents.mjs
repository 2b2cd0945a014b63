// A process of its own that is many agents. Forked by collector-rig.mjs with a Shape (replay-host.mjs) as JSON in its first argument;
// answers { id, what, … } with { id, value }.
import { decode } from '../dist/src/wire/codec.js';
import { WatchMerger } from '../dist/src/wire/watch-merge.js';
import { WatchFeed } from '../dist/src/serve/feed.js';
import { watchMessage } from '../dist/src/wire/watch-bytes.js';
import { digestOfNamespaces } from './replay-digest.mjs';
import { ReplayHost, SharedParts } from './replay-live.mjs';
import { serveReplay } from './replay-serve.mjs';

const TICK_MS = 5;
const NS_PER_MS = 1_000_000n;

const shape = JSON.parse(process.argv[2]);
const shared = new SharedParts();
const agents = [];

async function start(live, address) {
  const agent = { live, streams: [], server: undefined, address };
  agent.server = await serveReplay(live, address, () => agent.streams.push(process.hrtime.bigint()));
  agent.address = agent.server.address;
  return agent;
}

for (let at = 0; at < shape.agents; at++) agents.push(await start(new ReplayHost(shape, at, shared), '127.0.0.1:0'));

/** Numbers of all changes of this process: each later one is greater. */
let value = 0;
const changes = [];

/** One change somewhere: half of them links, a quarter each forwarding entries and neighbours. */
function change() {
  const agent = agents[Math.floor(Math.random() * agents.length)];
  const kind = value % 4;
  const keys = kind < 2 ? agent.live.targets.links : agent.live.targets.rows;
  const key = keys[Math.floor(Math.random() * keys.length)];
  const sent = process.hrtime.bigint();
  const number = ++value;
  const named = kind < 2 ? agent.live.flapLink(key, number) : agent.live.changeRow(key, kind - 2, number);
  changes.push({ ...named, value: number, sent, acknowledged: sent });
}

/** As many changes each second as that, spread over all agents; late ticks are made up for. @returns {Promise<number>} changes made */
function makeChanges({ perSecond, seconds }) {
  const started = process.hrtime.bigint();
  const total = perSecond * seconds;
  let made = 0;
  return new Promise((resolve) => {
    const timer = setInterval(() => {
      const due = Math.min(total, Math.floor((Number((process.hrtime.bigint() - started) / NS_PER_MS) * perSecond) / 1000));
      for (; made < due; made++) change();
      if (made < total) return;
      clearInterval(timer);
      resolve(made);
    }, TICK_MS);
  });
}

/** What an agent's host is, put together from what its feed tells: { links, fdb, neighbors, digest }. */
function stateOf({ live }) {
  const merger = new WatchMerger();
  for (const step of new WatchFeed(live, { selector: {}, tables: [] }, live.maker()).steps()) {
    if (step === 'wait') return digestOfNamespaces(merger.snapshot().namespaces);
    if (step !== 'again') merger.apply(decode('nsatlas.v1.WatchResponse', watchMessage(step.cursor, step.body)));
  }
  return undefined;
}

const ANSWERS = {
  addresses: () => agents.map(({ address }) => address),
  change: makeChanges,
  changes: () => changes.splice(0),
  states: () => Object.fromEntries(agents.map((agent) => [agent.live.hostId, stateOf(agent)])),
  /** When an agent's streams began since it was started, CLOCK_MONOTONIC in ns. */
  streams: ({ agent }) => agents[agent].streams,
  stop: async ({ agent }) => {
    await agents[agent].server.stop();
  },
  /** As a new process of the agent, at the same address: another epoch. */
  restart: async ({ agent }) => {
    const { live, address } = agents[agent];
    live.restart();
    agents[agent] = await start(live, address);
  },
  memory: () => process.memoryUsage().rss / 1e6,
};

process.on('message', async ({ id, what, ...question }) => {
  process.send({ id, value: await ANSWERS[what](question) });
});
process.once('disconnect', () => process.exit(0));
process.send({ ready: true });
