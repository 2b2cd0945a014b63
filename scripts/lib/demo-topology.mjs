// A small Swarm host out of scratch namespaces: what dockerd builds for two overlay networks, with the names dockerd gives.
// Everything happens in the mount and network namespaces of the calling process and is gone when it ends.
import { spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { Problem, which } from './process.mjs';

/** Where Docker keeps its namespaces; here on a tmpfs of our own. */
export const NETNS_DIR = '/run/docker/netns';

/** Programs by their real paths: on some systems the usual ones lead through /run, which is about to be covered. */
const TOOLS = Object.fromEntries(['mount', 'unshare', 'nsenter', 'ip', 'bridge'].map((name) => [name, toolPath(name)]));

/** The machine itself, as Docker names it when a container runs with `--network host`. */
const HOST = 'default';

/** Docker cuts network ids to 10 characters for the overlay's namespace and to 9 for its load balancer's. */
const SHOP = { overlay: '1-x8sn2ys3vd', balancer: 'lb_x8sn2ys3v', vni: 4097, subnet: '10.0.9' };
const INGRESS = { overlay: '1-q2bmbj5fpz', balancer: 'ingress_sbox', vni: 4096, subnet: '10.0.0' };

/** VTEPs (addresses of the hosts that VXLAN packets go to) of this host and of two that are not there. */
const OWN_VTEP = '192.0.2.11';
const REMOTE = [
  { ip: '10.0.9.21', vtep: '192.0.2.12' },
  { ip: '10.0.9.22', vtep: '192.0.2.13' },
];

const CONTAINERS = [
  { file: '4d6dee9fdc0a', ip: '10.0.9.11', gateway: '172.18.0.3' },
  { file: '9a1c77b20e5f', ip: '10.0.9.12', gateway: '172.18.0.4' },
  { file: 'c3f0a8856d12', ip: '10.0.9.13', gateway: '172.18.0.5' },
];

/** Docker's own rule: 02:42, then the four bytes of the address. */
function macOf(ip) {
  return ['02', '42', ...ip.split('.').map((part) => Number(part).toString(16).padStart(2, '0'))].join(':');
}

/** @throws Problem when a command fails; the kernel lacks something then */
export function buildTopology() {
  command('mount', ['-t', 'tmpfs', 'nsatlas-demo', '/run']);
  mkdirSync(NETNS_DIR, { recursive: true });
  closeSync(openSync(join(NETNS_DIR, HOST), 'w', 0o444));
  command('mount', ['--bind', '/proc/self/ns/net', join(NETNS_DIR, HOST)]);
  ip(HOST, [
    'link set lo up',
    `addr add ${OWN_VTEP}/32 dev lo`,
    'link add docker_gwbridge type bridge',
    'addr add 172.18.0.1/16 dev docker_gwbridge',
    'link set docker_gwbridge up',
  ]);

  const ingress = makeOverlay(INGRESS);
  makeSandbox(INGRESS.balancer, [ingress.port('10.0.0.2'), gatewayPort('172.18.0.2', '0d3e1f')]);

  const shop = makeOverlay(SHOP);
  makeSandbox(SHOP.balancer, [shop.port('10.0.9.2')]);
  for (const { file, ip: address, gateway } of CONTAINERS)
    makeSandbox(file, [shop.port(address), gatewayPort(gateway, file.slice(0, 7))]);
  const neighbours = REMOTE.map((peer) => `neigh add ${peer.ip} lladdr ${macOf(peer.ip)} dev vxlan0 nud permanent`);
  const forwarding = REMOTE.map((peer) => `fdb add ${macOf(peer.ip)} dev vxlan0 dst ${peer.vtep}`);
  ip(SHOP.overlay, neighbours);
  ip(SHOP.overlay, forwarding, TOOLS.bridge);
}

/** br0 and vxlan0 of one network, in a namespace of their own. The VXLAN is made in the host's and moved, so its packets leave there. */
function makeOverlay({ overlay, vni, subnet }) {
  makeNamespace(overlay);
  const temporary = `vx-${vni.toString(16).padStart(6, '0')}-${overlay.slice(2, 7)}`;
  ip(HOST, [
    `link add ${temporary} mtu 1450 type vxlan id ${vni} dstport 4789 proxy l2miss l3miss learning ageing 300 udpcsum`,
    `link set ${temporary} netns ${join(NETNS_DIR, overlay)} name vxlan0`,
  ]);
  ip(overlay, [
    'link add br0 mtu 1450 type bridge',
    `addr add ${subnet}.1/24 dev br0`,
    'link set vxlan0 master br0',
    'link set br0 up',
    'link set vxlan0 up',
  ]);
  let ports = 0;
  return {
    /** An endpoint of this network: where its other end is, and what it is called on either side. */
    port: (address) => ({
      bridgeNetns: overlay,
      bridge: 'br0',
      name: `veth${ports++}`,
      address: `${address}/24`,
      mac: macOf(address),
      mtu: 1450,
    }),
  };
}

function gatewayPort(address, suffix) {
  return {
    bridgeNetns: HOST,
    bridge: 'docker_gwbridge',
    name: `veth${suffix}`,
    address: `${address}/16`,
    mac: macOf(address),
    mtu: 1500,
  };
}

/** A container's or load balancer's namespace: one ethN for each port. */
function makeSandbox(file, ports) {
  makeNamespace(file);
  for (const [index, { bridgeNetns, bridge: master, name, address, mac, mtu }] of ports.entries()) {
    const end = `eth${index}`;
    ip(bridgeNetns, [
      `link add ${name} mtu ${mtu} type veth peer name ${end} mtu ${mtu} address ${mac} netns ${join(NETNS_DIR, file)}`,
      `link set ${name} master ${master} up`,
    ]);
    ip(file, [`addr add ${address} dev ${end}`, `link set ${end} up`]);
  }
  if (ports.length > 1) ip(file, ['route add default via 172.18.0.1']);
}

function makeNamespace(file) {
  const path = join(NETNS_DIR, file);
  closeSync(openSync(path, 'w', 0o444));
  // A program that is certain to be there and to end at once.
  command('unshare', [`--net=${path}`, TOOLS.ip, '-V']);
  ip(file, ['link set lo up']);
}

function ip(netns, lines, tool = TOOLS.ip) {
  command('nsenter', [`--net=${join(NETNS_DIR, netns)}`, tool, '-batch', '-'], lines);
}

function toolPath(name) {
  const path = which(name);
  return path?.startsWith('/run/') ? realpathSync(path) : (path ?? name);
}

function command(name, args, lines = []) {
  const result = spawnSync(TOOLS[name], args, { input: lines.map((line) => `${line}\n`).join(''), encoding: 'utf8' });
  if (result.status === 0) return;
  const said = result.error?.message ?? result.stderr.trim();
  const isUnknownKind = /Unknown device type|Operation not supported/.test(said);
  const remedy = isUnknownKind ? 'sudo modprobe -a bridge veth vxlan' : undefined;
  throw new Problem(`the demo could not be built: ${name} ${args.join(' ')}: ${said}\n${lines.join('\n')}`, remedy);
}
