import t from 'tap';
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

t.test('an overlay on three hosts', async (t) => {
  t.test('has its hosts, their VTEPs, where their rows lead, and how many endpoints each has', async (t) => {
    const [overlay, ...others] = overlaysOf(swarm().hosts);
    t.equal(others.length, 0);
    t.strictSame([overlay!.id, overlay!.vni, overlay!.endpoints], [`${NETWORK}/4097`, 4097, 6]);
    t.strictSame(
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
    t.strictSame(overlay!.members[0]!.remotes, [
      { vtep: '192.0.2.2', host: 'h2', hostName: 'node-h2', fdbEntries: 2 },
      { vtep: '192.0.2.3', host: 'h3', hostName: 'node-h3', fdbEntries: 2 },
    ]);
  });

  t.test('has the subnet once, although each host has the gateway’s address on its bridge', async (t) => {
    const [overlay] = overlaysOf(swarm().hosts);
    t.strictSame(overlay!.subnets, ['10.0.1.0/24']);
    t.strictSame(overlay!.members[1]!.subnets, ['10.0.1.1/24']);
  });

  t.test('shows a member with another subnet', async (t) => {
    const { hosts, parts } = swarm();
    parts[1]!.bridge.addressDetails[0]!.prefixLength = 16;
    t.strictSame(overlaysOf(hosts)[0]!.subnets, ['10.0.0.0/16', '10.0.1.0/24']);
  });

  t.test('has endpoints with what is inside: addresses, owner, role and the port', async (t) => {
    const endpoints = endpointsOf(swarm().hosts);
    t.equal(endpoints.length, 6);
    const [task, balancer] = endpoints;
    t.strictSame(
      [task!.host, task!.ips, task!.mac, task!.owner?.containerName, task!.role, task!.ifname, task!.status, task!.vtep],
      ['h1', ['10.0.1.10'], macOf('10.0.1.10'), 'task-10.0.1.10', 'CONTAINER', 'eth0', 'PAIRED', '192.0.2.1'],
    );
    t.strictSame([task!.port.name, task!.overlay, task!.netnsName], ['veth2', `${NETWORK}/4097`, 'task-10.0.1.10']);
    t.strictSame([balancer!.ips, balancer!.role, balancer!.owner], [['10.0.1.20', '10.0.1.2'], 'LOAD_BALANCER', undefined]);
  });

  t.test('has the state and the age of its hosts as they are now', async (t) => {
    const { hosts } = swarm();
    const stale = hosts.map((host) => host.fabricHost({ state: 'STALE', ageMs: 4000, revision: '1' }));
    const memory = new FabricMemory();
    t.equal(overlaysOf(stale, {}, memory)[0]!.members[1]!.ageMs, 4000);
    const later = stale.map((host): FabricHost => ({ ...host, state: 'LIVE', ageMs: 7 }));
    const [overlay] = overlaysOf(later, {}, memory);
    const [endpoint] = endpointsOf(later, {}, memory);
    t.strictSame([overlay!.members[1]!.state, overlay!.members[1]!.ageMs], ['LIVE', 7]);
    t.strictSame([endpoint!.state, endpoint!.ageMs], ['LIVE', 7]);
  });
});

t.test('networks', async (t) => {
  t.test('are one when one host knows the full id and others its beginning, and the full id is listed', async (t) => {
    const { hosts } = swarm({ id: (host) => [NETWORK, NETWORK.slice(0, 10), NETWORK.slice(0, 9)][host]! });
    const overlays = overlaysOf(hosts);
    t.strictSame(
      overlays.map(({ id, networkId }) => [id, networkId]),
      [[`${NETWORK}/4097`, NETWORK]],
    );
    t.strictSame(new Set(endpointsOf(hosts).map(({ networkId }) => networkId)), new Set([NETWORK]));
  });

  t.test('are one when all hosts know only the beginning, longer or shorter', async (t) => {
    const { hosts } = swarm({ id: (host) => NETWORK.slice(0, 10 - (host % 2)) });
    t.strictSame(
      overlaysOf(hosts).map(({ id, members }) => [id, members.length]),
      [[`${NETWORK.slice(0, 10)}/4097`, 3]],
    );
  });

  t.test(
    'have the full id of an engine on another host, with name and kind, even of a manager that has no part in them',
    async (t) => {
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
      t.strictSame([id, networkName, internal, encrypted, ingress], [`${NETWORK}/4097`, 'app_net', true, false, false]);
    },
  );

  t.test('do not have a beginning that fits two of them', async (t) => {
    const twin = `${NETWORK.slice(0, 10)}zzzzzzzzzzzzzzz`;
    const { hosts } = swarm({ id: (host) => [NETWORK, twin, NETWORK.slice(0, 10)][host]! });
    t.strictSame(
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

  t.test('of two swarms that use one VNI stay two, even when rows lead from one to the other', async (t) => {
    const { hosts, parts } = swarm({ id: (host) => (host === 2 ? OTHER : NETWORK) });
    t.strictSame(
      overlaysOf(hosts)
        .map(({ networkId, members }) => [networkId, members.length])
        .sort(),
      [
        [OTHER, 1],
        [NETWORK, 2],
      ],
    );
    t.equal(parts.length, 3);
  });

  t.test('with several VNIs are several overlays, each with its own subnet and endpoints', async (t) => {
    const host = new MadeHost('h1', '192.0.2.1');
    host.network(NETWORK, 'wide', { vnis: [4099, 4098], subnets: ['10.50.0.0/24', '10.51.0.0/24'] });
    const first = host.overlay(NETWORK, 4098, { subnet: '10.51.0.1/24' });
    const second = host.overlay(NETWORK, 4099, { subnet: '10.50.0.1/24', netns: first.netns });
    first.attach('10.51.0.9');
    second.attach('10.50.0.9');
    t.strictSame(
      overlaysOf([host]).map(({ id, subnets, endpoints }) => [id, subnets, endpoints]),
      [
        [`${NETWORK}/4098`, ['10.51.0.0/24'], 1],
        [`${NETWORK}/4099`, ['10.50.0.0/24'], 1],
      ],
    );
    t.strictSame(
      endpointsOf([host]).map(({ vni, ips }) => [vni, ips]),
      [
        [4098, ['10.51.0.9']],
        [4099, ['10.50.0.9']],
      ],
    );
  });

  t.test('have the subnet that an engine says when no bridge could be read', async (t) => {
    const host = new MadeHost('h1', '192.0.2.1');
    host.network(NETWORK, 'app', { vnis: [4097], subnets: ['10.0.7.0/24'] });
    const part = host.overlay(NETWORK, 4097);
    part.bridge.addressDetails.length = 0;
    t.strictSame(overlaysOf([host])[0]!.subnets, ['10.0.7.0/24']);
  });

  t.test('are the ingress network when the ingress sandbox is attached, without any engine', async (t) => {
    const host = new MadeHost('h1', '192.0.2.1');
    const part = host.overlay(NETWORK.slice(0, 10), 4096);
    t.equal(overlaysOf([host])[0]!.ingress, undefined);
    part.attach('10.0.0.2', { role: 'INGRESS' });
    const [overlay] = overlaysOf([host]);
    t.strictSame([overlay!.ingress, overlay!.encrypted], [true, undefined]);
  });

  t.test('show a namespace that was left over beside the one in use', async (t) => {
    const { hosts } = swarm();
    hosts[0]!.overlay(NETWORK, 4097, {
      netns: hosts[0]!.netns('OVERLAY', ['/run/docker/netns/2-x8sn2ys3vd'], { networkId: NETWORK }),
    });
    const [overlay] = overlaysOf(hosts);
    t.strictSame(
      overlay!.members.map(({ host, endpoints, vtep }) => [host, endpoints, vtep]),
      [
        ['h1', 2, '192.0.2.1'],
        ['h1', 0, '192.0.2.1'],
        ['h2', 2, '192.0.2.2'],
        ['h3', 2, '192.0.2.3'],
      ],
    );
  });

  t.test('show a namespace whose interfaces could not be read, and say why', async (t) => {
    const { hosts, parts } = swarm();
    unread(parts[1]!.netns);
    const [overlay] = overlaysOf(hosts);
    const { ifindex, ifname, vtep, status, fdbEntries, netnsName } = overlay!.members[1]!;
    t.strictSame(
      [ifindex, ifname, vtep, status, fdbEntries, netnsName],
      [undefined, undefined, undefined, 'DENIED', undefined, `overlay:${NETWORK}`],
    );
    t.equal(overlay!.members[0]!.status, undefined);
  });

  t.test('show it by the VNI that an engine says when no host could read the network', async (t) => {
    const host = new MadeHost('h1', '192.0.2.1');
    host.network(NETWORK, 'app', { vnis: [4097] });
    unread(host.overlay(NETWORK.slice(0, 10), 4097).netns);
    t.strictSame(
      overlaysOf([host]).map(({ id, members }) => [id, members[0]!.status]),
      [[`${NETWORK}/4097`, 'DENIED']],
    );
  });

  t.test('say nothing of rows when the forwarding table could not be read', async (t) => {
    const { hosts, parts } = swarm();
    for (const table of parts[0]!.netns.tables) if (table.table === 'FDB') table.status = 'INTERRUPTED';
    const [first, second] = overlaysOf(hosts)[0]!.members;
    t.strictSame([first!.fdbEntries, first!.remotes, second!.fdbEntries], [undefined, [], 4]);
  });

  t.test('are not made of a vxlan in metadata mode', async (t) => {
    const host = new MadeHost('h1', '192.0.2.1');
    host.vxlan(0, { external: true });
    t.strictSame(overlaysOf([host]), []);
  });
});

t.test('vxlans without a network', async (t) => {
  const pair = (): [MadeHost, MadeHost] => [new MadeHost('h1', '192.0.2.1'), new MadeHost('h2', '192.0.2.2')];

  t.test('that point at each other are one overlay, named by its first host', async (t) => {
    const [a, b] = pair();
    a.vxlan(42, { remote: '192.0.2.2' });
    const there = b.vxlan(42);
    b.root.fdb.push(fdbRow(there, '02:00:00:00:00:01', '192.0.2.1'));
    t.strictSame(
      overlaysOf([b, a]).map(({ id, networkId, members }) => [id, networkId, members.length]),
      [['h1/42', undefined, 2]],
    );
  });

  t.test('that do not, or of which only one points at the other, stay two', async (t) => {
    const [a, b] = pair();
    a.vxlan(42, { remote: '192.0.2.2' });
    b.vxlan(42, { remote: '192.0.2.77' });
    t.strictSame(hostsIn(overlaysOf([a, b])), [['h1'], ['h2']]);
  });

  t.test('that point at the address that the other is bound to are one, whatever else has that address', async (t) => {
    const [a, b] = pair();
    for (const host of [a, b]) host.addAddress('lo', '198.51.100.9', 32);
    a.vxlan(42, { local: '192.0.2.1', remote: '203.0.113.2' });
    b.vxlan(42, { local: '203.0.113.2', remote: '192.0.2.1' });
    const overlays = overlaysOf([a, b]);
    t.strictSame(hostsIn(overlays), [['h1', 'h2']]);
    t.strictSame(vteps(overlays), [
      ['h1', '192.0.2.1', 'local'],
      ['h2', '203.0.113.2', 'local'],
    ]);
  });

  t.test('of two sites with the same addresses stay apart', async (t) => {
    const hosts = [1, 2, 3, 4].map((number) => new MadeHost(`h${number}`, `192.0.2.${number}`));
    for (const [at, host] of hosts.entries()) {
      const [own, other] = at % 2 === 0 ? ['10.9.0.1', '10.9.0.2'] : ['10.9.0.2', '10.9.0.1'];
      host.vxlan(42, { local: own, remote: other });
    }
    t.equal(overlaysOf(hosts).length, 4, 'nobody knows who belongs to whom');
    t.strictSame(hostsIn(overlaysOf(hosts.slice(0, 2))), [['h1', 'h2']]);
  });

  t.test('of one multicast group are one, of two groups two', async (t) => {
    const hosts = [1, 2, 3].map((number) => new MadeHost(`h${number}`, `192.0.2.${number}`));
    for (const [at, host] of hosts.entries()) host.vxlan(42, { remote: at < 2 ? '239.1.1.1' : '239.1.1.2' });
    t.strictSame(hostsIn(overlaysOf(hosts)), [['h1', 'h2'], ['h3']]);
  });

  t.test('of other VNIs or ports stay apart', async (t) => {
    const [a, b] = pair();
    a.vxlan(42, { remote: '192.0.2.2' });
    b.vxlan(42, { remote: '192.0.2.1', dstPort: 8472 });
    t.equal(overlaysOf([a, b]).length, 2);
  });

  t.test('have ids of their own even when one host has several of one VNI', async (t) => {
    const host = new MadeHost('h1', '192.0.2.1');
    host.vxlan(42);
    host.vxlan(42, { dstPort: 8472 });
    t.strictSame(
      overlaysOf([host]).map(({ id }) => id),
      [`h1/42/${host.root.id}/2`, `h1/42/${host.root.id}/3`],
    );
  });

  t.test('do not join a network, although they have its VNI and rows lead both ways', async (t) => {
    const { hosts } = swarm();
    const intruder = hosts[0]!.vxlan(4097, { remote: '192.0.2.2' });
    t.strictSame(
      overlaysOf(hosts)
        .map(({ id }) => id)
        .sort(),
      [`h1/4097`, `${NETWORK}/4097`],
    );
    t.equal(intruder.name, 'vx2');
  });

  t.test('are joined over a third one that points at both', async (t) => {
    const hosts = [1, 2, 3].map((number) => new MadeHost(`h${number}`, `192.0.2.${number}`));
    for (const host of [hosts[0]!, hosts[2]!]) host.vxlan(42, { remote: '192.0.2.2' });
    const middle = hosts[1]!.vxlan(42);
    for (const number of [1, 3]) hosts[1]!.root.fdb.push(fdbRow(middle, `02:00:00:00:00:0${number}`, `192.0.2.${number}`));
    t.strictSame(hostsIn(overlaysOf(hosts)), [['h1', 'h2', 'h3']]);
  });
});

t.test('endpoints', async (t) => {
  t.test('and remote VTEPs come in a fixed order, whatever the order of the kernel’s tables', async (t) => {
    const { hosts, parts } = swarm();
    const answers = (): unknown => [overlaysOf(hosts)[0]!.members[0]!.remotes, endpointsOf(hosts).map(({ port }) => port)];
    const before = answers();
    parts[0]!.netns.interfaces.reverse();
    parts[0]!.netns.fdb.reverse();
    t.strictSame(answers(), before);
  });

  t.test('are not made of the other ports of what is no bridge', async (t) => {
    const host = new MadeHost('h1', '192.0.2.1');
    const part = host.overlay(NETWORK, 4097);
    part.attach('10.0.1.9');
    part.bridge.kind = 'vrf';
    t.strictSame(endpointsOf([host]), []);
  });

  t.test('are not made of the gateway’s address on the bridge, nor of the vxlan', async (t) => {
    const host = new MadeHost('h1', '192.0.2.1');
    host.overlay(NETWORK, 4097);
    t.strictSame(endpointsOf([host]), []);
  });

  t.test('whose other end is not visible are there, with that status and nothing guessed', async (t) => {
    const host = new MadeHost('h1', '192.0.2.1');
    const part = host.overlay(NETWORK, 4097);
    part.blindPort();
    const [endpoint, ...others] = endpointsOf([host]);
    t.equal(others.length, 0);
    const { status, mac, ips, netnsId, owner, port } = endpoint!;
    t.strictSame(
      [status, mac, ips, netnsId, owner, port.name],
      ['PEER_NOT_VISIBLE', undefined, [], undefined, undefined, 'veth2'],
    );
    t.equal(overlaysOf([host])[0]!.endpoints, 1);
  });

  t.test('of a tap, whose other end no kernel knows, are there, too', async (t) => {
    const host = new MadeHost('h1', '192.0.2.1');
    const port = host.overlay(NETWORK, 4097).blindPort();
    port.kind = 'tun';
    delete port.veth;
    t.strictSame(
      endpointsOf([host]).map(({ status }) => status),
      ['PEER_NOT_VISIBLE'],
    );
  });

  t.test('keep the kernel’s word for who they are when the namespace was not read', async (t) => {
    const host = new MadeHost('h1', '192.0.2.1');
    const inside = host.overlay(NETWORK, 4097).attach('10.0.1.9');
    host.namespaces.splice(host.namespaces.indexOf(inside), 1);
    const [endpoint] = endpointsOf([host]);
    const { status, netnsId, ifname, ips, role } = endpoint!;
    t.strictSame([status, netnsId, ifname, ips, role], ['PAIRED', inside.id, 'eth0', [], undefined]);
  });

  t.test('leave out the addresses that every link has of itself', async (t) => {
    const host = new MadeHost('h1', '192.0.2.1');
    host.overlay(NETWORK, 4097).attach('10.0.1.9', { ips: ['fe80::42:aff:fe00:109/64', 'fd00:1::9/64'] });
    t.strictSame(endpointsOf([host])[0]!.ips, ['10.0.1.9', 'fd00:1::9']);
  });

  t.test('of hostile names and ids neither break the answer nor mix overlays', async (t) => {
    const hostile = ['__proto__', 'constructor', '\u001b[2J\u0000', 'a/b', 'x'.repeat(4000)];
    const hosts = hostile.map((name, at) => new MadeHost(name, `192.0.2.${at + 1}`, name));
    for (const [at, host] of hosts.entries()) {
      host.network(hostile[at]!, hostile[at]!, { vnis: [1] });
      host.overlay(hostile[at]!, 1, { name: hostile[at]! }).attach('10.0.1.9', { owner: { containerName: hostile[at]! } });
      host.vxlan(1);
    }
    const overlays = overlaysOf(hosts);
    t.equal(overlays.length, 2 * hostile.length);
    t.equal(new Set(overlays.map(({ id }) => id)).size, overlays.length);
    t.strictSame(
      endpointsOf(hosts)
        .map(({ owner }) => owner!.containerName)
        .sort(),
      [...hostile].sort(),
    );
  });
});

t.test('a snapshot', async (t) => {
  t.test('is a host of the fabric', async (t) => {
    const host = fabricHostOf(sampleSnapshot());
    const [overlay] = overlaysOf([host]);
    t.strictSame([overlay!.vni, overlay!.subnets, overlay!.members[0]!.ifname], [4097, ['10.0.1.0/24'], 'vxlan0']);
    t.strictSame(
      endpointsOf([host]).map(({ ips, owner }) => [ips, owner?.containerName]),
      [[['10.0.1.2'], 'app_web.1.x']],
    );
  });
});
