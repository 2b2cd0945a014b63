// The real agent at work: starting, serving, one change at a time, idle, a flood of changes.
import { execFileSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { createAgentClient } from '../dist/src/client/agent.js';
import { AgentProcess, WatchClient } from './agent-process.mjs';
import { chooseTargets, latencies, POKED_MAC, runPoke, valueOfDst } from './poke.mjs';
import { median, percentile } from './rounds.mjs';
import { OUTPUT, say, timed } from './tools.mjs';
import { listInterfaces } from './topology.mjs';

const TABLES = ['LINKS', 'ADDRESSES', 'FDB', 'NEIGHBORS', 'ROUTES'];
const LISTS = ['netns', 'interfaces', 'vxlans', 'veths', 'fdb', 'neighbors', 'routes'];
const SERVE_ROUNDS = 3;
/** Changes before those that count: a process that has run for a while. */
const WARM_UP_CHANGES = 100;
const CHANGES = 500;
const CHANGE_GAP_US = [5_000, 30_000];
const FLOOD_GAP_US = [1_000, 1_000];
/** For what is still under way when the last change was made. */
const AFTERWARDS_MS = 2_000;
/** Before it is looked how much an idle agent does. */
const CALM_MS = 10_000;
const FIRST_MTU = 2_000;

/**
 * @param {object} bench
 * @param {number} bench.idle seconds
 * @param {number} bench.flood seconds
 */
export async function measureAgent({ programs: { poke }, topology: { dir, paths }, idle, flood }) {
  const interfaces = await listInterfaces(dir);
  const agent = await AgentProcess.start(dir);
  let client;
  try {
    const readStretch = await agent.stretch();
    client = await WatchClient.start(agent.address, TABLES);
    const result = { readStretch, syncedMs: client.syncedMs, syncStretch: await agent.stretch() };
    say('agent: serving');
    result.serving = await serve(agent);
    say(`agent: ${CHANGES} single changes`);
    result.latency = await changeSingly(agent, client, poke, chooseTargets(interfaces, { containers: 200, ports: 0, fdb: 0 }));
    result.watching = agent.memory();
    say(`agent: idle for ${idle} s`);
    result.idle = await rest(agent, idle);
    say(`agent: flood for ${flood} s`);
    const targets = chooseTargets(interfaces, { containers: 700, ports: 100, fdb: 100 });
    result.flood = await changeFast({ agent, client, poke, paths, targets, seconds: flood });
    return result;
  } finally {
    await client?.stop();
    await agent.stop();
  }
}

function longer(a, b) {
  return { ownMs: Math.max(a.ownMs, b.ownMs), wallMs: Math.max(a.wallMs, b.wallMs) };
}

/** Every list and the snapshot, one after the other, as often as rounds. */
async function serve(agent) {
  const client = createAgentClient(agent.address);
  const asks = [
    ...LISTS.map((name) => [name, async () => (await client.list(name, {})).items.length]),
    ['snapshot', async () => (await client.snapshot({}, [...TABLES, 'NSIDS'])).namespaces.length],
  ];
  const calls = new Map(asks.map(([name]) => [name, { ms: [], stretch: { ownMs: 0, wallMs: 0 }, items: 0 }]));
  for (let round = 0; round < SERVE_ROUNDS; round++) {
    for (const [name, ask] of asks) {
      const call = calls.get(name);
      await agent.stretch();
      call.ms.push(await timed(async () => (call.items = await ask())));
      call.stretch = longer(call.stretch, await agent.stretch());
    }
  }
  client.close();
  return [...calls].map(([name, { ms, stretch, items }]) => ({ name, ms: median(ms), stretch, items }));
}

async function changeSingly(agent, client, poke, targets) {
  await runPoke(poke, targets, { count: WARM_UP_CHANGES, gapUs: CHANGE_GAP_US, first: FIRST_MTU });
  await sleep(AFTERWARDS_MS);
  await client.arrivals();
  await agent.stretch();
  const first = FIRST_MTU + WARM_UP_CHANGES;
  const changes = await runPoke(poke, targets, { count: CHANGES, gapUs: CHANGE_GAP_US, first });
  await sleep(AFTERWARDS_MS);
  const stretch = await agent.stretch({ watch: false });
  const { lost, ...spans } = spansOf(changes, await client.arrivals());
  const sizes = (await client.sizes()).slice(-CHANGES);
  return {
    changes: changes.length,
    lost,
    ...spans,
    stretch,
    bytes: median(sizes),
  };
}

/** From the kernel's acknowledgement, and from before the kernel was asked: which also waits while others hold the kernel's lock. */
function spansOf(changes, arrivals) {
  const { fromSentMs, fromAcknowledgedMs, lost } = latencies(changes, arrivals);
  return {
    lost,
    p50Ms: median(fromAcknowledgedMs),
    p99Ms: percentile(fromAcknowledgedMs, 0.99),
    maxMs: Math.max(...fromAcknowledgedMs),
    p50SentMs: median(fromSentMs),
    p99SentMs: percentile(fromSentMs, 0.99),
    kernelP99Ms: percentile(
      changes.map(({ sent, acknowledged }) => Number(acknowledged - sent) / 1e6),
      0.99,
    ),
  };
}

/** Without the probe, whose timer would cost more than the agent. */
async function rest(agent, seconds) {
  await agent.stretch({ watch: false });
  await sleep(CALM_MS);
  const before = agent.cpuMs();
  const ms = await timed(() => sleep(seconds * 1000));
  return { seconds, percent: ((agent.cpuMs() - before) / ms) * 100 };
}

async function changeFast({ agent, client, poke, paths, targets, seconds }) {
  await agent.stretch();
  await client.arrivals();
  const [{ residentMb: beforeMb }, cpuBefore] = [agent.memory(), agent.cpuMs()];
  const first = FIRST_MTU + WARM_UP_CHANGES + CHANGES;
  let changes;
  const ms = await timed(async () => {
    changes = await runPoke(poke, targets, { count: seconds * 1000, gapUs: FLOOD_GAP_US, first });
  });
  const cpuPercent = ((agent.cpuMs() - cpuBefore) / ms) * 100;
  await sleep(AFTERWARDS_MS);
  const stretch = await agent.stretch({ watch: false });
  const { residentMb, peakMb } = agent.memory();
  const { lost, ...spans } = spansOf(changes, await client.arrivals());
  const perSecond = changes.length / (Number(changes.at(-1).sent - changes[0].sent) / 1e9);
  say('agent: comparing with iproute2');
  const wrong = differences(readByIproute2(paths), await client.state());
  return {
    seconds,
    changes: changes.length,
    perSecond,
    lost,
    wrong,
    ...spans,
    stretch,
    cpuPercent,
    beforeMb,
    residentMb,
    peakMb,
  };
}

/** One shell for all: a process for each question from here would take minutes. Two lines for each namespace. */
const ASK_IPROUTE2 = `for path; do
  links=$(nsenter --net="$path" ip -j link) || exit 1
  case $links in
    *'"vxlan0"'*) fdb=$(nsenter --net="$path" bridge -j fdb show dev vxlan0) || exit 1 ;;
    *) fdb='[]' ;;
  esac
  printf '%s\\n%s\\n' "$links" "$fdb"
done`;

/** The mtu of every link and every forwarding entry of poke.c, as iproute2 tells them: `mtu NETNS IFINDEX VALUE`. */
function readByIproute2(paths) {
  const known = new Set();
  const lines = execFileSync('sh', ['-c', ASK_IPROUTE2, 'sh', ...paths], OUTPUT).split('\n');
  for (const [at, path] of paths.entries()) {
    const id = `net:[${statSync(path).ino}]`;
    const [links, fdb] = [JSON.parse(lines[2 * at]), JSON.parse(lines[2 * at + 1])];
    for (const { ifindex, mtu } of links) known.add(`mtu ${id} ${ifindex} ${mtu}`);
    const vxlan = links.find(({ ifname }) => ifname === 'vxlan0')?.ifindex;
    for (const { mac, dst } of fdb) if (mac === POKED_MAC) known.add(`fdb ${id} ${vxlan} ${valueOfDst(dst)}`);
  }
  return known;
}

/** How many links or entries are not as iproute2 tells them. */
function differences(wanted, { links, fdb }) {
  const known = new Set(links.map(([id, ifindex, mtu]) => `mtu ${id} ${ifindex} ${mtu}`));
  for (const [id, ifindex, mac, dst] of fdb) if (mac === POKED_MAC) known.add(`fdb ${id} ${ifindex} ${valueOfDst(dst)}`);
  return [...wanted].filter((row) => !known.has(row)).length + [...known].filter((row) => !wanted.has(row)).length;
}
