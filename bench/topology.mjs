// Namespaces as Docker Swarm makes them: the host's with docker_gwbridge, overlays with br0 and vxlan0, containers on both.
import { readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { readHost } from '../dist/src/live/index.js';
import { snapshotOf } from '../dist/src/serve/view.js';
import { exec, Scratch } from '../dist/test/support/netns.js';
import { runFloor } from './tools.mjs';

/** A Linux bridge takes at most 1,023 ports (BR_MAX_PORTS, net/bridge/br_private.h, v6.12). */
const PORTS_PER_BRIDGE = 900;
const FIRST_VNI = 4097;
const ROWS = 20;
const SETTLE_EVERY_MS = 500;
const SETTLE_LOOKS = 4;
const SETTLE_LIMIT_MS = 60_000;
/** … and for each namespace: a machine that is slow takes minutes for 5,000. */
const SETTLE_LIMIT_OF_EACH_MS = 60;

const hex = (value, digits) => value.toString(16).padStart(digits, '0');
const remoteMac = (overlay, row) => `02:42:0a:${hex(overlay >> 8, 2)}:${hex(overlay & 255, 2)}:${hex(100 + row, 2)}`;

/**
 * Builds `size` namespaces in a folder of their own.
 * @param {number} size namespaces in all
 * @param {(undo: () => void) => void} after gets what removes everything
 * @returns {{ dir: string, paths: string[] }}
 */
export function buildTopology(size, after) {
  const scratch = Scratch.create({ after });
  const overlayCount = Math.max(1, Math.floor(size / 10));
  const hostCount = Math.ceil((size - overlayCount) / (PORTS_PER_BRIDGE + 1));
  const hosts = scratch.many(hostCount, (at) => (at === 0 ? 'default' : `default${at}`));
  const overlays = scratch.many(overlayCount, (at) => `1-${hex(at, 10)}`);
  const containers = scratch.many(size - overlayCount - hostCount, (at) => hex(0xc0ffee000000 + at, 12));
  const place = (at) => ({
    host: hosts[Math.floor(at / PORTS_PER_BRIDGE)],
    overlay: overlays[at % overlayCount],
    row: Math.floor(at / overlayCount),
  });
  for (const host of hosts)
    host.ipBatch(['link set lo up', 'link add docker_gwbridge type bridge', 'link set docker_gwbridge up']);
  // Made from the host's namespace, as Docker does it: that stays the underlay.
  hosts[0].ipBatch(
    overlays.map(
      ({ path }, at) => `link add vxlan0 netns ${path} type vxlan id ${FIRST_VNI + at} dstport 4789 proxy l2miss l3miss`,
    ),
  );
  exec(['ip', '-batch', '-'], containers.flatMap((container, at) => pairs(container, at, place(at))).join('\n'));
  for (const [at, overlay] of overlays.entries()) fillOverlay(overlay, at, Math.ceil((containers.length - at) / overlayCount));
  for (const [at, container] of containers.entries()) container.ipBatch(containerLines(at, place(at), overlayCount));
  for (const [at, host] of hosts.entries()) {
    const first = at * PORTS_PER_BRIDGE;
    const ports = containers.slice(first, first + PORTS_PER_BRIDGE).map((_, index) => `vgw${first + index}`);
    host.ipBatch(ports.map((port) => `link set ${port} master docker_gwbridge up`));
  }
  return { dir: scratch.dir, paths: [...hosts, ...overlays, ...containers].map(({ path }) => path) };
}

/**
 * One namespace with a bridge and a vxlan that has many permanent forwarding entries and neighbours. Permanent neighbours are not counted
 * against gc_thresh3 (neigh_alloc(), net/core/neighbour.c, v6.12), so no sysctl has to be raised.
 * @param {number} rows of each
 * @returns {{ dir: string, paths: string[], row: (at: number) => { mac: string, ip: string } }} `row`: what a row is about
 */
export function buildBig(rows, after) {
  const scratch = Scratch.create({ after });
  const [big] = scratch.many(1, () => '1-b16b16b16b');
  const row = (at) => ({
    mac: `02:42:0a:${hex(at >> 16, 2)}:${hex((at >> 8) & 255, 2)}:${hex(at & 255, 2)}`,
    ip: `10.${1 + (at >> 16)}.${(at >> 8) & 255}.${at & 255}`,
  });
  big.ipBatch([
    'link set lo up',
    'link add br0 type bridge',
    'link set br0 up',
    `link add vxlan0 type vxlan id ${FIRST_VNI} dstport 4789 proxy l2miss l3miss`,
    'link set vxlan0 master br0 up',
    ...Array.from({ length: rows }, (_, at) => `neigh add ${row(at).ip} lladdr ${row(at).mac} dev vxlan0 nud permanent`),
  ]);
  const fdb = Array.from({ length: rows }, (_, at) => `fdb add ${row(at).mac} dev vxlan0 dst 192.168.1.1 self permanent\n`);
  big.exec(['bridge', '-batch', '-'], fdb.join(''));
  return { dir: scratch.dir, paths: [big.path], row };
}

/**
 * Waits until carriers and IPv6 addresses have settled: each change interrupts dumps. Looks over two seconds have to see the same.
 * @throws when they have not in time
 */
export async function settle(floor, dir) {
  const limitMs = SETTLE_LIMIT_MS + readdirSync(dir).length * SETTLE_LIMIT_OF_EACH_MS;
  const limit = performance.now() + limitMs;
  const look = async () => {
    const { links, addresses, bytes, up, tentative } = await runFloor(floor, dir, 'settled');
    return [links, addresses, bytes, up, tentative].join(' ');
  };
  for (let last = '', same = 0; performance.now() < limit; await sleep(SETTLE_EVERY_MS)) {
    const now = await look();
    same = now === last ? same + 1 : 0;
    if (same === SETTLE_LOOKS) return;
    last = now;
  }
  throw new Error(`the links did not settle within ${limitMs / 1000} s`);
}

/** Options of a source or a live host that reads one folder and asks no engine. */
export function hostOptions(dir) {
  const quiet = { dockerSockets: [], dockerSocketsGiven: false };
  return { procRoot: '/proc', netnsDirs: [dir], timeLimitMs: 5000, agentVersion: 'bench', hostId: 'bench', ...quiet };
}

/** Every interface of the topology: the path and the id of its namespace, its ifindex and its name. */
export async function listInterfaces(dir) {
  const { namespaces } = snapshotOf(await readHost(hostOptions(dir), ['LINKS']), ['LINKS']);
  return namespaces.flatMap(({ id, paths, interfaces }) =>
    interfaces.map(({ ifindex, name }) => ({ path: paths[0], netnsId: id, ifindex, name })),
  );
}

function pairs(container, at, { host, overlay, row }) {
  return [
    `link add eth0 netns ${container.path} type veth peer name veth${row} netns ${overlay.path}`,
    `link add eth1 netns ${container.path} type veth peer name vgw${at} netns ${host.path}`,
  ];
}

function containerLines(at, { row }, overlayCount) {
  const overlay = at % overlayCount;
  return [
    'link set lo up',
    'link set eth0 mtu 1450 up',
    `addr add 10.${overlay >> 8}.${overlay & 255}.${2 + row}/24 dev eth0`,
    'link set eth1 up',
    `addr add 172.${18 + (at >> 16)}.${(at >> 8) & 255}.${at & 255}/16 dev eth1`,
  ];
}

function fillOverlay(overlay, at, ports) {
  const rows = Array.from({ length: ROWS }, (_, row) => row);
  overlay.ipBatch([
    'link set lo up',
    'link add br0 type bridge',
    'link set br0 mtu 1450 up',
    `addr add 10.${at >> 8}.${at & 255}.1/24 dev br0`,
    'link set vxlan0 mtu 1450 master br0 up',
    ...Array.from({ length: ports }, (_, port) => `link set veth${port} mtu 1450 master br0 up`),
    ...rows.map(
      (row) => `neigh add 10.${at >> 8}.${at & 255}.${100 + row} lladdr ${remoteMac(at, row)} dev vxlan0 nud permanent`,
    ),
  ]);
  overlay.exec(
    ['bridge', '-batch', '-'],
    rows.map((row) => `fdb add ${remoteMac(at, row)} dev vxlan0 dst 192.168.1.${1 + row} self permanent\n`).join(''),
  );
}
