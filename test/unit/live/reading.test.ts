import t from 'tap';
import assert from 'node:assert/strict';
import type { NetnsChange } from '../../../src/model/types.js';
import type { NetnsReader, NetnsReadProblem, ReadJob, ReadVisitor } from '../../../src/native/types.js';
import { Keeper } from '../../../src/live/keeper.js';
import type { LiveNetns } from '../../../src/live/live-netns.js';
import { readPlans } from '../../../src/live/reading.js';
import { LiveState } from '../../../src/live/live-state.js';
import { Population } from '../../../src/live/population.js';
import type { SourceName } from '../../../src/tables/index.js';
import { addNetns, applyRows, fdbRow, foundAt, plainRow } from '../../support/live-rows.js';
import { attribute, hex, ifinfomsg, join, message, text, u32 } from '../../support/message-builder.js';

/** What a kernel says when it is asked: called each time a namespace is read, by path. */
type Script = (path: string, visit: Visit) => NetnsReadProblem | undefined;

interface Visit {
  /** The namespace could be entered. */
  entered(cookie?: bigint): void;
  /** The answer to the request at a place in the namespace's list: rows by slot and an errno; `refusal`: the datagram that has it. */
  answer(place: number, rows: readonly (readonly [slot: number, row: Uint8Array])[], errno?: number, refusal?: Uint8Array): void;
  /** Whether the requests accept a dump that was interrupted. */
  readonly accepts: boolean;
}

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** A reader without a kernel. @returns it and the paths that were read */
function scripted(script: Script): { reader: NetnsReader; read: string[] } {
  const read: string[] = [];
  const reader: NetnsReader = {
    read: async (job: ReadJob, visitor: ReadVisitor) => {
      for (const [at, target] of job.targets.entries()) {
        read.push(target.path);
        const problem = script(target.path, {
          accepts: target.requests.some((request) => job.requests[request]?.rows?.acceptInterrupted === true),
          entered: (cookie = 99n) => visitor.target?.(at, { dev: 4, ino: 7 }, cookie),
          answer: (place, rows, errno = 0, refusal) => {
            const request = target.requests[place] ?? -1;
            if (refusal !== undefined) visitor.datagram?.(at, request, viewOf(refusal), 0, refusal.length);
            for (const [slot, row] of rows) visitor.rowAdded?.(at, request, slot, viewOf(row), 0, row.length);
            visitor.requestEnd?.(at, request, errno, 'receive');
          },
        });
        visitor.targetEnd?.(at, problem);
      }
      return Promise.resolve();
    },
    identify: () => Promise.resolve([]),
    stop: () => undefined,
    forget: () => undefined,
    close: () => undefined,
  };
  return { reader, read };
}

const problem = (kind: NetnsReadProblem['problem'], operation: string, errno = 0): NetnsReadProblem => ({
  problem: kind,
  operation,
  errno,
  detail: kind,
});

const EINTR = 4;
const ROWS = [
  [0, plainRow(1, 'lo')],
  [1, plainRow(2, 'eth0')],
] as const;

/** Reads one namespace with two paths, on demand, until nothing is left to be read. */
async function readOne(script: Script, tables: readonly SourceName[] = ['LINKS']) {
  const { reader, read } = scripted(script);
  const state = new LiveState();
  const population = new Population(state);
  const lost: string[] = [];
  const keeper = new Keeper({
    state,
    population,
    reader,
    observer: undefined,
    onDemand: true,
    pairs: () => true,
    timeLimitMs: 1000,
    now: () => performance.now(),
    onLost: () => void lost.push('lost'),
    onProblem: (cause) => assert.fail(cause),
    onProgress: () => undefined,
  });
  const found = foundAt(7, '/a', { openPaths: ['/a', '/b'] });
  const { come } = await population.apply({ namespaces: [found] }, population.mark);
  const [netns] = come as readonly [LiveNetns];
  for (const table of tables) netns.tables[table].kept = true;
  keeper.added(come);
  const isRead = (): boolean => keeper.isSettled && (keeper.behindSince ?? Infinity) > 0;
  for (let turn = 0; turn < 200 && !isRead(); turn++) await new Promise(setImmediate);
  assert.ok(isRead());
  keeper.close();
  state.commit();
  return {
    netns,
    read,
    lost,
    state,
    status: (table: SourceName) => state.head(netns.key)?.tables.find((one) => one.table === table),
  };
}

t.test('what else is committed between two batches of a read', async (t) => {
  t.test('hides neither the rows that came before it nor those that went from a reader who has seen that revision', async (t) => {
    const state = new LiveState();
    const netns = addNetns(state, 1);
    applyRows(state, netns, 'LINKS', { come: [[0, plainRow(5, 'vxlan0')]] });
    applyRows(state, netns, 'FDB', { come: [[0, fdbRow(5, 1)]] });
    state.commit();
    const seen: number[] = [];
    const rowIds = (change: NetnsChange, section: 'fdb' | 'removedFdb') => change[section].map(({ rowId }) => rowId);
    const reader: NetnsReader = {
      ...scripted(() => undefined).reader,
      read: async (job, visitor) => {
        const [request] = job.targets[0]?.requests ?? [];
        assert.ok(request !== undefined);
        visitor.rowRemoved?.(0, request, 0);
        const row = fdbRow(5, 2);
        visitor.rowAdded?.(0, request, 1, viewOf(row), 0, row.length);
        // An engine has answered, say.
        state.partChanged('networks');
        state.commit();
        seen.push(state.history.revision);
        const last = fdbRow(5, 3);
        visitor.rowAdded?.(0, request, 2, viewOf(last), 0, last.length);
        visitor.requestEnd?.(0, request, 0, 'receive');
        visitor.targetEnd?.(0, undefined);
        return Promise.resolve();
      },
    };
    const plan = { netns, tables: new Map([['FDB', 'whole']] as const) };
    await readPlans([plan], { reader, state, timeLimitMs: 1000, complete: false });
    const parts = [...state.parts(netns.key, seen[0], ['FDB'])];
    t.strictSame(
      parts.flatMap((part) => rowIds(part, 'removedFdb')),
      [0],
    );
    t.strictSame(
      parts.flatMap((part) => rowIds(part, 'fdb')),
      [1, 2],
    );
  });
});

t.test('reading one namespace', async (t) => {
  t.test('takes the next path when the first leads nowhere or is closed, and does not count that as an attempt', async () => {
    for (const closed of [problem('not-found', 'open', 2), problem('denied', 'open', 13), problem('failed', 'open', 5)]) {
      const { netns, read, status, state } = await readOne((path, visit) => {
        if (path === '/a') return closed;
        visit.entered();
        visit.answer(0, ROWS);
        return undefined;
      });
      assert.deepEqual(read, ['/a', '/b']);
      assert.deepEqual([netns.status, netns.cookie, state.gaps()], ['OK', 99n, []]);
      assert.deepEqual(status('LINKS'), { table: 'LINKS', status: 'OK', rows: 2, attempts: 1 });
    }
  });

  t.test('is looked for again when no path leads to it any more, also when another namespace is there now', async () => {
    const { netns, lost } = await readOne((path) =>
      path === '/a' ? problem('plain-file', 'identify') : problem('changed', 'identify'),
    );
    assert.deepEqual([netns.status, netns.gap?.status, lost], ['VANISHED', 'VANISHED', ['lost']]);
  });

  t.test('is DENIED, with errno and what to do, when it may not be entered', async () => {
    const { netns, lost, status } = await readOne(() => problem('denied', 'enter', 1));
    assert.deepEqual([netns.status, netns.gap?.errno, netns.gap?.operation], ['DENIED', 'EPERM', 'enter']);
    assert.match(netns.gap?.message ?? '', /^net:\[7\] \(\/a\): cannot be entered \(EPERM\): CAP_SYS_ADMIN is missing/);
    assert.deepEqual([status('LINKS')?.status, lost], ['NOT_READ', []]);
  });

  t.test('keeps what was read before the time limit, and does not try another path', async () => {
    const { netns, read, status } = await readOne(
      (_, visit) => {
        visit.entered();
        visit.answer(0, ROWS);
        return problem('timeout', 'time-limit');
      },
      ['LINKS', 'NEIGHBORS'],
    );
    assert.deepEqual([netns.status, status('LINKS')?.status, status('NEIGHBORS')?.status], ['TIMED_OUT', 'OK', 'NOT_READ']);
    assert.deepEqual(read, ['/a']);
  });

  t.test('keeps its rows when the thread that read them could not get back', async () => {
    const { netns, status } = await readOne((_, visit) => {
      visit.entered();
      visit.answer(0, ROWS);
      return problem('denied', 'restore', 1);
    });
    assert.deepEqual([netns.status, netns.gap, status('LINKS')?.status], ['OK', undefined, 'OK']);
  });
});

t.test('reading a table', async (t) => {
  t.test('is repeated when it was interrupted, before it counts as read', async () => {
    let reading = 0;
    const { status, read } = await readOne((_, visit) => {
      visit.entered();
      if (++reading < 3) visit.answer(0, [], EINTR);
      else visit.answer(0, ROWS);
      return undefined;
    });
    assert.deepEqual([status('LINKS'), read.length], [{ table: 'LINKS', status: 'OK', rows: 2, attempts: 3 }, 3]);
  });

  t.test('is INTERRUPTED, with its rows and a gap, when that never ends', async () => {
    const { status, state } = await readOne((_, visit) => {
      visit.entered();
      if (visit.accepts) visit.answer(0, ROWS);
      else visit.answer(0, [], EINTR);
      return undefined;
    });
    assert.deepEqual(status('LINKS'), { table: 'LINKS', status: 'INTERRUPTED', rows: 2, attempts: 5 });
    assert.deepEqual(
      state.gaps().map(({ status: said, netnsId, table }) => [said, netnsId, table]),
      [['INTERRUPTED', 'net:[7]', 'LINKS']],
    );
  });

  t.test('that the kernel refuses is a gap with errno and its own words, and the others are read', async () => {
    // nlmsgerr: errno, then the request's header, then the words. // linux/netlink.h
    const words = attribute(1, text('Invalid family in header'));
    const request = new Uint8Array(16);
    const refusal = message(2, join(u32(-95 >>> 0), request, words), { flags: 0x300 });
    const { netns, state, status } = await readOne(
      (_, visit) => {
        visit.entered();
        visit.answer(0, ROWS);
        visit.answer(1, [], 95, refusal);
        visit.answer(2, [], 95);
        return undefined;
      },
      ['LINKS', 'NEIGHBORS'],
    );
    assert.deepEqual([netns.status, status('LINKS')?.status, status('NEIGHBORS')?.status], ['OK', 'OK', 'FAILED']);
    assert.deepEqual(
      state.gaps().map(({ errno, message: said }) => [errno, said]),
      [['EOPNOTSUPP', 'net:[7] (/a): neighbors: receive failed (EOPNOTSUPP: Invalid family in header)']],
    );
  });

  t.test(
    'loses one row to bytes that cannot be decoded, names it, keeps the others and says MALFORMED until it is gone',
    async () => {
      const broken = join(ifinfomsg(2), hex('ff00 0300'));
      const { netns, state, status } = await readOne((_, visit) => {
        visit.entered();
        visit.answer(0, [ROWS[0], [1, broken], [2, plainRow(3, 'eth0')]]);
        return undefined;
      });
      assert.deepEqual(
        [...state.parts(netns.key, undefined, ['LINKS'])].flatMap(({ interfaces }) => interfaces.map(({ name }) => name)),
        ['lo', 'eth0'],
      );
      assert.deepEqual(status('LINKS'), { table: 'LINKS', status: 'MALFORMED', rows: 2, attempts: 1 });
      const [gap] = state.gaps();
      assert.deepEqual([gap?.status, gap?.ifindex, state.gaps().length], ['MALFORMED', 2, 1]);
      assert.match(gap?.message ?? '', /a row could not be decoded \(RTM_NEWLINK.* at byte 16: /);
      const before = state.revision;
      netns.tables.LINKS.rows.remove(1);
      state.rowsChanged(netns, 'LINKS', { gone: [1], come: [], removed: new Map(), since: state.history.next });
      state.commit();
      assert.deepEqual([status('LINKS')?.status, state.gaps(), state.changesAfter(before)?.gaps], ['OK', [], true]);
    },
  );

  t.test(
    'does not show what ip does not: neighbours that need no resolution, and jobs of the CAN gateway among the routes',
    async () => {
      const neighbor = (state: number): Uint8Array =>
        join(hex('02000000 02000000'), hex(`${state.toString(16).padStart(2, '0')}00 0000`), attribute(1, hex('0a000001')));
      const canJob = join(hex('1d000000 00000000 00000000'));
      const { netns, state, status } = await readOne(
        (_, visit) => {
          visit.entered();
          visit.answer(1, [
            [0, neighbor(0x40)],
            [1, neighbor(0x02)],
          ]);
          visit.answer(2, [[0, canJob]]);
          visit.answer(0, []);
          return undefined;
        },
        ['NEIGHBORS', 'ROUTES'],
      );
      const [part] = [...state.parts(netns.key, undefined, ['NEIGHBORS', 'ROUTES'])];
      assert.deepEqual(
        [part?.neighbors.map(({ state: said }) => said), part?.routes, status('ROUTES')?.rows, netns.tables.ROUTES.changedAt],
        [['REACHABLE'], [], 0, 0],
      );
    },
  );
});
