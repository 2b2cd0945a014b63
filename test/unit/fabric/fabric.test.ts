import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fabricHostOf, type FabricHost, FabricMemory } from '../../../src/fabric/index.js';
import type { Overlay } from '../../../src/model/types.js';
import {
  connect,
  endpointsOf,
  fdbRow,
  macOf,
  MadeHost,
  type MadeOverlay,
  overlaysOf,
  unread,
} from '../../support/fabric-hosts.js';
import { sampleSnapshot } from '../../support/sample.js';

const NETWORK = 'x8sn2ys3vdabcdefghijklmno';
const OTHER = 'k3f9q0z7wyabcdefghijklmno';

/** Three hosts with one overlay, a task on each and a load balancer on each. */
function swarm(more: { id?: (host: number) => string; connected?: boolean } = {}): { hosts: MadeHost[]; parts: MadeOverlay[] } {
  const hosts = [1, 2, 3].map((number) => new MadeHost(`h${number}`, `192.0.2.${number}`));
  const parts = hosts.map((host, at) => host.overlay(more.id?.(at) ?? NETWORK, 4097));
  for (const [at, part] of parts.entries()) {
    part.attach(`10.0.1.${10 + at}`, { owner: { serviceName: 'web', serviceId: 'svc1' } });
    part.attach(`10.0.1.${20 + at}`, { role: 'LOAD_BALANCER', ips: ['10.0.1.2/32'] });
  }
  if (more.connected !== false) connect(parts);
  return { hosts, parts };
}

const vteps = ([overlay]: Overlay[]): unknown[] => overlay!.members.map(({ host, vtep, vtepSource }) => [host, vtep, vtepSource]);
const hostsIn = (overlays: Overlay[]): string[][] => overlays.map(({ members }) => members.map(({ host }) => host));

describe('an overlay on three hosts', () => {
  it('has its hosts, their VTEPs, where their rows lead, and how many endpoints each has', () => {
    const [overlay, ...others] = overlaysOf(swarm().hosts);
    assert.equal(others.length, 0);
    assert.deepEqual([overlay!.id, overlay!.vni, overlay!.endpoints], [`${NETWORK}/4097`, 4097, 6]);
    assert.deepEqual(
      overlay!.members.map(({ hostName, vtep, vtepSource, fdbEntries, endpoints }) => [
        hostName,
        vtep,
        vtepSource,
        fdbEntries,
        endpoints,
      ]),
      [
        ['node-h1', '192.0.2.1', 'rows', 4, 2],
        ['node-h2', '192.0.2.2', 'rows', 4, 2],
        ['node-h3', '192.0.2.3', 'rows', 4, 2],
      ],
    );
    assert.deepEqual(overlay!.members[0]!.remotes, [
      { vtep: '192.0.2.2', host: 'h2', hostName: 'node-h2', fdbEntries: 2 },
      { vtep: '192.0.2.3', host: 'h3', hostName: 'node-h3', fdbEntries: 2 },
    ]);
  });

  it('has the subnet once, although each host has the gateway’s address on its bridge', () => {
    const [overlay] = overlaysOf(swarm().hosts);
    assert.deepEqual(overlay!.subnets, ['10.0.1.0/24']);
    assert.deepEqual(overlay!.members[1]!.subnets, ['10.0.1.1/24']);
  });

  it('shows a member with another subnet', () => {
    const { hosts, parts } = swarm();
    parts[1]!.bridge.addressDetails[0]!.prefixLength = 16;
    assert.deepEqual(overlaysOf(hosts)[0]!.subnets, ['10.0.0.0/16', '10.0.1.0/24']);
  });

  it('has endpoints with what is inside: addresses, owner, role and the port', () => {
    const endpoints = endpointsOf(swarm().hosts);
    assert.equal(endpoints.length, 6);
    const [task, balancer] = endpoints;
    assert.deepEqual(
      [task!.host, task!.ips, task!.mac, task!.owner?.containerName, task!.role, task!.ifname, task!.status, task!.vtep],
      ['h1', ['10.0.1.10'], macOf('10.0.1.10'), 'task-10.0.1.10', 'CONTAINER', 'eth0', 'PAIRED', '192.0.2.1'],
    );
    assert.deepEqual([task!.port.name, task!.overlay, task!.netnsName], ['veth2', `${NETWORK}/4097`, 'task-10.0.1.10']);
    assert.deepEqual([balancer!.ips, balancer!.role, balancer!.owner], [['10.0.1.20', '10.0.1.2'], 'LOAD_BALANCER', undefined]);
  });

  it('has the state and the age of its hosts as they are now', () => {
    const { hosts } = swarm();
    const stale = hosts.map((host) => host.fabricHost({ state: 'STALE', ageMs: 4000, revision: '1' }));
    const memory = new FabricMemory();
    assert.equal(overlaysOf(stale, {}, memory)[0]!.members[1]!.ageMs, 4000);
    const later = stale.map((host): FabricHost => ({ ...host, state: 'LIVE', ageMs: 7 }));
    const [overlay] = overlaysOf(later, {}, memory);
    const [endpoint] = endpointsOf(later, {}, memory);
    assert.deepEqual([overlay!.members[1]!.state, overlay!.members[1]!.ageMs], ['LIVE', 7]);
    assert.deepEqual([endpoint!.state, endpoint!.ageMs], ['LIVE', 7]);
  });
});

describe('networks', () => {
  it('are one when one host knows the full id and others its beginning, and the full id is listed', () => {
    const { hosts } = swarm({ id: (host) => [NETWORK, NETWORK.slice(0, 10), NETWORK.slice(0, 9)][host]! });
    const overlays = overlaysOf(hosts);
    assert.deepEqual(
      overlays.map(({ id, networkId }) => [id, networkId]),
      [[`${NETWORK}/4097`, NETWORK]],
    );
    assert.deepEqual(new Set(endpointsOf(hosts).map(({ networkId }) => networkId)), new Set([NETWORK]));
  });

  it('are one when all hosts know only the beginning, longer or shorter', () => {
    const { hosts } = swarm({ id: (host) => NETWORK.slice(0, 10 - (host % 2)) });
    assert.deepEqual(
      overlaysOf(hosts).map(({ id, members }) => [id, members.length]),
      [[`${NETWORK.slice(0, 10)}/4097`, 3]],
    );
  });

  it('have the full id of an engine on another host, with name and kind, even of a manager that has no part in them', () => {
    const { hosts } = swarm({ id: () => NETWORK.slice(0, 10) });
    const manager = new MadeHost('h0', '192.0.2.100');
    manager.network(NETWORK, 'app_net', {
      vnis: [4097],
      subnets: ['10.0.1.0/24'],
      internal: true,
      encrypted: false,
      ingress: false,
    });
    const [overlay] = overlaysOf([...hosts, manager]);
    const { id, networkName, internal, encrypted, ingress } = overlay!;
    assert.deepEqual([id, networkName, internal, encrypted, ingress], [`${NETWORK}/4097`, 'app_net', true, false, false]);
  });

  it('do not have a beginning that fits two of them', () => {
    const twin = `${NETWORK.slice(0, 10)}zzzzzzzzzzzzzzz`;
    const { hosts } = swarm({ id: (host) => [NETWORK, twin, NETWORK.slice(0, 10)][host]! });
    assert.deepEqual(
      overlaysOf(hosts)
        .map(({ id, members }) => [id, members.map(({ host }) => host)])
        .sort(),
      [
        [`${NETWORK.slice(0, 10)}/4097`, ['h3']],
        [`${NETWORK}/4097`, ['h1']],
        [`${twin}/4097`, ['h2']],
      ],
    );
  });

  it('of two swarms that use one VNI stay two, even when rows lead from one to the other', () => {
    const { hosts, parts } = swarm({ id: (host) => (host === 2 ? OTHER : NETWORK) });
    assert.deepEqual(
      overlaysOf(hosts)
        .map(({ networkId, members }) => [networkId, members.length])
        .sort(),
      [
        [OTHER, 1],
        [NETWORK, 2],
      ],
    );
    assert.equal(parts.length, 3);
  });

  it('with several VNIs are several overlays, each with its own subnet and endpoints', () => {
    const host = new MadeHost('h1', '192.0.2.1');
    host.network(NETWORK, 'wide', { vnis: [4099, 4098], subnets: ['10.50.0.0/24', '10.51.0.0/24'] });
    const first = host.overlay(NETWORK, 4098, { subnet: '10.51.0.1/24' });
    const second = host.overlay(NETWORK, 4099, { subnet: '10.50.0.1/24', netns: first.netns });
    first.attach('10.51.0.9');
    second.attach('10.50.0.9');
    assert.deepEqual(
      overlaysOf([host]).map(({ id, subnets, endpoints }) => [id, subnets, endpoints]),
      [
        [`${NETWORK}/4098`, ['10.51.0.0/24'], 1],
        [`${NETWORK}/4099`, ['10.50.0.0/24'], 1],
      ],
    );
    assert.deepEqual(
      endpointsOf([host]).map(({ vni, ips }) => [vni, ips]),
      [
        [4098, ['10.51.0.9']],
        [4099, ['10.50.0.9']],
      ],
    );
  });

  it('have the subnet that an engine says when no bridge could be read', () => {
    const host = new MadeHost('h1', '192.0.2.1');
    host.network(NETWORK, 'app', { vnis: [4097], subnets: ['10.0.7.0/24'] });
    const part = host.overlay(NETWORK, 4097);
    part.bridge.addressDetails.length = 0;
    assert.deepEqual(overlaysOf([host])[0]!.subnets, ['10.0.7.0/24']);
  });

  it('are the ingress network when the ingress sandbox is attached, without any engine', () => {
    const host = new MadeHost('h1', '192.0.2.1');
    const part = host.overlay(NETWORK.slice(0, 10), 4096);
    assert.equal(overlaysOf([host])[0]!.ingress, undefined);
    part.attach('10.0.0.2', { role: 'INGRESS' });
    const [overlay] = overlaysOf([host]);
    assert.deepEqual([overlay!.ingress, overlay!.encrypted], [true, undefined]);
  });

  it('show a namespace that was left over beside the one in use', () => {
    const { hosts } = swarm();
    hosts[0]!.overlay(NETWORK, 4097, {
      netns: hosts[0]!.netns('OVERLAY', ['/run/docker/netns/2-x8sn2ys3vd'], { networkId: NETWORK }),
    });
    const [overlay] = overlaysOf(hosts);
    assert.deepEqual(
      overlay!.members.map(({ host, endpoints, vtep }) => [host, endpoints, vtep]),
      [
        ['h1', 2, '192.0.2.1'],
        ['h1', 0, '192.0.2.1'],
        ['h2', 2, '192.0.2.2'],
        ['h3', 2, '192.0.2.3'],
      ],
    );
  });

  it('show a namespace whose interfaces could not be read, and say why', () => {
    const { hosts, parts } = swarm();
    unread(parts[1]!.netns);
    const [overlay] = overlaysOf(hosts);
    const { ifindex, ifname, vtep, status, fdbEntries, netnsName } = overlay!.members[1]!;
    assert.deepEqual(
      [ifindex, ifname, vtep, status, fdbEntries, netnsName],
      [undefined, undefined, undefined, 'DENIED', undefined, `overlay:${NETWORK}`],
    );
    assert.equal(overlay!.members[0]!.status, undefined);
  });

  it('show it by the VNI that an engine says when no host could read the network', () => {
    const host = new MadeHost('h1', '192.0.2.1');
    host.network(NETWORK, 'app', { vnis: [4097] });
    unread(host.overlay(NETWORK.slice(0, 10), 4097).netns);
    assert.deepEqual(
      overlaysOf([host]).map(({ id, members }) => [id, members[0]!.status]),
      [[`${NETWORK}/4097`, 'DENIED']],
    );
  });

  it('say nothing of rows when the forwarding table could not be read', () => {
    const { hosts, parts } = swarm();
    for (const table of parts[0]!.netns.tables) if (table.table === 'FDB') table.status = 'INTERRUPTED';
    const [first, second] = overlaysOf(hosts)[0]!.members;
    assert.deepEqual([first!.fdbEntries, first!.remotes, second!.fdbEntries], [undefined, [], 4]);
  });

  it('are not made of a vxlan in metadata mode', () => {
    const host = new MadeHost('h1', '192.0.2.1');
    host.vxlan(0, { external: true });
    assert.deepEqual(overlaysOf([host]), []);
  });
});

describe('vxlans without a network', () => {
  const pair = (): [MadeHost, MadeHost] => [new MadeHost('h1', '192.0.2.1'), new MadeHost('h2', '192.0.2.2')];

  it('that point at each other are one overlay, named by its first host', () => {
    const [a, b] = pair();
    a.vxlan(42, { remote: '192.0.2.2' });
    const there = b.vxlan(42);
    b.root.fdb.push(fdbRow(there, '02:00:00:00:00:01', '192.0.2.1'));
    assert.deepEqual(
      overlaysOf([b, a]).map(({ id, networkId, members }) => [id, networkId, members.length]),
      [['h1/42', undefined, 2]],
    );
  });

  it('that do not, or of which only one points at the other, stay two', () => {
    const [a, b] = pair();
    a.vxlan(42, { remote: '192.0.2.2' });
    b.vxlan(42, { remote: '192.0.2.77' });
    assert.deepEqual(hostsIn(overlaysOf([a, b])), [['h1'], ['h2']]);
  });

  it('that point at the address that the other is bound to are one, whatever else has that address', () => {
    const [a, b] = pair();
    for (const host of [a, b]) host.addAddress('lo', '198.51.100.9', 32);
    a.vxlan(42, { local: '192.0.2.1', remote: '203.0.113.2' });
    b.vxlan(42, { local: '203.0.113.2', remote: '192.0.2.1' });
    const overlays = overlaysOf([a, b]);
    assert.deepEqual(hostsIn(overlays), [['h1', 'h2']]);
    assert.deepEqual(vteps(overlays), [
      ['h1', '192.0.2.1', 'local'],
      ['h2', '203.0.113.2', 'local'],
    ]);
  });

  it('of two sites with the same addresses stay apart', () => {
    const hosts = [1, 2, 3, 4].map((number) => new MadeHost(`h${number}`, `192.0.2.${number}`));
    for (const [at, host] of hosts.entries()) {
      const [own, other] = at % 2 === 0 ? ['10.9.0.1', '10.9.0.2'] : ['10.9.0.2', '10.9.0.1'];
      host.vxlan(42, { local: own, remote: other });
    }
    assert.equal(overlaysOf(hosts).length, 4, 'nobody knows who belongs to whom');
    assert.deepEqual(hostsIn(overlaysOf(hosts.slice(0, 2))), [['h1', 'h2']]);
  });

  it('of one multicast group are one, of two groups two', () => {
    const hosts = [1, 2, 3].map((number) => new MadeHost(`h${number}`, `192.0.2.${number}`));
    for (const [at, host] of hosts.entries()) host.vxlan(42, { remote: at < 2 ? '239.1.1.1' : '239.1.1.2' });
    assert.deepEqual(hostsIn(overlaysOf(hosts)), [['h1', 'h2'], ['h3']]);
  });

  it('of other VNIs or ports stay apart', () => {
    const [a, b] = pair();
    a.vxlan(42, { remote: '192.0.2.2' });
    b.vxlan(42, { remote: '192.0.2.1', dstPort: 8472 });
    assert.equal(overlaysOf([a, b]).length, 2);
  });

  it('have ids of their own even when one host has several of one VNI', () => {
    const host = new MadeHost('h1', '192.0.2.1');
    host.vxlan(42);
    host.vxlan(42, { dstPort: 8472 });
    assert.deepEqual(
      overlaysOf([host]).map(({ id }) => id),
      [`h1/42/${host.root.id}/2`, `h1/42/${host.root.id}/3`],
    );
  });

  it('do not join a network, although they have its VNI and rows lead both ways', () => {
    const { hosts } = swarm();
    const intruder = hosts[0]!.vxlan(4097, { remote: '192.0.2.2' });
    assert.deepEqual(
      overlaysOf(hosts)
        .map(({ id }) => id)
        .sort(),
      [`h1/4097`, `${NETWORK}/4097`],
    );
    assert.equal(intruder.name, 'vx2');
  });

  it('are joined over a third one that points at both', () => {
    const hosts = [1, 2, 3].map((number) => new MadeHost(`h${number}`, `192.0.2.${number}`));
    for (const host of [hosts[0]!, hosts[2]!]) host.vxlan(42, { remote: '192.0.2.2' });
    const middle = hosts[1]!.vxlan(42);
    for (const number of [1, 3]) hosts[1]!.root.fdb.push(fdbRow(middle, `02:00:00:00:00:0${number}`, `192.0.2.${number}`));
    assert.deepEqual(hostsIn(overlaysOf(hosts)), [['h1', 'h2', 'h3']]);
  });
});

describe('endpoints', () => {
  it('and remote VTEPs come in a fixed order, whatever the order of the kernel’s tables', () => {
    const { hosts, parts } = swarm();
    const answers = (): unknown => [overlaysOf(hosts)[0]!.members[0]!.remotes, endpointsOf(hosts).map(({ port }) => port)];
    const before = answers();
    parts[0]!.netns.interfaces.reverse();
    parts[0]!.netns.fdb.reverse();
    assert.deepEqual(answers(), before);
  });

  it('are not made of the other ports of what is no bridge', () => {
    const host = new MadeHost('h1', '192.0.2.1');
    const part = host.overlay(NETWORK, 4097);
    part.attach('10.0.1.9');
    part.bridge.kind = 'vrf';
    assert.deepEqual(endpointsOf([host]), []);
  });

  it('are not made of the gateway’s address on the bridge, nor of the vxlan', () => {
    const host = new MadeHost('h1', '192.0.2.1');
    host.overlay(NETWORK, 4097);
    assert.deepEqual(endpointsOf([host]), []);
  });

  it('whose other end is not visible are there, with that status and nothing guessed', () => {
    const host = new MadeHost('h1', '192.0.2.1');
    const part = host.overlay(NETWORK, 4097);
    part.blindPort();
    const [endpoint, ...others] = endpointsOf([host]);
    assert.equal(others.length, 0);
    const { status, mac, ips, netnsId, owner, port } = endpoint!;
    assert.deepEqual(
      [status, mac, ips, netnsId, owner, port.name],
      ['PEER_NOT_VISIBLE', undefined, [], undefined, undefined, 'veth2'],
    );
    assert.equal(overlaysOf([host])[0]!.endpoints, 1);
  });

  it('of a tap, whose other end no kernel knows, are there, too', () => {
    const host = new MadeHost('h1', '192.0.2.1');
    const port = host.overlay(NETWORK, 4097).blindPort();
    port.kind = 'tun';
    delete port.veth;
    assert.deepEqual(
      endpointsOf([host]).map(({ status }) => status),
      ['PEER_NOT_VISIBLE'],
    );
  });

  it('keep the kernel’s word for who they are when the namespace was not read', () => {
    const host = new MadeHost('h1', '192.0.2.1');
    const inside = host.overlay(NETWORK, 4097).attach('10.0.1.9');
    host.namespaces.splice(host.namespaces.indexOf(inside), 1);
    const [endpoint] = endpointsOf([host]);
    const { status, netnsId, ifname, ips, role } = endpoint!;
    assert.deepEqual([status, netnsId, ifname, ips, role], ['PAIRED', inside.id, 'eth0', [], undefined]);
  });

  it('leave out the addresses that every link has of itself', () => {
    const host = new MadeHost('h1', '192.0.2.1');
    host.overlay(NETWORK, 4097).attach('10.0.1.9', { ips: ['fe80::42:aff:fe00:109/64', 'fd00:1::9/64'] });
    assert.deepEqual(endpointsOf([host])[0]!.ips, ['10.0.1.9', 'fd00:1::9']);
  });

  it('of hostile names and ids neither break the answer nor mix overlays', () => {
    const hostile = ['__proto__', 'constructor', '\u001b[2J\u0000', 'a/b', 'x'.repeat(4000)];
    const hosts = hostile.map((name, at) => new MadeHost(name, `192.0.2.${at + 1}`, name));
    for (const [at, host] of hosts.entries()) {
      host.network(hostile[at]!, hostile[at]!, { vnis: [1] });
      host.overlay(hostile[at]!, 1, { name: hostile[at]! }).attach('10.0.1.9', { owner: { containerName: hostile[at]! } });
      host.vxlan(1);
    }
    const overlays = overlaysOf(hosts);
    assert.equal(overlays.length, 2 * hostile.length);
    assert.equal(new Set(overlays.map(({ id }) => id)).size, overlays.length);
    assert.deepEqual(
      endpointsOf(hosts)
        .map(({ owner }) => owner!.containerName)
        .sort(),
      [...hostile].sort(),
    );
  });
});

describe('a snapshot', () => {
  it('is a host of the fabric', () => {
    const host = fabricHostOf(sampleSnapshot());
    const [overlay] = overlaysOf([host]);
    assert.deepEqual([overlay!.vni, overlay!.subnets, overlay!.members[0]!.ifname], [4097, ['10.0.1.0/24'], 'vxlan0']);
    assert.deepEqual(
      endpointsOf([host]).map(({ ips, owner }) => [ips, owner?.containerName]),
      [[['10.0.1.2'], 'app_web.1.x']],
    );
  });
});
