import t from 'tap';
import type { NetnsChange, Table } from '../../../src/model/types.js';
import type { LiveNetns } from '../../../src/live/live-netns.js';
import { LiveState } from '../../../src/live/live-state.js';
import * as uapi from '../../../src/netlink/uapi.js';
import { attribute, hex, join, u32 } from '../../support/message-builder.js';
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

const partsOf = (state: LiveState, since?: number, tables = TABLES): NetnsChange[] => [...state.parts(1, since, tables)];

t.test('what is new in a namespace', async (t) => {
  t.test('is everything for who knows nothing, in parts', async (t) => {
    const { state } = bridge();
    const parts = partsOf(state);
    t.strictSame(
      parts.map(({ whole }) => whole),
      [true, ...parts.slice(1).map(() => false)],
    );
    t.strictSame(
      parts.flatMap(({ interfaces }) => interfaces.map(({ name, masterName, addresses }) => [name, masterName, addresses])),
      [
        ['br0', undefined, ['10.0.1.1/24']],
        ['port0', 'br0', []],
      ],
    );
    t.equal(parts.flatMap(({ fdb }) => fdb).length, 1000);
    t.ok(parts.every(({ fdb }) => fdb.length <= 500));
    t.equal(new Set(parts.flatMap(({ fdb }) => fdb.map(({ rowId }) => rowId))).size, 1000);
  });

  t.test('is one row when one of a thousand changed', async (t) => {
    const { state, netns } = bridge();
    const since = state.revision;
    applyRows(state, netns, 'FDB', { gone: [500], come: [[500, fdbRow(3, 70_000)]] });
    state.commit();
    const [part, ...more] = partsOf(state, since);
    t.strictSame(more, []);
    t.strictSame(
      [part?.removedFdb.map(({ mac }) => mac), part?.fdb.map(({ mac }) => mac)],
      [['02:42:0a:00:01:f4'], ['02:42:0a:01:11:70']],
    );
    t.strictSame([part?.removedFdb[0]?.rowId, part?.fdb[0]?.rowId], [500, 500]);
    t.strictSame(part?.interfaces, []);
  });

  t.test('has the end of a row that came meanwhile, too, for who took it before it was committed to a cursor', async (t) => {
    const { state, netns } = bridge();
    const since = state.revision;
    applyRows(state, netns, 'FDB', { come: [[1000, fdbRow(3, 1000)]] });
    state.commit();
    // A slow reader on its way from an older revision is given what is there now …
    t.strictSame(
      partsOf(state, since).flatMap(({ fdb }) => fdb.map(({ rowId }) => rowId)),
      [1000],
    );
    applyRows(state, netns, 'FDB', { gone: [1000] });
    state.commit();
    // … and goes on from the revision to which it was on its way.
    t.strictSame(
      partsOf(state, since).flatMap(({ removedFdb }) => removedFdb.map(({ rowId }) => rowId)),
      [1000],
    );
  });

  t.test('is the ports, too, when their master is renamed, and the rows that name a link', async (t) => {
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
    t.strictSame(
      parts.flatMap(({ interfaces }) => interfaces.map(({ name, masterName }) => [name, masterName])),
      [
        ['lan', undefined],
        ['p', 'lan'],
      ],
    );
    t.strictSame(
      parts.flatMap(({ removedIfindexes }) => removedIfindexes),
      [],
      'they are there all the time',
    );
    t.equal(new Set(parts.flatMap(({ fdb }) => fdb.map(({ ifname }) => ifname))).size, 1);
    t.equal(parts.flatMap(({ fdb }) => fdb)[0]?.ifname, 'p');
  });

  t.test('is of the tables only the rows that show the name of a link that came, went or was renamed', async (t) => {
    const { state, netns } = bridge();
    const netconf = (ifindex: number): Uint8Array => join(hex('02000000'), attribute(uapi.NETCONFA_IFINDEX, u32(ifindex)));
    const route = (ifindex: number): Uint8Array => join(hex('02000000 fe030001 00000000'), attribute(uapi.RTA_OIF, u32(ifindex)));
    const rule = hex('02000000 fe000001 00000000');
    applyRows(state, netns, 'NETCONF', {
      come: [
        [0, netconf(2)],
        [1, netconf(3)],
        [2, netconf(-1)],
      ],
    });
    applyRows(state, netns, 'ROUTES', {
      come: [
        [0, route(2)],
        [1, route(3)],
      ],
    });
    applyRows(state, netns, 'RULES', { come: [[0, rule]] });
    state.commit();
    const since = state.revision;
    applyRows(state, netns, 'LINKS', {
      gone: [0],
      come: [
        [0, plainRow(2, 'lan')],
        [9, plainRow(77, 'new')],
      ],
    });
    state.commit();
    const parts = partsOf(state, since, ['NETCONF', 'ROUTES', 'RULES', 'FDB']);
    t.strictSame(
      parts.flatMap((part) => part.netconf.map(({ ifname }) => ifname)).sort(),
      ['lan', 'port0'],
      'port0 is a port of lan',
    );
    t.strictSame(parts.flatMap((part) => part.routes.map(({ ifname }) => ifname)).sort(), ['lan', 'port0']);
    t.strictSame(
      parts.flatMap((part) => part.rules),
      [],
    );
    t.ok(parts.flatMap((part) => part.fdb).length > 0, 'forwarding rows of port0 show the name of its master');
  });

  t.test('is not the rows of a link that went, which keep its name, also when they go after it', async (t) => {
    const { state, netns } = bridge();
    const row = join(hex('02000000'), attribute(uapi.NETCONFA_IFINDEX, u32(3)));
    const hop = join(hex('02000000 00000000'), attribute(uapi.NHA_ID, u32(1)), attribute(uapi.NHA_OIF, u32(3)));
    applyRows(state, netns, 'NETCONF', { come: [[0, row]] });
    applyRows(state, netns, 'NEXTHOPS', { come: [[0, hop]] });
    state.commit();
    let since = state.revision;
    applyRows(state, netns, 'LINKS', { gone: [1] });
    state.commit();
    t.strictSame(
      partsOf(state, since, ['LINKS', 'NETCONF', 'NEXTHOPS', 'FDB']).map(({ removedIfindexes, netconf, nexthops, fdb }) => {
        return [removedIfindexes, netconf, nexthops, fdb];
      }),
      [[[3], [], [], []]],
    );
    t.strictSame(partsOf(state).flatMap(({ fdb }) => fdb)[0]?.ifname, 'port0');
    since = state.revision;
    applyRows(state, netns, 'NETCONF', { gone: [0] });
    applyRows(state, netns, 'NEXTHOPS', { gone: [0] });
    applyRows(state, netns, 'FDB', { gone: [0] });
    state.commit();
    t.strictSame(
      partsOf(state, since, ['LINKS', 'NETCONF', 'NEXTHOPS', 'FDB']).map(({ removedNetconf, removedNexthops, removedFdb }) =>
        [removedNetconf, removedNexthops, removedFdb].map(([each]) => each?.ifname),
      ),
      [['port0', 'port0', 'port0']],
    );
    // Another one may have the ifindex after it.
    since = state.revision;
    applyRows(state, netns, 'LINKS', { come: [[1, plainRow(3, 'other')]] });
    state.commit();
    t.equal(partsOf(state, since).flatMap(({ fdb }) => fdb)[0]?.ifname, 'other');
  });

  t.test('has the names of so many links that went', async (t) => {
    const { state, netns } = bridge();
    const links = Array.from({ length: 600 }, (_, at) => [10 + at, plainRow(10 + at, `l${at}`)] as const);
    applyRows(state, netns, 'LINKS', { come: links });
    applyRows(state, netns, 'LINKS', { gone: links.map(([slot]) => slot) });
    t.strictSame(
      [10, 97, 98, 609].map((ifindex) => netns.nameOf(ifindex)),
      [undefined, undefined, 'l88', 'l599'],
    );
  });

  t.test('has what is gone and what is there of a table in one part, however much else has changed', async (t) => {
    const { state, netns } = bridge();
    const rule = (flags: string): Uint8Array => hex(`02000000 fe000001 ${flags}`);
    applyRows(state, netns, 'RULES', { come: [[0, rule('00000000')]] });
    state.commit();
    const since = state.revision;
    applyRows(state, netns, 'LINKS', {
      come: Array.from({ length: 100 }, (_, at) => [at + 2, plainRow(at + 10, `d${at}`)] as const),
    });
    applyRows(state, netns, 'RULES', { gone: [0], come: [[0, rule('08000000')]] });
    state.commit();
    const parts = partsOf(state, since, ['LINKS', 'RULES']);
    t.ok(parts.length > 2);
    const changed = parts.filter((part) => part.rules.length + part.removedRules.length > 0);
    t.strictSame(
      changed.map(({ removedRules, rules }) => [removedRules, rules].map((rows) => rows.map(({ flags }) => flags))),
      [[[[]], [['IIF_DETACHED']]]],
    );
  });

  t.test('is everything again for who has missed more removals than are remembered', async (t) => {
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
    t.equal(parts[0]?.whole, true);
    t.equal(parts.flatMap(({ fdb }) => fdb).length, 1000);
  });

  t.test('does not tell what is not committed', async (t) => {
    const { state, netns } = bridge();
    applyRows(state, netns, 'FDB', { come: [[1000, fdbRow(3, 1000)]] });
    t.equal(partsOf(state).flatMap(({ fdb }) => fdb).length, 1000);
    const since = state.revision;
    state.commit();
    t.strictSame(
      partsOf(state, since).flatMap(({ fdb }) => fdb.map(({ rowId }) => rowId)),
      [1000],
    );
  });

  t.test('has a gap, not a silence, for a row that cannot be decoded', async (t) => {
    const { state, netns } = bridge();
    applyRows(state, netns, 'FDB', { come: [[1000, new Uint8Array(3)]] });
    state.commit();
    t.equal(partsOf(state).flatMap(({ fdb }) => fdb).length, 1000);
    t.strictSame(
      state.gaps().map(({ status, table }) => [status, table]),
      [['MALFORMED', 'FDB']],
    );
    applyRows(state, netns, 'FDB', { gone: [1000] });
    t.strictSame(state.gaps(), []);
  });
});
