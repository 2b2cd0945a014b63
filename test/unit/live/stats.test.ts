import assert from 'node:assert/strict';
import t from 'tap';
import { decodeLinkCounters } from '../../../src/tables/links/link-counters.js';
import type { NetnsReader, ReadVisitor } from '../../../src/native/types.js';
import * as uapi from '../../../src/netlink/uapi.js';
import { readCounters } from '../../../src/live/counters.js';
import { LiveState } from '../../../src/live/live-state.js';
import { DurationCounter } from '../../../src/live/stats.js';
import { type NetnsTally, talliesOf } from '../../../src/live/tallies.js';
import { viewOf } from '../../support/fixture.js';
import { addNetns, applyRows, fdbRow, foundAt, plainRow, vethRow } from '../../support/live-rows.js';
import { attribute, ifinfomsg, join, message, number, text, u32 } from '../../support/message-builder.js';

t.test('durations', async (t) => {
  t.test('are counted under the first bound that they do not exceed', async (t) => {
    const durations = new DurationCounter();
    for (const ms of [0, 1, 1.0001, 30_000, 30_001]) durations.add(ms);
    t.strictSame(durations.counts, [2, 1, ...Array<number>(11).fill(0), 1, 1]);
    t.equal(durations.bounds.length + 1, durations.counts.length);
    t.ok(Math.abs(durations.sum - 60.0030001) < 1e-9);
  });

  t.test('are never negative: clocks of two threads can differ by a little', async (t) => {
    const durations = new DurationCounter();
    durations.add(-5);
    t.equal(durations.sum, 0);
    t.equal(durations.counts[0], 1);
  });
});

/** Payload of an RTM_NEWLINK of a VXLAN. */
function vxlanRow(ifindex: number, name: string, vni: number): Uint8Array {
  const info = join(attribute(uapi.IFLA_INFO_KIND, text('vxlan')), attribute(uapi.IFLA_INFO_DATA, attribute(1, u32(vni))));
  return join(ifinfomsg(ifindex), attribute(uapi.IFLA_IFNAME, text(name)), attribute(uapi.IFLA_LINKINFO, info));
}

t.test('a namespace in numbers', async (t) => {
  const tallyOf = (state: LiveState): NetnsTally | undefined => [...talliesOf(state.namespaces.values())][0];

  t.test('has its interfaces by kind, and the rows of each VXLAN', async (t) => {
    const state = new LiveState();
    const netns = addNetns(state, 1);
    const rows = [
      plainRow(1, 'lo'),
      vethRow(2, 'veth0', 9),
      vethRow(3, 'veth1', 9),
      vxlanRow(4, 'vxlan0', 4097),
      vxlanRow(5, 'vxlan1', 4098),
    ];
    applyRows(state, netns, 'LINKS', { come: rows.map((row, at) => [at, row] as const) });
    const fdb = [...Array.from({ length: 7 }, (_, at) => fdbRow(4, at)), fdbRow(5, 99), fdbRow(2, 100)];
    applyRows(state, netns, 'FDB', { come: fdb.map((row, at) => [at, row] as const) });
    netns.tables.NEIGHBORS.status = 'NOT_READ';
    state.commit();
    const tally = tallyOf(state);
    t.strictSame(Object.fromEntries(tally?.kinds ?? []), { undefined: 1, veth: 2, vxlan: 2 });
    assert.deepEqual(tally?.vxlans, [
      { ifindex: 4, name: 'vxlan0', vni: 4097, fdb: 7, neighbors: undefined },
      { ifindex: 5, name: 'vxlan1', vni: 4098, fdb: 1, neighbors: undefined },
    ]);
    t.equal(tally.head.tables.find(({ table }) => table === 'FDB')?.rows, 9);
  });

  t.test('follows a VXLAN that got another VNI', async (t) => {
    const state = new LiveState();
    const netns = addNetns(state, 1);
    applyRows(state, netns, 'LINKS', { come: [[0, vxlanRow(4, 'vxlan0', 4097)]] });
    state.commit();
    t.equal(tallyOf(state)?.vxlans[0]?.vni, 4097);
    applyRows(state, netns, 'LINKS', { gone: [0], come: [[1, vxlanRow(4, 'vxlan0', 5000)]] });
    state.commit();
    t.equal(tallyOf(state)?.vxlans[0]?.vni, 5000);
  });
});

function countersRow(ifindex: number, name: string, words = 25): Uint8Array {
  const stats = join(...Array.from({ length: words }, (_, at) => number(8, BigInt(ifindex) * 2n ** 40n + BigInt(at))));
  return join(
    ifinfomsg(ifindex, 1, ifindex === 1 ? 8 : 0),
    attribute(uapi.IFLA_IFNAME, text(name)),
    attribute(uapi.IFLA_STATS64, stats),
  );
}

const NLM_F_DUMP_INTR = 0x10;

/** A reader that answers the nth read with the nth list of datagrams. */
function readerOf(answers: readonly (readonly Uint8Array[])[], errno = 0): NetnsReader & { reads: number } {
  const reader = {
    reads: 0,
    read: async (_job: unknown, visitor: ReadVisitor) => {
      for (const datagram of answers[reader.reads++] ?? []) visitor.datagram?.(0, 0, viewOf(datagram), 0, datagram.length);
      visitor.requestEnd?.(0, 0, errno, 'receive');
      visitor.targetEnd?.(0, undefined);
    },
    identify: async () => [],
    stop: () => undefined,
    forget: () => undefined,
    close: () => undefined,
  };
  return reader;
}

t.test('counters of a namespace', async (t) => {
  const netns = addNetns(new LiveState(), 1);
  const limits = { timeLimitMs: 1000, signal: AbortSignal.timeout(5000) };

  t.test('are read by ifindex, exact beyond 32 bits', async (t) => {
    const datagram = join(message(uapi.RTM_NEWLINK, countersRow(1, 'lo')), message(uapi.RTM_NEWLINK, countersRow(2, 'eth0')));
    const [read] = await readCounters(readerOf([[datagram]]), [netns], limits);
    assert.equal(read?.isWhole, true);
    const eth0 = read.links.get(2);
    t.strictSame(
      [...(eth0?.counters ?? [])],
      Array.from({ length: 8 }, (_, at) => 2 * 2 ** 40 + at),
    );
    t.strictSame([read.links.get(1)?.isLoopback, eth0?.isLoopback], [true, false]);
  });

  t.test('are read again when interfaces changed meanwhile, and taken as they are in the end', async (t) => {
    const [lo, eth0] = [countersRow(1, 'lo'), countersRow(2, 'eth0')];
    const interrupted = join(message(uapi.RTM_NEWLINK, lo, { flags: NLM_F_DUMP_INTR }), message(uapi.RTM_NEWLINK, eth0));
    const once = readerOf([[interrupted], [message(uapi.RTM_NEWLINK, lo)]]);
    const [read] = await readCounters(once, [netns], limits);
    t.strictSame([once.reads, read?.isWhole, [...(read?.links.keys() ?? [])]], [2, true, [1]]);
    const always = readerOf(Array(9).fill([interrupted]) as Uint8Array[][]);
    const [last] = await readCounters(always, [netns], limits);
    t.strictSame([always.reads, [...(last?.links.keys() ?? [])]], [3, [1, 2]]);
  });

  t.test('are none, and said not to be whole, when the kernel refuses or nothing leads there', async (t) => {
    const some = message(uapi.RTM_NEWLINK, countersRow(1, 'lo'));
    const [refused] = await readCounters(readerOf([[some]], 1), [netns], limits);
    t.strictSame([refused?.isWhole, refused?.links.size], [false, 0]);
    const nowhere = addNetns(new LiveState(), 2, foundAt(7, '/x', { openPaths: [] }));
    const [unread] = await readCounters(readerOf([]), [nowhere], limits);
    t.strictSame([unread?.isWhole, unread?.links.size], [false, 0]);
  });

  t.test('are not those of a link that has none: that is said', async (t) => {
    const datagram = join(message(uapi.RTM_NEWLINK, countersRow(1, 'lo')), message(uapi.RTM_NEWLINK, plainRow(2, 'eth0')));
    const [read] = await readCounters(readerOf([[datagram]]), [netns], limits);
    t.strictSame([read?.isWhole, [...(read?.links.keys() ?? [])]], [false, [1]]);
    const short = countersRow(3, 'eth1', 7);
    t.ok(decodeLinkCounters(viewOf(short), 0, short.length) instanceof Error);
  });
});
