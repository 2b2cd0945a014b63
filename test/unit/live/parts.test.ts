import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { NetnsChange, Table } from '../../../src/model/types.js';
import type { LiveNetns } from '../../../src/live/live-netns.js';
import { LiveState } from '../../../src/live/live-state.js';
import { addNetns, addressRow, applyRows, fdbRow, plainRow } from '../../support/live-rows.js';

const TABLES: readonly Table[] = ['LINKS', 'ADDRESSES', 'FDB'];

function bridge(): { state: LiveState; netns: LiveNetns } {
  const state = new LiveState();
  const netns = addNetns(state, 1);
  applyRows(state, netns, 'LINKS', {
    come: [
      [0, plainRow(2, 'br0')],
      [1, plainRow(3, 'port0', 2)],
    ],
  });
  applyRows(state, netns, 'ADDRESSES', { come: [[0, addressRow(2, [10, 0, 1, 1])]] });
  applyRows(state, netns, 'FDB', { come: Array.from({ length: 1000 }, (_, at) => [at, fdbRow(3, at)] as const) });
  state.commit();
  return { state, netns };
}

const partsOf = (state: LiveState, since?: number): NetnsChange[] => [...state.parts(1, since, TABLES)];

describe('what is new in a namespace', () => {
  it('is everything for who knows nothing, in parts', () => {
    const { state } = bridge();
    const parts = partsOf(state);
    assert.deepEqual(
      parts.map(({ whole }) => whole),
      [true, ...parts.slice(1).map(() => false)],
    );
    assert.deepEqual(
      parts.flatMap(({ interfaces }) => interfaces.map(({ name, masterName, addresses }) => [name, masterName, addresses])),
      [
        ['br0', undefined, ['10.0.1.1/24']],
        ['port0', 'br0', []],
      ],
    );
    assert.equal(parts.flatMap(({ fdb }) => fdb).length, 1000);
    assert.ok(parts.every(({ fdb }) => fdb.length <= 500));
    assert.equal(new Set(parts.flatMap(({ fdb }) => fdb.map(({ rowId }) => rowId))).size, 1000);
  });

  it('is one row when one of a thousand changed', () => {
    const { state, netns } = bridge();
    const since = state.revision;
    applyRows(state, netns, 'FDB', { gone: [500], come: [[500, fdbRow(3, 70_000)]] });
    state.commit();
    const [part, ...more] = partsOf(state, since);
    assert.deepEqual(more, []);
    assert.deepEqual(
      [part?.removedFdb.map(({ mac }) => mac), part?.fdb.map(({ mac }) => mac)],
      [['02:42:0a:00:01:f4'], ['02:42:0a:01:11:70']],
    );
    assert.deepEqual([part?.removedFdb[0]?.rowId, part?.fdb[0]?.rowId], [500, 500]);
    assert.deepEqual(part?.interfaces, []);
  });

  it('has the end of a row that came meanwhile, too, for who took it before it was committed to a cursor', () => {
    const { state, netns } = bridge();
    const since = state.revision;
    applyRows(state, netns, 'FDB', { come: [[1000, fdbRow(3, 1000)]] });
    state.commit();
    // A slow reader on its way from an older revision is given what is there now …
    assert.deepEqual(
      partsOf(state, since).flatMap(({ fdb }) => fdb.map(({ rowId }) => rowId)),
      [1000],
    );
    applyRows(state, netns, 'FDB', { gone: [1000] });
    state.commit();
    // … and goes on from the revision to which it was on its way.
    assert.deepEqual(
      partsOf(state, since).flatMap(({ removedFdb }) => removedFdb.map(({ rowId }) => rowId)),
      [1000],
    );
  });

  it('is the ports, too, when their master is renamed, and the rows that name a link', () => {
    const { state, netns } = bridge();
    const since = state.revision;
    applyRows(state, netns, 'LINKS', {
      gone: [0, 1],
      come: [
        [0, plainRow(2, 'lan')],
        [1, plainRow(3, 'p', 2)],
      ],
    });
    state.commit();
    const parts = partsOf(state, since);
    assert.deepEqual(
      parts.flatMap(({ interfaces }) => interfaces.map(({ name, masterName }) => [name, masterName])),
      [
        ['lan', undefined],
        ['p', 'lan'],
      ],
    );
    assert.deepEqual(
      parts.flatMap(({ removedIfindexes }) => removedIfindexes),
      [],
      'they are there all the time',
    );
    assert.equal(new Set(parts.flatMap(({ fdb }) => fdb.map(({ ifname }) => ifname))).size, 1);
    assert.equal(parts.flatMap(({ fdb }) => fdb)[0]?.ifname, 'p');
  });

  it('is everything again for who has missed more removals than are remembered', () => {
    const { state, netns } = bridge();
    const since = state.revision;
    for (let round = 0; round < 5; round++) {
      applyRows(state, netns, 'FDB', {
        gone: Array.from({ length: 1000 }, (_, at) => at),
        come: Array.from({ length: 1000 }, (_, at) => [at, fdbRow(3, at)] as const),
      });
      state.commit();
    }
    const parts = partsOf(state, since);
    assert.equal(parts[0]?.whole, true);
    assert.equal(parts.flatMap(({ fdb }) => fdb).length, 1000);
  });

  it('does not tell what is not committed', () => {
    const { state, netns } = bridge();
    applyRows(state, netns, 'FDB', { come: [[1000, fdbRow(3, 1000)]] });
    assert.equal(partsOf(state).flatMap(({ fdb }) => fdb).length, 1000);
    const since = state.revision;
    state.commit();
    assert.deepEqual(
      partsOf(state, since).flatMap(({ fdb }) => fdb.map(({ rowId }) => rowId)),
      [1000],
    );
  });

  it('has a gap, not a silence, for a row that cannot be decoded', () => {
    const { state, netns } = bridge();
    applyRows(state, netns, 'FDB', { come: [[1000, new Uint8Array(3)]] });
    state.commit();
    assert.equal(partsOf(state).flatMap(({ fdb }) => fdb).length, 1000);
    assert.deepEqual(
      state.gaps().map(({ status, table }) => [status, table]),
      [['MALFORMED', 'FDB']],
    );
    applyRows(state, netns, 'FDB', { gone: [1000] });
    assert.deepEqual(state.gaps(), []);
  });
});
