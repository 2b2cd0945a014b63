import assert from 'node:assert/strict';
import t from 'tap';
import type { Nsid } from '../../../src/proto/identifiers.js';
import { NsidResolver } from '../../../src/model/references.js';
import { address, link, namespace, veth } from '../../support/records.js';

/** nsids as a kernel would have them: for each namespace, position of the other to its id. */
type Ids = readonly ReadonlyMap<number, number>[];

/** Answers every question from the given ids, as the kernel does. @returns how many were asked */
function settle(resolver: NsidResolver, ids: Ids): number {
  let asked = 0;
  for (let questions = resolver.questions(); questions.length > 0; questions = resolver.questions()) {
    for (const { asker, candidates } of questions) {
      for (const candidate of candidates) {
        asked++;
        resolver.answer(asker, candidate, ids[asker]?.get(candidate));
      }
    }
  }
  return asked;
}

/** Where each namespace's id 0 leads to. */
function peersOf(resolver: NsidResolver, count: number): (number | undefined)[] {
  return Array.from({ length: count }, (_, at) => resolver.resolve(at, 0 as Nsid));
}

t.test('the namespace of a socket', async (t) => {
  t.test('is asked for, the host first, when a vxlan names no interface in it', async (t) => {
    const vxlan = link(5, 'vxlan0', { kind: 'vxlan', linkNsid: 3 as Nsid });
    const namespaces = [namespace([vxlan]), namespace([]), namespace([], { isHost: true })];
    const resolver = new NsidResolver(namespaces);
    t.equal(settle(resolver, [new Map([[2, 3]]), new Map(), new Map()]), 1);
    t.equal(resolver.resolve(0, 3 as Nsid), 2);
  });
});

t.test('the namespace of the other end', async (t) => {
  t.test('is found for two pairs of namespaces whose veths all have ifindex 2', async () => {
    const namespaces = [0, 1, 2, 3].map(() => namespace([veth(2, 'eth0', 2, 0)]));
    const resolver = new NsidResolver(namespaces);
    settle(resolver, [new Map([[2, 0]]), new Map([[3, 0]]), new Map([[0, 0]]), new Map([[1, 0]])]);
    assert.deepEqual(peersOf(resolver, 4), [2, 3, 0, 1]);
  });

  t.test('is not known when it was not found, though another veth looks like it', async () => {
    const namespaces = [namespace([veth(7, 'veth7', 2, 0)]), namespace([veth(2, 'eth0', 7, 3)])];
    const resolver = new NsidResolver(namespaces);
    settle(resolver, [new Map(), new Map()]);
    assert.deepEqual([resolver.resolve(0, 0 as Nsid), resolver.resolve(1, 3 as Nsid)], [undefined, undefined]);
  });

  t.test('is not asked for within one namespace', async () => {
    // Not the first of the list: "the same namespace" must not mean just that one.
    const namespaces = [namespace([link(1, 'lo')]), namespace([veth(2, 'a', 3), veth(3, 'b', 2)])];
    const resolver = new NsidResolver(namespaces);
    assert.equal(settle(resolver, [new Map(), new Map()]), 0);
    assert.equal(resolver.resolve(1, undefined), 1);
  });

  t.test('treats nsid -1, a peer namespace that is going away, as not visible', async () => {
    const namespaces = [namespace([veth(7, 'a', 2, -1)]), namespace([veth(2, 'eth0', 7, -1)])];
    const resolver = new NsidResolver(namespaces);
    assert.equal(settle(resolver, [new Map(), new Map()]), 0);
    assert.equal(resolver.resolve(0, -1 as Nsid), undefined);
  });

  t.test('asks about two namespaces for each container of a host, not about all pairs', async () => {
    const containers = 200;
    const host = namespace(
      Array.from({ length: containers }, (_, at) => veth(100 + at, `veth${at}`, 2, at)),
      { isHost: true },
    );
    const namespaces = [host, ...Array.from({ length: containers }, (_, at) => namespace([veth(2, 'eth0', 100 + at, 0)]))];
    const resolver = new NsidResolver(namespaces);
    const hostIds = new Map(Array.from({ length: containers }, (_, at) => [at + 1, at] as const));
    const asked = settle(resolver, [hostIds, ...Array.from({ length: containers }, () => new Map([[0, 0]]))]);
    assert.equal(asked, 2 * containers);
    assert.equal(resolver.resolve(0, 50 as Nsid), 51);
  });

  t.test('finds the lower of a macvlan in the host namespace', async (t) => {
    const lower = link(2, 'eth0', {
      kind: 'macvlan',
      linkNsid: 4 as never,
      refs: [{ role: 'lower', ifindex: 3 as never, nsid: 4 as never }],
    });
    const namespaces = [namespace([link(3, 'ens3')], { isHost: true }), namespace([lower]), namespace([link(3, 'eth9')])];
    const resolver = new NsidResolver(namespaces);
    settle(resolver, [new Map(), new Map([[0, 4]]), new Map()]);
    t.equal(resolver.resolve(1, 4 as never), 0);
  });

  t.test('asks first about namespaces in the same network, when many have the same ifindexes', async () => {
    const overlays = 50;
    // Each overlay has a bridge with a subnet of its own and one port with ifindex 3; each container an eth0 with ifindex 2.
    const namespaces = [
      ...Array.from({ length: overlays }, (_, at) =>
        namespace([link(1, 'br0', { kind: 'bridge' }), veth(3, 'veth0', 2, 0, { masterIfindex: 1 as never })], {
          addresses: [address(1, `10.0.${at}.1`, 24)],
        }),
      ),
      ...Array.from({ length: overlays }, (_, at) =>
        namespace([veth(2, 'eth0', 3, 0)], { addresses: [address(2, `10.0.${overlays - 1 - at}.7`, 24)] }),
      ),
    ];
    const resolver = new NsidResolver(namespaces);
    const partner = (at: number): number => 2 * overlays - 1 - at;
    const asked = settle(
      resolver,
      namespaces.map((_, at) => new Map([[partner(at), 0]])),
    );
    assert.equal(asked, 2 * overlays);
    assert.deepEqual(
      peersOf(resolver, 2 * overlays),
      namespaces.map((_, at) => partner(at)),
    );
  });

  t.test('asks each question once', async () => {
    const namespaces = Array.from({ length: 60 }, () => namespace([veth(2, 'eth0', 2, 0)]));
    const resolver = new NsidResolver(namespaces);
    const seen = new Set<string>();
    for (let questions = resolver.questions(); questions.length > 0; questions = resolver.questions()) {
      for (const { asker, candidates } of questions) {
        for (const candidate of candidates) {
          const key = `${asker} ${candidate}`;
          t.ok(!seen.has(key), key);
          seen.add(key);
          resolver.answer(asker, candidate, undefined);
        }
      }
    }
    t.equal(seen.size, 60 * 59);
  });
});
