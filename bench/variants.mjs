// What is measured. Each variant gives the milliseconds of one pass over all namespaces, and fails when it saw less than is there.
import { execFileSync, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { DumpDecoder } from '../dist/src/decode/dump.js';
import { createNetnsReader } from '../dist/src/native/index.js';
import { dumpAddresses, dumpLinks } from '../dist/src/netlink/requests.js';
import { createHostSource } from '../dist/src/scan/index.js';
import { ALL_TABLES } from '../dist/src/scan/types.js';

const CLI = fileURLToPath(new URL('../dist/src/cli/main.js', import.meta.url));
const PYROUTE2 = fileURLToPath(new URL('peers.py', import.meta.url));
/** The one that Debian's python3-pyroute2 is installed for. */
const PYTHON = '/usr/bin/python3';
const SAMPLE = 50;
/** The slow ones are measured often enough for a factor of ten. */
const FEW_ROUNDS = 3;
const OUTPUT = { encoding: 'utf8', maxBuffer: 1 << 30, stdio: ['ignore', 'pipe', 'pipe'] };

const requests = [{ bytes: dumpLinks() }, { bytes: dumpAddresses() }];

/** Options of a host source that reads a folder and asks no engine. */
export function sourceOptions(dir) {
  const quiet = { dockerSockets: [], dockerSocketsGiven: false, followEngines: false };
  return { procRoot: '/proc', netnsDirs: [dir], timeLimitMs: 2000, agentVersion: 'bench', hostId: 'bench', ...quiet };
}

/** The sets of tables that are read. */
export const TABLE_SETS = {
  scan: ['LINKS', 'ADDRESSES'],
  pairs: ['LINKS', 'ADDRESSES', 'NSIDS'],
  all: ALL_TABLES,
};

async function timed(work) {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

function expect(what, got, wanted) {
  if (got !== wanted) throw new Error(`${what}: ${got} instead of ${wanted}`);
}

/** Runs the C floor once. @returns {{ ms: number, links: number, addresses: number, bytes: number }} */
export function runFloor(floor, dir) {
  const [ns, links, addresses, bytes] = execFileSync(floor, [dir], OUTPUT).trim().split(' ').map(Number);
  return { ms: ns / 1e6, links, addresses, bytes };
}

/** Everything that is measured on one topology; close() ends the threads. */
export function createVariants(floor, { dir, paths }) {
  const { links } = runFloor(floor, dir);
  const reader = createNetnsReader();
  const source = createHostSource(sourceOptions(dir));
  const targets = paths.map((path) => ({ path, requests: [0, 1] }));
  const nothing = { target() {}, datagram() {}, requestEnd() {}, targetEnd() {} };
  const scan = (tables) => async () => {
    let snapshot;
    const ms = await timed(async () => (snapshot = await source.read(tables)));
    expect('gaps', snapshot.gaps.length, 0);
    expect('namespaces', snapshot.namespaces.length, paths.length);
    return ms;
  };
  const decode = async () => {
    let decoded = 0;
    const ms = await timed(async () => {
      const decoders = targets.map(() => requests.map(() => new DumpDecoder()));
      await reader.read(
        { requests, targets },
        { datagram: (at, request, view, a, b) => decoders[at][request].datagram(view, a, b) },
      );
      decoded = decoders.reduce((sum, [first]) => sum + first.links.length, 0);
    });
    expect('links decoded', decoded, links);
    return ms;
  };
  const warm = [
    { id: 'floor', title: 'C floor', run: async () => runFloor(floor, dir).ms },
    { id: 'reader', title: 'reader alone', run: () => timed(() => reader.read({ requests, targets }, nothing)) },
    { id: 'decode', title: 'reader + decoding', run: decode },
    { id: 'scan', title: 'scan: links, addresses', run: scan(TABLE_SETS.scan) },
    { id: 'pairs', title: 'scan: links, addresses, pairs', run: scan(TABLE_SETS.pairs) },
    { id: 'all', title: 'scan: all tables', run: scan(TABLE_SETS.all) },
  ];
  const close = () => {
    reader.close();
    source.close();
  };
  return { warm, once: [...oneShots(dir), ...comparators(dir, paths)], close };
}

function command(argv) {
  return () => timed(async () => execFileSync(argv[0], argv.slice(1), OUTPUT));
}

function oneShots(dir) {
  const nsatlas = (...args) => command([process.execPath, CLI, ...args, '--netns-dir', dir]);
  return [
    { id: 'node', title: 'process: node that does nothing', run: command([process.execPath, '-e', '0']) },
    { id: 'snapshot', title: 'process: `nsatlas snapshot -o json`', run: nsatlas('snapshot', '-o', 'json') },
    { id: 'veths', title: 'process: `nsatlas veths`', run: nsatlas('veths') },
  ];
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
    { id: 'plotnetcfg', title: 'plotnetcfg, whole process', argv: plot, share: 1 },
    { id: 'pyroute2', title: 'pyroute2, whole process', argv: [PYTHON, PYROUTE2, dir], share: 1 },
  ];
  const runs = ({ argv, share }) => {
    const run = command(argv);
    return async () => (await run()) / share;
  };
  return peers.filter(works).map((peer) => ({ id: peer.id, title: peer.title, maxRounds: FEW_ROUNDS, run: runs(peer) }));
}

/** Other programs may be absent or not work here; that is said, and the rest is measured. */
function works({ title, argv }) {
  const { status, stderr, error } = spawnSync(argv[0], argv.slice(1), OUTPUT);
  if (status === 0) return true;
  console.error(`bench: skipped: ${title}: ${(error?.message ?? stderr).trim().split('\n').at(-1)}`);
  return false;
}
