// One namespace with very many rows, of which one changes.
import { execFileSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { AgentProcess, WatchClient } from './agent-process.mjs';
import { median } from './rounds.mjs';
import { say } from './tools.mjs';
import { buildBig, settle } from './topology.mjs';

const TABLES = ['LINKS', 'ADDRESSES', 'FDB', 'NEIGHBORS', 'ROUTES'];
const CHANGES = 10;
const CALM_MS = 3_000;
const WAIT_LIMIT_MS = 10_000;
const LOOK_EVERY_MS = 20;

/** @param {{ rows: number }} bench rows of each table @returns what one changed row costs, in either table */
export async function measureBig({ programs: { floor }, rows }) {
  const undo = [];
  try {
    say(`big: building a namespace with ${rows} forwarding entries and ${rows} neighbours`);
    const { dir, paths, row } = buildBig(rows, (step) => undo.push(step));
    await settle(floor, dir);
    const agent = await AgentProcess.start(dir);
    undo.push(() => agent.stop());
    const readStretch = await agent.stretch();
    const client = await WatchClient.start(agent.address, TABLES);
    undo.push(() => client.stop());
    const syncStretch = await agent.stretch();
    const inside = (argv) => execFileSync('nsenter', [`--net=${paths[0]}`, ...argv.split(' ')]);
    const changes = {
      fdb: (at) => inside(`bridge fdb replace ${row(at).mac} dev vxlan0 dst 192.168.2.${at % 250} self permanent`),
      neighbors: (at) => inside(`ip neigh replace ${row(at).ip} lladdr 02:70:6f:6b:65:02 dev vxlan0 nud permanent`),
    };
    const result = { rows, readStretch, syncedMs: client.syncedMs, syncStretch, changed: [] };
    for (const [table, change] of Object.entries(changes)) result.changed.push(await changeOne(agent, client, table, change));
    return { ...result, memory: agent.memory() };
  } finally {
    for (const step of undo.reverse()) await step();
  }
}

async function changeOne(agent, client, table, change) {
  const seen = [];
  for (let at = 0; at < CHANGES; at++) {
    await sleep(CALM_MS / CHANGES);
    await client.sizes();
    await agent.stretch();
    const cpuBefore = agent.cpuMs();
    const started = performance.now();
    change(at + 1);
    const sizes = [];
    while (sizes.length === 0 && performance.now() - started < WAIT_LIMIT_MS) {
      await sleep(LOOK_EVERY_MS);
      sizes.push(...(await client.sizes()));
    }
    await sleep(CALM_MS / CHANGES);
    sizes.push(...(await client.sizes()));
    if (sizes.length === 0) throw new Error(`big: nothing came of a changed row of ${table}`);
    const bytes = sizes.reduce((sum, size) => sum + size, 0);
    seen.push({ messages: sizes.length, bytes, ...(await agent.stretch()), cpuMs: agent.cpuMs() - cpuBefore });
  }
  const middle = (field) => median(seen.map((one) => one[field]));
  const most = (field) => Math.max(...seen.map((one) => one[field]));
  return {
    table,
    messages: middle('messages'),
    bytes: middle('bytes'),
    mostBytes: most('bytes'),
    stretchMs: middle('ownMs'),
    worstStretchMs: most('ownMs'),
    worstWallMs: most('wallMs'),
    cpuMs: middle('cpuMs'),
    changes: seen.length,
  };
}
