// A Swarm host that is made up: what its agent would tell of it. Every host has the same overlays, so that all of them are one fabric; a
// host's forwarding entries and neighbours are other hosts' endpoints, as Docker writes them.
import { noRows } from '../dist/src/tables/index.js';
import { bridge, card, loopback, veth, vxlan } from './replay-links.mjs';

const FIRST_INODE = 4026532200;
const FIRST_VNI = 4097;
const AGENT_VERSION = 'bench';

const hex = (value, digits) => value.toString(16).padStart(digits, '0');
const macOf = (first, number) => [first, ...hex(number, 10).match(/../g)].join(':');

/** The MAC address of an interface that no other host knows of: the host's number is in its third and fourth byte. */
const ownMac = (agent, number) => macOf('02', 0x12 * 2 ** 32 + (agent + OWN_MAC_FIRST) * 65_536 + number);
/** So that the third byte is never written with one digit in an IPv6 address: all hosts' texts have one length (ownMarks). */
const OWN_MAC_FIRST = 0x1000;

/** How ownMac() shows in a MAC address and in a link-local address made of it: what tells an interface of one host from another's. */
export function ownMarks(agent) {
  const number = hex(agent + OWN_MAC_FIRST, 4);
  const [high, low] = [number.slice(0, 2), number.slice(2)];
  return [`:12:${high}:${low}:`, `:${high}ff:fe${low}:`];
}

/**
 * How large the hosts are.
 * @typedef {object} Shape
 * @property {number} agents
 * @property {number} namespaces of each host: the host's own, a tenth overlays, the others containers
 * @property {number} interfaces of each namespace, on average; from 3 to 4.8
 * @property {number} rows forwarding entries, and as many neighbours, of each host
 */

/** The parts of a shape. @param {Shape} shape */
export function planOf({ agents, namespaces, interfaces, rows }) {
  const overlays = Math.max(1, Math.floor(namespaces / 10));
  const containers = Math.max(1, namespaces - overlays - 1);
  // lo and eth0 in a container and its port in the overlay; lo, br0, vxlan0 in an overlay; lo, eth0, docker_gwbridge of the host.
  const least = 3 * containers + 3 * overlays + 3;
  const gateways = Math.min(containers, Math.max(0, Math.round((interfaces * namespaces - least) / 2)));
  const links = least + 2 * gateways;
  const rowsOfOne = Math.floor(rows / overlays);
  return {
    agents,
    overlays,
    containers,
    gateways,
    links,
    namespaces: overlays + containers + 1,
    rowsOfOne,
    rows: rowsOfOne * overlays,
  };
}

export const hostIdOf = (agent) => `replay${hex(agent, 20)}`;
export const hostNameOf = (agent) => `host-${agent}`;
const networkIdOf = (overlay) => `n${hex(overlay, 24)}`;
const vtepOf = (agent) => `192.168.${(agent + 1) >> 8}.${(agent + 1) & 255}`;
const netnsIdOf = (at) => `net:[${FIRST_INODE + at}]`;

/** Address and MAC of the `at`-th endpoint that a host has in an overlay; all hosts agree. */
function endpointOf({ agents }, agent, overlay, at) {
  const number = at * Math.max(agents, 2) + agent + 2;
  if (number > 0xffff || overlay > 255) throw new Error('more endpoints than the addresses of a /16');
  const [high, low] = [number >> 8, number & 255];
  return { ip: `10.${overlay}.${high}.${low}`, mac: `02:42:0a:${hex(overlay, 2)}:${hex(high, 2)}:${hex(low, 2)}` };
}

const statuses = (rows) => Object.entries(rows).map(([table, count]) => ({ table, status: 'OK', rows: count, attempts: 1 }));

function netns(at, { role, name, links, more = {} }) {
  const tables = statuses({ LINKS: links, ADDRESSES: links, NSIDS: 2, FDB: 0, NEIGHBORS: 0, ROUTES: 0 });
  const head = { id: netnsIdOf(at), dev: 4, paths: [`/run/docker/netns/${name}`], pids: [], cookie: BigInt(1000 + at), role };
  return { ...head, joined: [], status: 'OK', tables, interfaces: [], ...noRows(), ...more };
}

function ownerOf(agent, at, { overlay, ip, mac }) {
  const [service, task] = [`service-${at % 20}`, `${hex(agent, 8)}task${hex(at, 12)}`];
  const name = `${service}.${agent * 10 + 1}.${task}`;
  const labels = {
    'com.docker.stack.namespace': 'shop',
    'com.docker.swarm.node.id': hostIdOf(agent),
    'com.docker.swarm.service.id': `${hex(at % 20, 8)}service`,
    'com.docker.swarm.service.name': service,
    'com.docker.swarm.task': '',
    'com.docker.swarm.task.id': task,
    'com.docker.swarm.task.name': name,
  };
  const network = {
    name: `net-${overlay}`,
    id: networkIdOf(overlay),
    endpointId: hex(agent * 4096 + at, 64),
    ip,
    mac,
    aliases: [task],
  };
  return {
    containerId: hex(agent * 4096 + at, 64),
    containerName: name,
    image: 'registry.example.com/shop/web:1.2.3',
    labels,
    networkMode: networkIdOf(overlay),
    networkModeRaw: networkIdOf(overlay),
    serviceId: `${hex(at % 20, 8)}service`,
    serviceName: service,
    taskId: task,
    taskName: name,
    stack: 'shop',
    nodeId: hostIdOf(agent),
    networks: [network],
    engine: '/run/docker.sock',
    pid: 10_000 + at,
  };
}

/** The host itself, and the networks that its engine knows. */
export function hostOf(shape, agent) {
  const swarm = { swarmNodeId: hostIdOf(agent), swarmNodeAddress: vtepOf(agent), swarmManager: agent < 3 };
  const engine = {
    socket: '/run/docker.sock',
    id: `engine-${agent}`,
    name: hostNameOf(agent),
    version: '20.10.24',
    apiVersion: '1.41',
  };
  const host = {
    id: hostIdOf(agent),
    name: hostNameOf(agent),
    bootId: hex(agent, 32),
    kernel: '6.18.0',
    agentVersion: AGENT_VERSION,
    engines: [{ ...engine, ...swarm }],
    readAt: '2026-01-01T00:00:00.000Z',
  };
  const networks = Array.from({ length: planOf(shape).overlays }, (_, overlay) => ({
    id: networkIdOf(overlay),
    name: `net-${overlay}`,
    driver: 'overlay',
    scope: 'swarm',
    vnis: [FIRST_VNI + overlay],
    subnets: [`10.${overlay}.0.0/16`],
    labels: {},
    engine: '/run/docker.sock',
  }));
  return { host, networks };
}

/**
 * The namespaces of a host, in the order in which an agent tells them: its own, overlays, containers.
 * @param {Shape} shape
 * @returns {{ head: object, links: object[], overlay?: number }[]} nsatlas.v1.Netns without rows, its interfaces, which overlay it is
 */
export function namespacesOf(shape, agent) {
  const plan = planOf(shape);
  const mac = (number) => ownMac(agent, number);
  const gateway = { ifindex: 3, name: 'docker_gwbridge', mac: mac(3), mtu: 1500, address: '172.18.0.1/16' };
  const root = netnsIdOf(0);
  const own = [loopback(root), card(root, { ifindex: 2, mac: mac(2), address: `${vtepOf(agent)}/16` }), bridge(root, gateway)];
  const overlays = Array.from({ length: plan.overlays }, (_, at) => {
    const id = netnsIdOf(1 + at);
    const br0 = { ifindex: 2, name: 'br0', mac: mac(0x1000 + at), mtu: 1450, address: `10.${at}.0.1/16` };
    const vxlan0 = { ifindex: 3, mac: mac(0x2000 + at), vni: FIRST_VNI + at, master: br0 };
    return { id, br0, links: [loopback(id), bridge(id, br0), vxlan(id, vxlan0)] };
  });
  const containers = Array.from({ length: plan.containers }, (_, at) => {
    const overlay = at % plan.overlays;
    const { id: far, br0, links: ports } = overlays[overlay];
    const id = netnsIdOf(1 + plan.overlays + at);
    const endpoint = endpointOf(plan, agent, overlay, Math.floor(at / plan.overlays));
    const ends = { name: 'eth0', ifindex: 20 + 2 * at, mac: endpoint.mac, mtu: 1450, addresses: [`${endpoint.ip}/16`] };
    const end = { name: `veth${at}`, ifindex: 21 + 2 * at, mac: mac(0x3000 + at), mtu: 1450, master: br0 };
    ports.push(veth(far, end, { netnsId: id, ifindex: ends.ifindex, name: ends.name }));
    const links = [loopback(id), veth(id, ends, { netnsId: far, ifindex: end.ifindex, name: end.name })];
    if (at < plan.gateways) {
      const eth1 = {
        name: 'eth1',
        ifindex: 20_000 + 2 * at,
        mac: mac(0x4000 + at),
        mtu: 1500,
        addresses: [`172.18.${(at + 2) >> 8}.${(at + 2) & 255}/16`],
      };
      const out = { name: `vgw${at}`, ifindex: 20_001 + 2 * at, mac: mac(0x5000 + at), mtu: 1500, master: gateway };
      own.push(veth(root, out, { netnsId: id, ifindex: eth1.ifindex, name: eth1.name }));
      links.push(veth(id, eth1, { netnsId: root, ifindex: out.ifindex, name: out.name }));
    }
    const more = {
      pids: [10_000 + at],
      networkId: networkIdOf(overlay),
      networkName: `net-${overlay}`,
      owner: ownerOf(agent, at, { overlay, ...endpoint }),
    };
    return {
      head: netns(1 + plan.overlays + at, { role: 'CONTAINER', name: hex(agent * 4096 + at, 12), links: links.length, more }),
      links,
    };
  });
  return [
    { head: netns(0, { role: 'HOST', name: 'default', links: own.length }), links: own },
    ...overlays.map(({ links }, at) => {
      const more = { networkId: networkIdOf(at), networkName: `net-${at}` };
      return {
        head: netns(1 + at, { role: 'OVERLAY', name: `1-${networkIdOf(at).slice(0, 10)}`, links: links.length, more }),
        links,
        overlay: at,
      };
    }),
    ...containers,
  ];
}

/** Ifindex of vxlan0 in each overlay. */
const VXLAN_IFINDEX = 3;

/**
 * How an agent tells of one endpoint of another host: the `at`-th row of an overlay.
 * @returns {{ key: string, make: () => { fdb: object, neighbor: object } }} `key`: the same for the same endpoint
 */
export function endpointRows(shape, agent, overlay, at) {
  const others = Math.max(1, shape.agents - 1);
  const far = (agent + 1 + (at % others)) % Math.max(shape.agents, 2);
  const number = Math.floor(at / others);
  const make = () => {
    const { ip, mac } = endpointOf(shape, far, overlay, number);
    const place = { netnsId: netnsIdOf(1 + overlay), ifindex: VXLAN_IFINDEX, ifname: 'vxlan0' };
    return { fdb: fdbRow(place, mac, vtepOf(far)), neighbor: neighborRow(place, ip, mac) };
  };
  return { key: `${overlay} ${far} ${number}`, make };
}

function fdbRow(place, mac, dst) {
  return { ...place, mac, dst, state: 'NOARP|PERMANENT', rawState: 192, flags: ['SELF'], linkNsid: 0 };
}

function neighborRow(place, ip, mac) {
  return { ...place, ip, mac, state: 'PERMANENT', rawState: 128, flags: [] };
}

/** MAC addresses that say which change they are: 0e, the slot, and the number in four bytes. */
export const stampedMac = (slot, value) => macOf('0e', slot * 2 ** 32 + value);

/** @returns {{ slot: number, value: number } | undefined} of a stamped MAC address */
export function stampOf(mac) {
  if (mac === undefined || !mac.startsWith('0e:')) return undefined;
  const digits = mac.slice(3).replaceAll(':', '');
  return { slot: Number.parseInt(digits.slice(0, -8), 16), value: Number.parseInt(digits.slice(-8), 16) };
}

/** A forwarding entry or a neighbour that comes and goes in an overlay. */
export function stampedRows(overlayNetnsId, slot, value) {
  const place = { netnsId: overlayNetnsId, ifindex: VXLAN_IFINDEX, ifname: 'vxlan0' };
  return {
    fdb: fdbRow(place, stampedMac(slot, value), vtepOf(value & 0xff)),
    neighbor: neighborRow(place, `10.255.255.${slot}`, stampedMac(slot, value)),
  };
}
