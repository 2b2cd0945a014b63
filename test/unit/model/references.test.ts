import assert from 'node:assert/strict';
import t from 'tap';
import type { Nsid } from '../../../src/tables/shared/records.js';
import type { NamespaceRead } from '../../../src/model/build.js';
import { contradictions, pairOf } from '../../../src/model/pairs.js';
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

function statusOf(namespaces: readonly NamespaceRead[], resolver: NsidResolver, at: number, ifindex: number): string | undefined {
  const record = [...(namespaces[at]?.links.values() ?? [])].find((candidate) => candidate.ifindex === ifindex);
  assert.ok(record);
  const verdict = pairOf({ namespace: at, link: record }, namespaces, resolver);
  return verdict?.peer === undefined
    ? verdict?.status
    : `${verdict.status} ${verdict.peer.namespace}/${verdict.peer.link.ifindex}`;
}

t.test('the namespace of a socket', async (t) => {
  t.test('is asked for, the host first, when a vxlan names no interface in it', async (t) => {
    const vxlan = link(5, 'vxlan0', { kind: 'vxlan', linkNsid: 3 as Nsid });
    const namespaces = [namespace(100, [vxlan]), namespace(101, []), namespace(102, [], { isHost: true })];
    const resolver = new NsidResolver(namespaces);
    t.equal(settle(resolver, [new Map([[2, 3]]), new Map(), new Map()]), 1);
    t.equal(resolver.resolve(0, 3 as Nsid), 2);
  });
});

t.test('veth pairing', async (t) => {
  t.test('pairs two pairs of namespaces whose veths all have ifindex 2', async (t) => {
    const namespaces = [0, 1, 2, 3].map((at) => namespace(100 + at, [veth(2, 'eth0', 2, 0)]));
    const resolver = new NsidResolver(namespaces);
    settle(resolver, [new Map([[2, 0]]), new Map([[3, 0]]), new Map([[0, 0]]), new Map([[1, 0]])]);
    t.strictSame(
      [0, 1, 2, 3].map((at) => statusOf(namespaces, resolver, at, 2)),
      ['PAIRED 2/2', 'PAIRED 3/2', 'PAIRED 0/2', 'PAIRED 1/2'],
    );
  });

  t.test('says PEER_NOT_VISIBLE for a peer in a namespace that was not found, though another veth looks like it', async (t) => {
    const namespaces = [namespace(100, [veth(7, 'veth7', 2, 0)]), namespace(101, [veth(2, 'eth0', 7, 3)])];
    const resolver = new NsidResolver(namespaces);
    settle(resolver, [new Map(), new Map()]);
    t.equal(statusOf(namespaces, resolver, 0, 7), 'PEER_NOT_VISIBLE');
    t.equal(statusOf(namespaces, resolver, 1, 2), 'PEER_NOT_VISIBLE');
  });

  t.test('says AMBIGUOUS, not PAIRED, when the peer points elsewhere', async (t) => {
    const namespaces = [namespace(100, [veth(7, 'a', 2, 0), veth(9, 'b', 2, 0)]), namespace(101, [veth(2, 'eth0', 9, 0)])];
    const resolver = new NsidResolver(namespaces);
    settle(resolver, [new Map([[1, 0]]), new Map([[0, 0]])]);
    t.equal(statusOf(namespaces, resolver, 0, 7), 'AMBIGUOUS');
    t.equal(statusOf(namespaces, resolver, 0, 9), 'PAIRED 1/2');
    t.strictSame([...contradictions(namespaces, resolver)].sort(), [0, 1]);
  });

  t.test('needs the kernel in both directions: a peer whose own nsid means another namespace is AMBIGUOUS', async (t) => {
    const namespaces = [
      namespace(100, [veth(7, 'a', 2, 0)]),
      namespace(101, [veth(2, 'eth0', 7, 5)]),
      namespace(102, [veth(7, 'c', 2, 1)]),
    ];
    const resolver = new NsidResolver(namespaces);
    settle(resolver, [new Map([[1, 0]]), new Map([[2, 5]]), new Map()]);
    t.equal(statusOf(namespaces, resolver, 0, 7), 'AMBIGUOUS');
  });

  t.test('pairs both ends in one namespace without asking anything', async (t) => {
    // Not the first of the list: "the same namespace" must not mean just that one.
    const namespaces = [namespace(99, [link(1, 'lo')]), namespace(100, [veth(2, 'a', 3), veth(3, 'b', 2)])];
    const resolver = new NsidResolver(namespaces);
    t.equal(settle(resolver, [new Map(), new Map()]), 0);
    t.equal(statusOf(namespaces, resolver, 1, 2), 'PAIRED 1/3');
  });

  t.test('treats nsid -1, a peer namespace that is going away, as not visible', async (t) => {
    const namespaces = [namespace(100, [veth(7, 'a', 2, -1)]), namespace(101, [veth(2, 'eth0', 7, -1)])];
    const resolver = new NsidResolver(namespaces);
    t.equal(settle(resolver, [new Map(), new Map()]), 0);
    t.equal(statusOf(namespaces, resolver, 0, 7), 'PEER_NOT_VISIBLE');
  });

  t.test('gives no verdict for links that have no other end', async (t) => {
    const namespaces = [namespace(100, [link(2, 'br0', { kind: 'bridge' })])];
    t.equal(
      pairOf(
        { namespace: 0, link: [...(namespaces[0]?.links.values() ?? [])][0] ?? link(2, 'x') },
        namespaces,
        new NsidResolver(namespaces),
      ),
      undefined,
    );
  });

  t.test('asks about two namespaces for each container of a host, not about all pairs', async (t) => {
    const containers = 200;
    const host = namespace(
      1,
      Array.from({ length: containers }, (_, at) => veth(100 + at, `veth${at}`, 2, at)),
      { isHost: true },
    );
    const namespaces = [
      host,
      ...Array.from({ length: containers }, (_, at) => namespace(1000 + at, [veth(2, 'eth0', 100 + at, 0)])),
    ];
    const resolver = new NsidResolver(namespaces);
    const hostIds = new Map(Array.from({ length: containers }, (_, at) => [at + 1, at] as const));
    const asked = settle(resolver, [hostIds, ...Array.from({ length: containers }, () => new Map([[0, 0]]))]);
    t.equal(asked, 2 * containers);
    t.equal(statusOf(namespaces, resolver, 0, 150), 'PAIRED 51/2');
  });

  t.test('finds the lower of a macvlan in the host namespace', async (t) => {
    const lower = link(2, 'eth0', {
      kind: 'macvlan',
      linkNsid: 4 as never,
      refs: [{ role: 'lower', ifindex: 3 as never, nsid: 4 as never }],
    });
    const namespaces = [
      namespace(1, [link(3, 'ens3')], { isHost: true }),
      namespace(2, [lower]),
      namespace(3, [link(3, 'eth9')]),
    ];
    const resolver = new NsidResolver(namespaces);
    settle(resolver, [new Map(), new Map([[0, 4]]), new Map()]);
    t.equal(resolver.resolve(1, 4 as never), 0);
  });

  t.test('asks first about namespaces in the same network, when many have the same ifindexes', async (t) => {
    const overlays = 50;
    // Each overlay has a bridge with a subnet of its own and one port with ifindex 3; each container an eth0 with ifindex 2.
    const namespaces = [
      ...Array.from({ length: overlays }, (_, at) =>
        namespace(100 + at, [link(1, 'br0', { kind: 'bridge' }), veth(3, 'veth0', 2, 0, { masterIfindex: 1 as never })], {
          addresses: [address(1, `10.0.${at}.1`, 24)],
        }),
      ),
      ...Array.from({ length: overlays }, (_, at) =>
        namespace(500 + at, [veth(2, 'eth0', 3, 0)], { addresses: [address(2, `10.0.${overlays - 1 - at}.7`, 24)] }),
      ),
    ];
    const resolver = new NsidResolver(namespaces);
    const partner = (at: number): number => 2 * overlays - 1 - at;
    const asked = settle(
      resolver,
      namespaces.map((_, at) => new Map([[partner(at), 0]])),
    );
    t.equal(asked, 2 * overlays);
    for (const at of namespaces.keys())
      t.equal(statusOf(namespaces, resolver, at, at < overlays ? 3 : 2), `PAIRED ${partner(at)}/${at < overlays ? 2 : 3}`);
  });

  t.test('asks each question once', async (t) => {
    const namespaces = Array.from({ length: 60 }, (_, at) => namespace(100 + at, [veth(2, 'eth0', 2, 0)]));
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
