// npm run bench -- [--size 100,1000] [--rounds 9] [--record]: what a scan costs, as ratios to a C floor. See README.md.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const FILE = fileURLToPath(import.meta.url);
const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const WARM_UP_SCANS = 5;
const REPEATS = 20;
const SETTLE_MS = 3000;
/** Says to the second process that it is in namespaces of its own. */
const INSIDE = '--inside';

const { values: flags } = parseArgs({
  options: {
    size: { type: 'string', default: '100,1000' },
    rounds: { type: 'string', default: '9' },
    record: { type: 'boolean', default: false },
    inside: { type: 'boolean', default: false },
  },
});
const sizes = flags.size.split(',').map(Number);
const rounds = Number(flags.rounds);

if ([...sizes, rounds].some((value) => !Number.isInteger(value) || value < 1) || sizes.some((size) => size < 10)) {
  console.error('bench: --size takes whole numbers from 10 up, separated by commas; --rounds one from 1 up');
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

async function main() {
  const { describeMachine, render } = await import('./report.mjs');
  const folder = mkdtempSync(join(tmpdir(), 'nsatlas-bench-'));
  const undo = [() => rmSync(folder, { recursive: true, force: true })];
  // exit() makes the scratch folders go, too.
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  try {
    const floor = join(folder, 'floor');
    execFileSync('cc', ['-O2', '-Wall', '-Wextra', '-o', floor, here('floor.c')], { stdio: 'inherit' });
    const machine = describeMachine();
    const results = [];
    for (const size of sizes) results.push(await benchmark(floor, size));
    const text = render(machine, results);
    process.stdout.write(text);
    if (flags.record) writeFileSync(here('RESULTS.md'), text);
  } finally {
    for (const step of undo.reverse()) step();
  }
}

async function benchmark(floor, size) {
  const { loadavg } = await import('node:os');
  const { measure } = await import('./rounds.mjs');
  const { createVariants, runFloor, TABLE_SETS } = await import('./variants.mjs');
  const { buildTopology } = await import('./topology.mjs');
  const { measureDecoding } = await import('./decode.mjs');
  const undo = [];
  try {
    say(`${size} namespaces: building`);
    const topology = buildTopology(size, (step) => undo.push(step));
    // Carriers come up for a while, and each change interrupts a dump.
    await sleep(SETTLE_MS);
    const variants = createVariants(floor, topology);
    undo.push(variants.close);
    const [{ links, addresses, bytes }, before] = [runFloor(floor, topology.dir), loadavg()[0]];
    say(`${size} namespaces: warm scans`);
    for (let at = 0; at < WARM_UP_SCANS; at++) for (const { run } of variants.warm) await run();
    const warm = await measure(variants.warm, rounds);
    say(`${size} namespaces: processes and other programs`);
    const once = (await measure([variants.warm[0], ...variants.once], rounds)).slice(1);
    say(`${size} namespaces: main thread and memory`);
    const repeats = Object.keys(TABLE_SETS).map((tables) => ({ tables, ...repeat(topology.dir, tables) }));
    const decoding = await measureDecoding(topology.paths);
    return { size, links, addresses, bytes, rows: [...warm, ...once], repeats, decoding, load: [before, loadavg()[0]] };
  } finally {
    for (const step of undo.reverse()) step();
  }
}

function repeat(dir, tables) {
  return JSON.parse(execFileSync(process.execPath, [here('repeat.mjs'), dir, tables, String(REPEATS)], { encoding: 'utf8' }));
}

function say(line) {
  console.error(`bench: ${line}`);
}
