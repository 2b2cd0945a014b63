// npm run bench -- [--size 100,1000] [--rounds 9] [--only scan,…] [--record]: what watching and scanning cost. See README.md.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const FILE = fileURLToPath(import.meta.url);
const here = (name) => fileURLToPath(new URL(name, import.meta.url));
/** Says to the second process that it is in namespaces of its own. */
const INSIDE = '--inside';

/** What is measured at each size, in this order, and `big` once. Loaded when asked for: one that is broken does not stop the others. */
const PARTS = {
  scan: async (bench) => (await import('./scan.mjs')).measureScans(bench),
  programs: async (bench) => (await import('./programs.mjs')).measurePrograms(bench),
  agent: async (bench) => (await import('./agent.mjs')).measureAgent(bench),
  cost: async (bench) => (await import('./cost.mjs')).measureCost(bench),
  decode: async ({ topology }) => (await import('./decode.mjs')).measureDecoding(topology.paths),
};

const { values: flags } = parseArgs({
  options: {
    size: { type: 'string', default: '100,1000' },
    rounds: { type: 'string', default: '9' },
    only: { type: 'string', default: [...Object.keys(PARTS), 'big'].join(',') },
    idle: { type: 'string', default: '60' },
    flood: { type: 'string', default: '30' },
    rows: { type: 'string', default: '50000' },
    record: { type: 'boolean', default: false },
    inside: { type: 'boolean', default: false },
  },
});
const sizes = flags.size.split(',').map(Number);
const only = flags.only.split(',');
const numbers = Object.fromEntries(['rounds', 'idle', 'flood', 'rows'].map((name) => [name, Number(flags[name])]));

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
  const unknown = only.find((name) => name !== 'big' && PARTS[name] === undefined);
  if (unknown !== undefined) return `--only knows ${[...Object.keys(PARTS), 'big'].join(', ')}; not ${unknown}`;
  if (sizes.some((size) => !isCount(size) || size < 10)) return '--size takes whole numbers from 10 up, separated by commas';
  const wrong = Object.entries(numbers).find(([, value]) => !isCount(value));
  return wrong && `--${wrong[0]} takes a whole number from 1 up`;
}

async function main() {
  const { buildPrograms } = await import('./tools.mjs');
  const { describeMachine, render } = await import('./report.mjs');
  const folder = mkdtempSync(join(tmpdir(), 'nsatlas-bench-'));
  // exit() makes the scratch folders go, too.
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const programs = buildPrograms(folder);
  const machine = describeMachine();
  const results = [];
  for (const size of sizes) {
    if (only.some((name) => name !== 'big')) results.push(await benchmark(programs, size, folder));
  }
  const big = only.includes('big')
    ? await attempt('big', async () => (await import('./big.mjs')).measureBig({ programs, ...numbers }))
    : undefined;
  const text = render(
    machine,
    results,
    big,
    process.argv.slice(2).filter((word) => word !== INSIDE),
  );
  process.stdout.write(text);
  if (flags.record) writeFileSync(here('RESULTS.md'), text);
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
