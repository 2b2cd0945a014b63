import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createFabric } from '../../../src/fabric/index.js';
import type { Endpoint, Overlay } from '../../../src/model/types.js';
import { MadeHost } from '../../support/fabric-hosts.js';

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
    told: fc.array(fc.constantFrom(...IDS), { maxLength: 2 }),
    overlays: fc.array(overlay, { maxLength: 3 }),
  }),
  { maxLength: 4, selector: ({ id }) => id },
);

type World = typeof world extends fc.Arbitrary<infer Value> ? Value : never;

function make(hosts: World): MadeHost[] {
  return hosts.map(({ id, name, address, engine, told, overlays }) => {
    const host = new MadeHost(id, address, name);
    if (engine !== undefined) host.engine(engine);
    for (const network of told)
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
  const fabric = createFabric();
  const given = hosts.map((host) => host.fabricHost());
  return { overlays: [...fabric.overlays(given, {})].flat(), endpoints: [...fabric.endpoints(given, {})].flat() };
}

test('the answer does not depend on the order of hosts', () => {
  fc.assert(
    fc.property(world, fc.infiniteStream(fc.nat()), (hosts, random) => {
      const keyed = make(hosts).map((host) => ({ host, key: Number(random.next().value) }));
      const shuffled = [...keyed].sort((a, b) => a.key - b.key).map(({ host }) => host);
      assert.deepEqual(answer(shuffled), answer(keyed.map(({ host }) => host)));
    }),
  );
});

test('every vxlan is a member of one overlay, and every port of its bridge an endpoint of that', () => {
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

test('a VTEP is never the address of another host', () => {
  fc.assert(
    fc.property(world, (hosts) => {
      const made = make(hosts);
      const owners = new Map(
        [...createFabric().vteps(made.map((host) => host.fabricHost()))].flat().map((each) => [each.vtep, each.host]),
      );
      for (const member of answer(made).overlays.flatMap(({ members }) => members)) {
        if (member.vtepSource !== 'rows') continue;
        assert.ok([undefined, member.host].includes(owners.get(member.vtep!)), `${member.host} ${member.vtep!}`);
      }
    }),
  );
});
