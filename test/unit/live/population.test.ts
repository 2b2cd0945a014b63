import assert from 'node:assert/strict';
import t from 'tap';
import { LiveState } from '../../../src/live/live-state.js';
import { Population } from '../../../src/live/population.js';
import { foundAt } from '../../support/live-rows.js';

function world(): { state: LiveState; population: Population } {
  const state = new LiveState();
  return { state, population: new Population(state) };
}

const inodes = (state: LiveState): number[] => state.keys().map((key) => state.namespaces.get(key)?.found.ino ?? 0);

t.test('the namespaces of a host', async (t) => {
  t.test('are those that were found last, each with a key of its own for as long as it is there', async (t) => {
    const { state, population } = world();
    await population.apply({ namespaces: [foundAt(1), foundAt(2)] }, population.mark);
    const [first] = state.keys();
    const { come, gone } = await population.apply({ namespaces: [foundAt(1), foundAt(3)] }, population.mark);
    t.strictSame(
      [come, gone].map((list) => list.map(({ found }) => found.ino)),
      [[3], [2]],
    );
    t.equal(state.keys()[0], first);
    await population.apply({ namespaces: [foundAt(2)] }, population.mark);
    t.strictSame(inodes(state), [2]);
    t.ok(!state.keys().includes(first ?? 0), 'a key was used again');
  });

  t.test('do not go because a search that began before they came has not seen them', async (t) => {
    const { state, population } = world();
    const { mark } = population;
    await population.apply({ namespaces: [foundAt(1)] }, undefined);
    await population.apply({ namespaces: [] }, mark);
    t.strictSame(inodes(state), [1]);
  });

  t.test('only come when a search looked at a part of the places', async (t) => {
    const { state, population } = world();
    await population.apply({ namespaces: [foundAt(1)] }, population.mark);
    await population.apply({ namespaces: [foundAt(2)] }, undefined);
    t.strictSame(inodes(state), [1, 2]);
  });

  t.test('keep their id in the observer namespace while they are out of sight, and lose it when they end', async (t) => {
    const { state, population } = world();
    await population.apply({ namespaces: [foundAt(1)] }, population.mark);
    const [before] = [...state.namespaces.values()];
    assert.ok(before);
    const nsid = population.nsidFor(before);
    await population.apply({ namespaces: [] }, population.mark);
    await population.apply({ namespaces: [foundAt(1)] }, population.mark);
    const [again] = [...state.namespaces.values()];
    assert.ok(again && again !== before);
    assert.equal(population.nsidFor(again), nsid);
    population.assigned(again, nsid);
    population.ended(again);
    t.equal(population.byNsid(nsid), undefined);
    await population.apply({ namespaces: [foundAt(1)] }, population.mark);
    const [next] = [...state.namespaces.values()];
    assert.ok(next);
    t.not(population.nsidFor(next), nsid);
  });
});
