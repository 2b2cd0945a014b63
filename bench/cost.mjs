// What our watching adds to somebody else's change of a link.
import { AgentProcess, WatchClient } from './agent-process.mjs';
import { chooseTargets, runPoke } from './poke.mjs';
import { median, shuffled } from './rounds.mjs';
import { say } from './tools.mjs';
import { listInterfaces } from './topology.mjs';

const TABLES = ['LINKS', 'ADDRESSES', 'FDB', 'NEIGHBORS', 'ROUTES'];
const ROUNDS = 5;
/** Two ways: one by one, so that the agent has read the one before; and as fast as it goes, which it reads meanwhile. */
const WAYS = [
  { id: 'single', count: 1000, gapUs: [1_000, 3_000] },
  { id: 'fast', count: 5000, gapUs: [0, 0] },
];
const FIRST_MTU = 2_000;

/**
 * Microseconds of one change by poke.c (median and mean of its changes), without an agent and with one that watches for a client.
 * @returns {Promise<{ id: string, without: number, watched: number, added: number, low: number, high: number, addedMean: number, rounds: number }[]>}
 *   medians over the rounds; `added` is taken inside each round
 */
export async function measureCost({ programs: { poke }, topology: { dir } }) {
  const targets = chooseTargets(await listInterfaces(dir), { containers: 100, ports: 0, fdb: 0 });
  const seen = new Map(WAYS.map(({ id }) => [id, []]));
  let first = FIRST_MTU;
  const pokeAll = async () => {
    const found = new Map();
    for (const { id, count, gapUs } of shuffled(WAYS)) {
      const changes = await runPoke(poke, targets, { count, gapUs, first });
      const us = changes.map(({ sent, acknowledged }) => Number(acknowledged - sent) / 1e3);
      found.set(id, { median: median(us), mean: us.reduce((sum, one) => sum + one, 0) / us.length });
      // Higher than whatever this run has set: only then is each change one.
      first = 1 + Math.max(...changes.map(({ value }) => value));
    }
    return found;
  };
  for (let round = 0; round < ROUNDS; round++) {
    say(`cost: round ${round + 1} of ${ROUNDS}`);
    const found = {};
    for (const how of shuffled(['without', 'watched']))
      found[how] = how === 'watched' ? await watched(dir, pokeAll) : await pokeAll();
    for (const { id } of WAYS) seen.get(id).push({ without: found.without.get(id), watched: found.watched.get(id) });
  }
  return WAYS.map(({ id }) => summarize(id, seen.get(id)));
}

async function watched(dir, work) {
  const agent = await AgentProcess.start(dir);
  let client;
  try {
    client = await WatchClient.start(agent.address, TABLES);
    await agent.stretch({ watch: false });
    return await work();
  } finally {
    await client?.stop();
    await agent.stop();
  }
}

function summarize(id, rounds) {
  const added = rounds.map(({ without, watched }) => watched.median - without.median);
  return {
    id,
    without: median(rounds.map(({ without }) => without.median)),
    watched: median(rounds.map(({ watched }) => watched.median)),
    added: median(added),
    low: Math.min(...added),
    high: Math.max(...added),
    addedMean: median(rounds.map(({ without, watched }) => watched.mean - without.mean)),
    rounds: rounds.length,
  };
}
