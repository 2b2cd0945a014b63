import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { LiveState } from '../../../src/live/live-state.js';
import { Population } from '../../../src/live/population.js';
import { foundAt } from '../../support/live-rows.js';

function world(): { state: LiveState; population: Population } {
  const state = new LiveState();
  return { state, population: new Population(state) };
}

const inodes = (state: LiveState): number[] => state.keys().map((key) => state.namespaces.get(key)?.found.ino ?? 0);

describe('the namespaces of a host', () => {
  it('are those that were found last, each with a key of its own for as long as it is there', async () => {
    const { state, population } = world();
    await population.apply({ namespaces: [foundAt(1), foundAt(2)] }, population.mark);
    const [first] = state.keys();
    const { come, gone } = await population.apply({ namespaces: [foundAt(1), foundAt(3)] }, population.mark);
    assert.deepEqual(
      [come, gone].map((list) => list.map(({ found }) => found.ino)),
      [[3], [2]],
    );
    assert.equal(state.keys()[0], first);
    await population.apply({ namespaces: [foundAt(2)] }, population.mark);
    assert.deepEqual(inodes(state), [2]);
    assert.ok(!state.keys().includes(first ?? 0), 'a key was used again');
  });

  it('do not go because a search that began before they came has not seen them', async () => {
    const { state, population } = world();
    const { mark } = population;
    await population.apply({ namespaces: [foundAt(1)] }, undefined);
    await population.apply({ namespaces: [] }, mark);
    assert.deepEqual(inodes(state), [1]);
  });

  it('only come when a search looked at a part of the places', async () => {
    const { state, population } = world();
    await population.apply({ namespaces: [foundAt(1)] }, population.mark);
    await population.apply({ namespaces: [foundAt(2)] }, undefined);
    assert.deepEqual(inodes(state), [1, 2]);
  });

  it('keep their id in the observer namespace while they are out of sight, and lose it when they end', async () => {
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
    population.heard(again, nsid);
    population.ended(again);
    assert.equal(population.byNsid(nsid), undefined);
    await population.apply({ namespaces: [foundAt(1)] }, population.mark);
    const [next] = [...state.namespaces.values()];
    assert.ok(next);
    assert.notEqual(population.nsidFor(next), nsid);
  });
});
