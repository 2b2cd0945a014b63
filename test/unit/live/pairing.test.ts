import assert from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import type { Verdict } from '../../../src/live/live-netns.js';
import { LiveState } from '../../../src/live/live-state.js';
import { addNetns, applyRows, linkedRow, plainRow, vethRow } from '../../support/live-rows.js';

/** Asks until nothing is left to ask; `truth` has what the nsids of each namespace stand for. */
function resolve(state: LiveState, truth: ReadonlyMap<number, ReadonlyMap<number, number>>): void {
  for (let round = 0; round < 5 && state.pairing.hasQuestions; round++) {
    for (const netns of state.pairing.takeQuestions()) state.pairing.learn(netns, truth.get(netns.key) ?? new Map());
  }
  state.commit();
}

const verdict = (state: LiveState, key: number, ifindex: number): Verdict | undefined =>
  state.namespaces.get(key)?.links.get(ifindex)?.verdict;

/** Two namespaces, eth0 of the second paired with veth1 of the first; both have ifindex 2. */
function pair(): { state: LiveState; truth: Map<number, Map<number, number>> } {
  const state = new LiveState();
  const [host, container] = [addNetns(state, 1), addNetns(state, 2)];
  applyRows(state, host, 'LINKS', { come: [[0, vethRow(2, 'veth1', 2, 7)]] });
  applyRows(state, container, 'LINKS', { come: [[0, vethRow(2, 'eth0', 2, 0)]] });
  return {
    state,
    truth: new Map([
      [1, new Map([[7, 2]])],
      [2, new Map([[0, 1]])],
    ]),
  };
}

t.test('pairs that are kept true', async (t) => {
  t.test('are paired once the kernel said what both nsids stand for', async (t) => {
    const { state, truth } = pair();
    t.strictSame(verdict(state, 1, 2), { status: 'PEER_NOT_VISIBLE' });
    resolve(state, truth);
    t.strictSame(verdict(state, 1, 2), { status: 'PAIRED', key: 2, ifindex: 2, name: 'eth0' });
    t.strictSame(verdict(state, 2, 2), { status: 'PAIRED', key: 1, ifindex: 2, name: 'veth1' });
  });

  t.test('tell the other end when one end is renamed, moved away or gone', async (t) => {
    const { state, truth } = pair();
    resolve(state, truth);
    const [, container] = [...state.namespaces.values()];
    assert.ok(container);
    const before = state.revision;
    applyRows(state, container, 'LINKS', { gone: [0], come: [[0, vethRow(2, 'lan0', 2, 0)]] });
    state.commit();
    t.equal(verdict(state, 1, 2)?.name, 'lan0');
    t.strictSame(state.changesAfter(before)?.changed.toSorted(), [1, 2]);
    state.remove(container);
    state.commit();
    t.strictSame(verdict(state, 1, 2), { status: 'PEER_NOT_VISIBLE' });
  });

  t.test('are asked about anew when the namespace that an nsid stood for has ended', async (t) => {
    const { state, truth } = pair();
    resolve(state, truth);
    const [host, container] = [...state.namespaces.values()];
    assert.ok(host && container);
    state.remove(container);
    applyRows(state, host, 'LINKS', { gone: [0] });
    // The kernel gives the id to the next one.
    const next = addNetns(state, 3);
    applyRows(state, next, 'LINKS', { come: [[0, vethRow(2, 'eth0', 2, 0)]] });
    applyRows(state, host, 'LINKS', { come: [[0, vethRow(2, 'veth1', 2, 7)]] });
    t.strictSame(verdict(state, 1, 2), { status: 'PEER_NOT_VISIBLE' });
    truth.set(1, new Map([[7, 3]]));
    truth.set(3, new Map([[0, 1]]));
    resolve(state, truth);
    t.equal(verdict(state, 1, 2)?.key, 3);
  });

  t.test(
    'are asked about anew, too, when the id was another one’s before its end was heard of, whatever the link is',
    async (t) => {
      for (const row of [vethRow(3, 'veth2', 9, 7), linkedRow(3, 'vx0', 9, 7, 'vxlan')]) {
        const { state, truth } = pair();
        resolve(state, truth);
        const [host, container] = [...state.namespaces.values()];
        assert.ok(host && container);
        const next = addNetns(state, 3);
        applyRows(state, next, 'LINKS', { come: [[0, plainRow(9, 'eth0')]] });
        // Read before the container's end is heard of: nothing of it is under ifindex 9.
        applyRows(state, host, 'LINKS', { come: [[1, row]] });
        state.commit();
        assert.equal(host.links.get(3)?.linkKey, 2);
        const before = state.revision;
        state.remove(container);
        state.commit();
        assert.equal(host.links.get(3)?.linkKey, undefined);
        t.strictSame(state.changesAfter(before)?.changed, [1]);
        truth.set(1, new Map([[7, 3]]));
        resolve(state, truth);
        t.equal(host.links.get(3)?.linkKey, 3);
      }
    },
  );

  t.test('are judged anew when the kernel says that an id stands for another namespace than before', async (t) => {
    const { state, truth } = pair();
    resolve(state, truth);
    const [host] = [...state.namespaces.values()];
    assert.ok(host);
    const next = addNetns(state, 3);
    applyRows(state, next, 'LINKS', { come: [[0, vethRow(2, 'eth0', 2, 0)]] });
    state.pairing.learn(host, new Map([[7, 3]]));
    state.pairing.learn(next, new Map([[0, 1]]));
    t.strictSame(verdict(state, 1, 2), { status: 'PAIRED', key: 3, ifindex: 2, name: 'eth0' });
    t.equal(verdict(state, 2, 2)?.status, 'AMBIGUOUS');
  });

  t.test('leave nothing behind of links that were forgotten because reading failed', async (t) => {
    const { state, truth } = pair();
    resolve(state, truth);
    const [host, container] = [...state.namespaces.values()];
    assert.ok(host && container);
    state.reset(container);
    state.commit();
    const before = state.revision;
    state.remove(host);
    state.commit();
    t.strictSame(state.changesAfter(before)?.changed, []);
  });

  t.test('say that it is ambiguous when the other end points elsewhere', async (t) => {
    const { state, truth } = pair();
    const [, container] = [...state.namespaces.values()];
    assert.ok(container);
    applyRows(state, container, 'LINKS', { gone: [0], come: [[0, vethRow(2, 'eth0', 9, 0)]] });
    resolve(state, truth);
    t.equal(verdict(state, 1, 2)?.status, 'AMBIGUOUS');
  });

  t.test('are the same after any history as when everything is read at once', async () => {
    const step = fc.record({
      netns: fc.integer({ min: 1, max: 3 }),
      ifindex: fc.integer({ min: 2, max: 4 }),
      kind: fc.nat(4),
      peer: fc.integer({ min: 2, max: 4 }),
      nsid: fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined }),
    });
    // Nsid n stands for namespace n everywhere: what an id stands for is not what is tested here.
    const truth = new Map(
      [1, 2, 3].map((key) => [
        key,
        new Map([
          [1, 1],
          [2, 2],
          [3, 3],
        ]),
      ]),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const state = new LiveState();
        for (const key of [1, 2, 3]) addNetns(state, key);
        const rows = new Map<string, Uint8Array>();
        for (const { netns: key, ifindex, kind, peer, nsid } of steps) {
          const netns = state.namespaces.get(key);
          assert.ok(netns);
          const name = `${key}/${ifindex}`;
          const gone = rows.has(name) ? [ifindex] : [];
          rows.delete(name);
          const row =
            kind === 0 ? undefined : kind === 1 ? plainRow(ifindex, `p${ifindex}`) : vethRow(ifindex, `v${kind}`, peer, nsid);
          if (row !== undefined) rows.set(name, row);
          applyRows(state, netns, 'LINKS', { gone, come: row === undefined ? [] : [[ifindex, row]] });
          if (kind === 3) resolve(state, truth);
        }
        resolve(state, truth);
        const fresh = new LiveState();
        for (const key of [1, 2, 3]) {
          const come = [...rows]
            .filter(([name]) => name.startsWith(`${key}/`))
            .map(([name, row]): [number, Uint8Array] => [Number(name.slice(2)), row]);
          applyRows(fresh, addNetns(fresh, key), 'LINKS', { come });
        }
        resolve(fresh, truth);
        const verdicts = (of: LiveState): unknown =>
          [...of.namespaces.values()].map(({ key, links }) => [
            key,
            [...links.values()].sort((a, b) => a.ifindex - b.ifindex).map(({ ifindex, verdict: own }) => [ifindex, own]),
          ]);
        assert.deepEqual(verdicts(state), verdicts(fresh));
      }),
    );
  });
});
