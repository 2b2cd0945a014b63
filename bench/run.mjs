// npm run bench -- [--size 100,1000] [--rounds 9] [--only scan,…] [--record]: what watching and scanning cost. See README.md.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const FILE = fileURLToPath(import.meta.url);
const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const RESULTS = here('RESULTS.md');
/** Says to the second process that it is in namespaces of its own. */
const INSIDE = '--inside';

/** What is measured at each size, in this order. Loaded when asked for: one that is broken does not stop the others. */
const PARTS = {
  scan: async (bench) => (await import('./scan.mjs')).measureScans(bench),
  programs: async (bench) => (await import('./programs.mjs')).measurePrograms(bench),
  agent: async (bench) => (await import('./agent.mjs')).measureAgent(bench),
  cost: async (bench) => (await import('./cost.mjs')).measureCost(bench),
  decode: async ({ topology }) => (await import('./decode.mjs')).measureDecoding(topology.paths),
};

/** What is measured once. Results of the collector are recorded by themselves. */
const ONCE = {
  big: async (bench) => (await import('./big.mjs')).measureBig(bench),
  collector: async (bench) => {
    // A new network namespace has its loopback down.
    execFileSync('ip', ['link', 'set', 'lo', 'up']);
    return (await import('./collector.mjs')).measureCollector(bench);
  },
};
const NAMES = [...Object.keys(PARTS), ...Object.keys(ONCE)];
const COUNTS = ['rounds', 'idle', 'flood', 'rows', 'agents', 'namespaces', 'big-agents', 'changes', 'steady'];

const { values: flags } = parseArgs({
  options: {
    size: { type: 'string', default: '100,1000' },
    rounds: { type: 'string', default: '9' },
    only: { type: 'string', default: NAMES.join(',') },
    idle: { type: 'string', default: '60' },
    flood: { type: 'string', default: '30' },
    rows: { type: 'string', default: '50000' },
    agents: { type: 'string', default: '200' },
    namespaces: { type: 'string', default: '100' },
    'big-agents': { type: 'string', default: '50' },
    changes: { type: 'string', default: '2000' },
    steady: { type: 'string', default: '30' },
    record: { type: 'boolean', default: false },
    inside: { type: 'boolean', default: false },
  },
});
const sizes = flags.size.split(',').map(Number);
const only = flags.only.split(',');
const numbers = Object.fromEntries(COUNTS.map((name) => [name, Number(flags[name])]));

const usage = findMistake();
if (usage !== undefined) {
  console.error(`bench: ${usage}`);
  process.exitCode = 2;
} else if (flags.inside) {
  await main();
} else {
  // Own mounts, so that nobody else sees a thousand namespaces come, and nothing is left even after a kill -9.
  const namespaces = process.getuid() === 0 ? '-nm' : '-Urnm';
  const { status } = spawnSync('unshare', [namespaces, process.execPath, FILE, INSIDE, ...process.argv.slice(2)], {
    stdio: 'inherit',
  });
  process.exitCode = status ?? 1;
}

function findMistake() {
  const isCount = (value) => Number.isInteger(value) && value >= 1;
  const unknown = only.find((name) => !NAMES.includes(name));
  if (unknown !== undefined) return `--only knows ${NAMES.join(', ')}; not ${unknown}`;
  if (sizes.some((size) => !isCount(size) || size < 10)) return '--size takes whole numbers from 10 up, separated by commas';
  const wrong = Object.entries(numbers).find(([, value]) => !isCount(value));
  return wrong && `--${wrong[0]} takes a whole number from 1 up`;
}

async function main() {
  const { buildPrograms } = await import('./tools.mjs');
  const { COLLECTOR_HEADING, describeMachine, render, renderCollector } = await import('./report.mjs');
  const folder = mkdtempSync(join(tmpdir(), 'nsatlas-bench-'));
  // exit() makes the scratch folders go, too.
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const programs = buildPrograms(folder);
  const machine = describeMachine();
  const results = [];
  for (const size of sizes) {
    if (!only.some((name) => PARTS[name] !== undefined)) continue;
    const result = await attempt(`${size} namespaces`, () => benchmark(programs, size, folder));
    if (result !== undefined) results.push(result);
  }
  const once = {};
  for (const [name, measureOnce] of Object.entries(ONCE)) {
    if (only.includes(name)) once[name] = await attempt(name, () => measureOnce({ programs, folder, ...numbers }));
  }
  const words = process.argv.slice(2).filter((word) => word !== INSIDE);
  const host = only.some((name) => name !== 'collector') ? render(machine, results, once.big, words) : undefined;
  const collector = once.collector && renderCollector(machine, once.collector, words);
  process.stdout.write([host, collector].filter((text) => text !== undefined).join('\n'));
  if (flags.record) record(host, collector, COLLECTOR_HEADING);
}

/** What was not measured stays as it was recorded. */
function record(host, collector, heading) {
  const old = readFileSync(RESULTS, 'utf8');
  const at = old.indexOf(heading);
  const [oldHost, oldCollector] = at === -1 ? [old, ''] : [`${old.slice(0, at).trimEnd()}\n`, old.slice(at)];
  const texts = [host ?? oldHost, collector ?? oldCollector];
  writeFileSync(RESULTS, texts.filter((text) => text !== '').join('\n'));
}

/** What fails is not measured, and the run fails in the end; the rest is measured. */
async function attempt(name, work) {
  try {
    return await work();
  } catch (problem) {
    console.error(`bench: ${name} failed:`, problem);
    process.exitCode = 1;
    return undefined;
  }
}

async function benchmark(programs, size, folder) {
  const { say } = await import('./tools.mjs');
  const { buildTopology, settle } = await import('./topology.mjs');
  const undo = [];
  try {
    say(`${size} namespaces: building`);
    const topology = buildTopology(size, (step) => undo.push(step));
    await settle(programs.floor, topology.dir);
    const result = { size, loads: [loadavg()[0]] };
    for (const [name, measurePart] of Object.entries(PARTS)) {
      if (!only.includes(name)) continue;
      say(`${size} namespaces: ${name}`);
      result[name] = await attempt(name, () => measurePart({ programs, topology, folder, ...numbers }));
    }
    result.loads.push(loadavg()[0]);
    return result;
  } finally {
    for (const step of undo.reverse()) step();
  }
}
