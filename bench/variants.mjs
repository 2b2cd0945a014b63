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
      await reader.read({ requests, targets }, { datagram: (at, request, view, a, b) => decoders[at][request].datagram(view, a, b) });
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
  const script = 'for path; do nsenter --net="$path" ip -d -j addr || exit 1; done';
  const loop = command(['sh', '-c', script, 'sh', ...sample]);
  const scaled = async () => ((await loop()) * paths.length) / sample.length;
  // plotnetcfg knows only this one folder; the mount is seen by nobody else.
  const plot = ['unshare', '-m', 'sh', '-ec', 'mkdir -p /run/netns; mount --rbind "$1" /run/netns; exec plotnetcfg >&2', 'sh', dir];
  const peers = [
    { id: 'nsenter', title: `\`nsenter … ip -d -j addr\` loop (${sample.length}, scaled)`, run: scaled },
    { id: 'plotnetcfg', title: 'plotnetcfg', needs: ['plotnetcfg', '--version'], run: command(plot) },
    { id: 'pyroute2', title: 'pyroute2, whole process', needs: ['python3', '-c', 'import pyroute2'], run: command(['python3', PYROUTE2, dir]) },
  ];
  return peers.filter(isThere).map((peer) => ({ ...peer, maxRounds: FEW_ROUNDS }));
}

function isThere({ title, needs }) {
  if (needs === undefined || spawnSync(needs[0], needs.slice(1)).status === 0) return true;
  console.error(`skipped: ${title} is not installed`);
  return false;
}
