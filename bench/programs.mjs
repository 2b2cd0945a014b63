// Whole processes: ours and other people's.
import { execFile, spawnSync } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { measure } from './rounds.mjs';
import { CLI, OUTPUT, runFloor, say, timed } from './tools.mjs';

const PYROUTE2 = fileURLToPath(new URL('peers.py', import.meta.url));
/** The one that Debian's python3-pyroute2 is installed for. */
const PYTHON = '/usr/bin/python3';
const SAMPLE = 50;
/** The slow ones are measured often enough for a factor of ten. */
const FEW_ROUNDS = 3;
/** plotnetcfg's time grows with the square; pyroute2's with the line, but from far up. */
const MOST_FOR_SLOW = 2000;

/** @returns {Promise<object[]>} rows of rounds.mjs: those of ours against Go's, the others against the floor */
export async function measurePrograms({ programs: { floor, go }, topology: { dir, paths }, folder, rounds }) {
  const file = join(folder, 'snapshot.json');
  const base = go === undefined ? 'floor' : 'go-snapshot';
  const nsatlas = (...args) => command([process.execPath, CLI, ...args, '--netns-dir', dir, '--time-limit', '10000'], file);
  const rows = [
    ['floor', 'C floor: links, addresses', 'floor', async () => (await runFloor(floor, dir, 'links')).ms],
    ['node', 'node that does nothing', base, command([process.execPath, '-e', '0'], file)],
    ['snapshot', '`nsatlas snapshot -o json`', base, nsatlas('snapshot', '-o', 'json')],
    ['veths', '`nsatlas veths`', base, nsatlas('veths')],
  ];
  if (go !== undefined)
    rows.push(['go-snapshot', 'Go: a snapshot of all tables as JSON', base, command([go, 'snapshot', dir], file)]);
  const ours = rows.map(([id, title, comparator, run]) => ({ id, title, base: comparator, run }));
  return measure([...ours, ...comparators(dir, paths)], Math.min(rounds, 5));
}

/** Its output goes to a file: nobody who reads a pipe slowly is measured. */
function command([program, ...args], file) {
  return () =>
    timed(() => {
      const out = openSync(file, 'w');
      try {
        const { status, stderr } = spawnSync(program, args, { stdio: ['ignore', out, 'pipe'], encoding: 'utf8' });
        if (status !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${status}: ${stderr}`);
      } finally {
        closeSync(out);
      }
    });
}

function comparators(dir, paths) {
  const step = Math.max(1, Math.floor(paths.length / SAMPLE));
  const sample = paths.filter((_, at) => at % step === step - 1).slice(0, SAMPLE);
  const loopScript = 'for path; do nsenter --net="$path" ip -d -j addr || exit 1; done';
  const loop = ['sh', '-c', loopScript, 'sh', ...sample];
  // plotnetcfg knows only this one folder and asks process 1 for the root namespace; both are its own here.
  const plotScript = 'mkdir -p /run/netns; mount --rbind "$1" /run/netns; exec plotnetcfg';
  const plot = ['unshare', '-mpf', '--mount-proc', 'sh', '-ec', plotScript, 'sh', dir];
  const peers = [
    {
      id: 'nsenter',
      title: `\`nsenter … ip -d -j addr\` loop (${sample.length}, scaled)`,
      argv: loop,
      share: sample.length / paths.length,
    },
    { id: 'plotnetcfg', title: 'plotnetcfg', argv: plot, share: 1, isSlow: true },
    { id: 'pyroute2', title: 'pyroute2: links, addresses', argv: [PYTHON, PYROUTE2, dir], share: 1, isSlow: true },
  ];
  return peers
    .filter((peer) => works(peer, paths.length))
    .map(({ id, title, argv, share }) => ({ id, title, base: 'floor', maxRounds: FEW_ROUNDS, run: scaled(argv, share) }));
}

function scaled([program, ...args], share) {
  return async () => (await timed(() => promisify(execFile)(program, args, OUTPUT))) / share;
}

/** Other programs may be absent or not work here; that is said, and the rest is measured. */
function works({ title, argv, isSlow = false }, size) {
  if (isSlow && size > MOST_FOR_SLOW) {
    say(`skipped: ${title}: takes minutes at ${size} namespaces`);
    return false;
  }
  const { status, stderr, error } = spawnSync(argv[0], argv.slice(1), OUTPUT);
  if (status === 0) return true;
  say(`skipped: ${title}: ${(error?.message ?? stderr).trim().split('\n').at(-1)}`);
  return false;
}
