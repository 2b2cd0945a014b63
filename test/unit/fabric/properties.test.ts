import assert from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import { type Fabric, FabricMemory } from '../../../src/fabric/index.js';
import type { Endpoint, Overlay } from '../../../src/model/types.js';
import { SECTIONS } from '../../../src/tables/index.js';
import { endpointsOf, fabricOf, fdbRow, type MadeOverlay, MadeHost, overlaysOf } from '../../support/fabric-hosts.js';

/** Ids of which some are beginnings of others, one of two. */
const IDS = [
  'x8sn2ys3vdabcdefghijklmno',
  'x8sn2ys3vdzzzzzzzzzzzzzzz',
  'x8sn2ys3vd',
  'x8sn2ys3v',
  'k3f9q0z7wyabcdefghijklmno',
  'k3f9q0z',
];
const ADDRESSES = ['192.0.2.1', '192.0.2.2', '192.0.2.3', '172.17.0.1', '203.0.113.9', '239.1.1.1', '127.0.0.1'];
const MACS = ['02:42:0a:00:01:0a', '02:42:0a:00:01:0b', '02:42:0a:00:01:0c'];

const row = fc.record({ mac: fc.constantFrom(...MACS, '00:00:00:00:00:00'), dst: fc.constantFrom(...ADDRESSES) });

const overlay = fc.record({
  id: fc.option(fc.constantFrom(...IDS), { nil: undefined }),
  vni: fc.integer({ min: 1, max: 3 }),
  local: fc.option(fc.constantFrom(...ADDRESSES), { nil: undefined }),
  remote: fc.option(fc.constantFrom(...ADDRESSES), { nil: undefined }),
  macs: fc.array(fc.constantFrom(...MACS), { maxLength: 2 }),
  blind: fc.boolean(),
  isUnread: fc.boolean(),
  rows: fc.array(row, { maxLength: 4 }),
});

const world = fc.uniqueArray(
  fc.record({
    id: fc.constantFrom('h1', 'h2', 'h3', 'h4'),
    name: fc.constantFrom('node', 'host', '__proto__'),
    address: fc.constantFrom(...ADDRESSES),
    engine: fc.option(fc.constantFrom(...ADDRESSES), { nil: undefined }),
    said: fc.array(fc.constantFrom(...IDS), { maxLength: 2 }),
    overlays: fc.array(overlay, { maxLength: 3 }),
  }),
  { maxLength: 4, selector: ({ id }) => id },
);

type World = typeof world extends fc.Arbitrary<infer Value> ? Value : never;

function make(hosts: World): MadeHost[] {
  return hosts.map(({ id, name, address, engine, said, overlays }) => {
    const host = new MadeHost(id, address, name);
    if (engine !== undefined) host.engine(engine);
    for (const network of said)
      host.network(network, `${name}-${id}`, {
        vnis: [1, 2],
        internal: id > 'h2',
        subnets: ['10.1.0.0/16', `10.${id.slice(1)}.0.0/16`],
      });
    for (const { id: network, vni, local, remote, macs, blind, isUnread, rows } of overlays) {
      const made = host.overlay(network ?? '', vni);
      if (network === undefined) delete made.netns.networkId;
      if (local !== undefined) made.vxlan.vxlan!.local = local;
      if (remote !== undefined) made.vxlan.vxlan!.remote = remote;
      for (const mac of macs) made.attach('10.0.1.9', { mac });
      if (blind) made.blindPort();
      for (const each of rows) made.row(each.mac, each.dst);
      if (isUnread) {
        made.netns.status = 'DENIED';
        made.netns.interfaces = [];
      }
    }
    return host;
  });
}

function answer(hosts: MadeHost[]): { overlays: Overlay[]; endpoints: Endpoint[] } {
  return { overlays: overlaysOf(hosts), endpoints: endpointsOf(hosts) };
}

t.test('the answer does not depend on the order of hosts', async () => {
  fc.assert(
    fc.property(world, fc.infiniteStream(fc.nat()), (hosts, random) => {
      const keyed = make(hosts).map((host) => ({ host, key: Number(random.next().value) }));
      const shuffled = [...keyed].sort((a, b) => a.key - b.key).map(({ host }) => host);
      assert.deepEqual(answer(shuffled), answer(keyed.map(({ host }) => host)));
    }),
  );
});

t.test('every vxlan is a member of one overlay, and every port of its bridge an endpoint of that', async () => {
  fc.assert(
    fc.property(world, (hosts) => {
      const made = make(hosts);
      const { overlays, endpoints } = answer(made);
      assert.equal(new Set(overlays.map(({ id }) => id)).size, overlays.length, 'ids are unique');
      const members = overlays.flatMap((each) => each.members.filter(({ ifindex }) => ifindex !== undefined));
      const vxlans = made.flatMap(({ id, namespaces }) =>
        namespaces.flatMap((netns) => netns.interfaces.filter(({ kind }) => kind === 'vxlan').map(() => `${id} ${netns.id}`)),
      );
      assert.deepEqual(members.map((each) => `${each.host} ${each.netnsId}`).sort(), vxlans.sort());

      const ports = made.flatMap(({ id, overlays: parts }) =>
        parts.flatMap(({ netns, bridge, vxlan }) =>
          netns.interfaces
            .filter((link) => link.masterIfindex === bridge.ifindex && link.ifindex !== vxlan.ifindex)
            .map((link) => `${id} ${netns.id} ${link.ifindex}`),
        ),
      );
      assert.deepEqual(endpoints.map(({ host, port }) => `${host} ${port.netnsId} ${port.ifindex}`).sort(), ports.sort());
      for (const each of overlays) {
        const own = endpoints.filter((endpoint) => endpoint.overlay === each.id);
        assert.equal(each.endpoints, own.length);
        assert.ok(own.every(({ vni, host }) => vni === each.vni && each.members.some((member) => member.host === host)));
      }
    }),
  );
});

t.test('a VTEP is never the address of another host', async () => {
  fc.assert(
    fc.property(world, (hosts) => {
      const made = make(hosts);
      const owners = new Map(
        fabricOf(made)
          .vteps()
          .map(({ vtep, host }) => [vtep, host.id]),
      );
      for (const member of answer(made).overlays.flatMap(({ members }) => members)) {
        if (member.vtepSource !== 'rows') continue;
        assert.ok([undefined, member.host].includes(owners.get(member.vtep!)), `${member.host} ${member.vtep!}`);
      }
    }),
  );
});

/** Everything that a fabric can be asked, as plain data. */
function everything(fabric: Fabric): unknown {
  const ids = fabric.hosts.map(({ head }) => head.id);
  const endpoint = (each: { member: { overlayId: string; host: { id: string } }; port: { ref: unknown } }): unknown => [
    each.member.overlayId,
    each.member.host.id,
    each.port.ref,
  ];
  return {
    overlays: fabric.overlays.map(({ facts, members }) => [
      facts,
      members.map((member) => ({
        host: member.host,
        netns: member.netns.head,
        vxlan: member.vxlan?.ifindex,
        vtep: member.vtep,
        endpoints: member.endpoints.map(({ end, netns, port }) => [end, netns?.head, port]),
        remotes: member.remotes,
        rows: SECTIONS.map((section) => [...(member.rows(section) ?? ['none'])].flat()),
        leads: MACS.map((mac) => member.vtepsFor(mac)),
      })),
    ]),
    members: [{}, ...ids.map((host) => ({ host })), ...ADDRESSES.map((vtep) => ({ vtep }))].map((query) =>
      [...fabric.members(query)].flat().map((member) => [member.overlayId, member.host.id, member.netns.head.id]),
    ),
    endpoints: [{}, ...ids.map((host) => ({ host })), ...MACS.map((mac) => ({ mac })), { ip: '10.0.1.9' }].map((query) =>
      [...fabric.endpoints(query)].flat().map(endpoint),
    ),
    hosts: ids.map((id) => [id, fabric.host(id)?.head, fabric.ageOf(id)]),
    addresses: ADDRESSES.map((ip) => [fabric.hostOfAddress(ip)?.id, fabric.hostsWithAddress(ip).map(({ id }) => id)]),
    vteps: fabric.vteps().map(({ vtep, host }) => [vtep, host.id]),
  };
}

const at = fc.nat({ max: 99 });
const change = fc.record({
  what: fc.constantFrom('row', 'norows', 'attach', 'mac', 'local', 'address', 'engine', 'network', 'unread', 'gone', 'overlay'),
  host: at,
  part: at,
  row,
});
type Change = typeof change extends fc.Arbitrary<infer Value> ? Value : never;

/** Changes a host as it happens, with the revisions of what changed. */
function apply(hosts: MadeHost[], { what, host: whose, part: which, row: { mac, dst } }: Change, revision: string): void {
  const host = hosts[whose % hosts.length]!;
  const part: MadeOverlay | undefined = host.overlays[which % Math.max(1, host.overlays.length)];
  const touch = ({ id }: { id: string }): unknown => host.netnsRevisions.set(id, revision);
  const end = host.namespaces.find(({ role }) => role === 'CONTAINER');
  host.revision = revision;
  if (what === 'address') {
    host.addAddress('eth7', dst, 24);
    touch(host.root);
  } else if (what === 'engine') host.engine(dst, `/run/${dst}.sock`);
  else if (what === 'network') host.network(IDS[which % IDS.length]!, `named-${whose}`, { vnis: [1, 2, 3] });
  else if (what === 'overlay') host.overlay(IDS[which % IDS.length]!, 1 + (which % 3)).attach('10.0.1.8', { mac });
  else if (what === 'mac' && end !== undefined) {
    end.interfaces[1]!.mac = mac;
    touch(end);
  } else if (what === 'gone' && end !== undefined) host.namespaces.splice(host.namespaces.indexOf(end), 1);
  else if (part !== undefined) {
    touch(part.netns);
    if (what === 'row') part.netns.fdb.push(fdbRow(part.vxlan, mac, dst));
    if (what === 'norows') part.netns.fdb.length = 0;
    if (what === 'attach') part.attach('10.0.1.9', { mac });
    if (what === 'local') part.vxlan.vxlan!.local = dst;
    if (what === 'unread') part.netns.status = part.netns.status === 'OK' ? 'DENIED' : 'OK';
  }
  for (const { id } of host.namespaces) if (!host.netnsRevisions.has(id)) host.netnsRevisions.set(id, revision);
}

t.test('after any changes, the fabric that remembers is the one that is made from scratch', async () => {
  fc.assert(
    fc.property(
      world.filter((hosts) => hosts.length > 0),
      fc.array(fc.array(change, { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 6 }),
      (hosts, steps) => {
        const made = make(hosts);
        const memory = new FabricMemory();
        let revision = 0;
        const touched = (all: Change[]): void => all.forEach((each) => apply(made, each, `${++revision}`));
        for (const host of made) {
          host.revision = '0';
          for (const { id } of host.namespaces) host.netnsRevisions.set(id, '0');
        }
        for (const changes of [[], ...steps]) {
          touched(changes);
          const fabric = fabricOf(made, memory);
          assert.deepEqual(everything(fabric), everything(fabricOf(made)));
          assert.equal(fabricOf(made, memory).overlays, fabric.overlays, 'and then nothing is left to do');
        }
      },
    ),
  );
});
