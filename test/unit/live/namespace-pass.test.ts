import assert from 'node:assert/strict';
import t from 'tap';
import type { FoundNetns } from '../../../src/discover/types.js';
import type { NetnsReader, NetnsReadProblem, ReadJob, ReadVisitor } from '../../../src/native/types.js';
import { NLM_F_DUMP_INTR, NLM_F_MULTI, NLMSG_DONE, RTM_NEWLINK } from '../../../src/netlink/uapi.js';
import { finishTable, type NamespaceResult, readNamespaces } from '../../../src/live/namespace-pass.js';
import { attribute, hex, ifinfomsg, join, message, text, u32 } from '../../support/message-builder.js';

const FOUND: FoundNetns = { ino: 7, dev: 4, paths: ['/a', '/b'], pids: [], openPaths: ['/a', '/b'], isHost: false };

/** What a kernel says when it is asked: one entry for each time a namespace is read, by path. */
type Script = (path: string, visit: Visit) => NetnsReadProblem | undefined;

interface Visit {
  /** The namespace could be entered. */
  entered(): void;
  /** The answer to the request at a place in the namespace's list: datagrams and an errno; errno undefined: it never ended. */
  answer(place: number, datagrams: readonly Uint8Array[], errno?: number): void;
}

/** A reader without a kernel. @returns it and the paths that were read */
function scripted(script: Script): { reader: NetnsReader; read: string[] } {
  const read: string[] = [];
  const reader: NetnsReader = {
    read: async (job: ReadJob, visitor: ReadVisitor) => {
      for (const [at, target] of job.targets.entries()) {
        read.push(target.path);
        const problem = script(target.path, {
          entered: () => visitor.target?.(at, { dev: 4, ino: 7 }, 99n),
          answer: (place, datagrams, errno) => {
            const request = target.requests[place] ?? -1;
            for (const bytes of datagrams) {
              visitor.datagram?.(at, request, new DataView(bytes.buffer, bytes.byteOffset), 0, bytes.length);
            }
            if (errno !== undefined) visitor.requestEnd?.(at, request, errno, 'receive');
          },
        });
        visitor.targetEnd?.(at, problem);
      }
    },
    identify: () => Promise.resolve([]),
    stop: () => undefined,
    forget: () => undefined,
    close: () => undefined,
  };
  return { reader, read };
}

const link = (ifindex: number, name: string): Uint8Array =>
  join(ifinfomsg(ifindex), attribute(3, text(name)), attribute(4, u32(1500)));
const rows = (...names: string[]): Uint8Array =>
  join(...names.map((name, at) => message(RTM_NEWLINK, link(at + 1, name), { flags: NLM_F_MULTI })));
const done = (flags = 0): Uint8Array => message(NLMSG_DONE, u32(0), { flags: NLM_F_MULTI | flags });

const problem = (kind: NetnsReadProblem['problem'], operation: string, errno = 0): NetnsReadProblem => ({
  problem: kind,
  operation,
  errno,
  detail: kind,
});

async function readOne(
  script: Script,
  tables: Parameters<typeof readNamespaces>[2] = ['LINKS'],
): Promise<{ result: NamespaceResult; read: string[] }> {
  const { reader, read } = scripted(script);
  const [result] = await readNamespaces(reader, [FOUND], tables, 1000);
  assert.ok(result);
  return { result, read };
}

t.test('reading one namespace', async (t) => {
  t.test('takes the next path when the first leads nowhere, and does not count that as an attempt', async (t) => {
    const { result, read } = await readOne((path, visit) => {
      if (path === '/a') return problem('not-found', 'open', 2);
      visit.entered();
      visit.answer(0, [rows('lo', 'eth0'), done()], 0);
      return undefined;
    });
    t.strictSame(read, ['/a', '/b']);
    t.strictSame([result.status, result.openPath, result.cookie, result.gap], ['OK', '/b', 99n, undefined]);
    const links = result.tables.get('LINKS');
    t.strictSame([links?.status, links?.attempts, links?.decoder.links.map(({ name }) => name)], ['OK', 1, ['lo', 'eth0']]);
  });

  t.test('is VANISHED when no path leads to it any more, also when another namespace is there now', async (t) => {
    const { result } = await readOne((path) =>
      path === '/a' ? problem('plain-file', 'identify') : problem('changed', 'identify'),
    );
    t.strictSame([result.status, result.gap?.status], ['VANISHED', 'VANISHED']);
  });

  t.test('is DENIED, with errno and what to do, when it may not be entered, and its tables say the same', async (t) => {
    const { result } = await readOne(() => problem('denied', 'enter', 1));
    t.strictSame([result.status, result.gap?.errno, result.gap?.operation], ['DENIED', 'EPERM', 'enter']);
    t.match(result.gap?.message ?? '', /^net:\[7\] \(\/a\): cannot be entered \(EPERM\): CAP_SYS_ADMIN is missing/);
    t.equal(result.tables.get('LINKS')?.status, 'DENIED');
  });

  t.test('keeps what was read before the time limit, and says of the rest that it timed out', async (t) => {
    const { result, read } = await readOne(
      (_, visit) => {
        visit.entered();
        visit.answer(0, [rows('lo'), done()], 0);
        visit.answer(1, [done()], 0);
        return problem('timeout', 'time-limit');
      },
      ['LINKS', 'NEIGHBORS'],
    );
    // Neighbours take two requests, of which one was answered: that is not a whole table.
    t.strictSame(
      [...result.tables].map(([table, { status }]) => [table, status]),
      [
        ['LINKS', 'OK'],
        ['NEIGHBORS', 'TIMED_OUT'],
      ],
    );
    t.strictSame([result.status, read], ['TIMED_OUT', ['/a']]);
  });

  t.test('keeps its rows when the thread that read them could not get back', async (t) => {
    const { result } = await readOne((_, visit) => {
      visit.entered();
      visit.answer(0, [rows('lo'), done()], 0);
      return problem('denied', 'restore', 1);
    });
    t.strictSame([result.status, result.gap, result.tables.get('LINKS')?.status], ['OK', undefined, 'OK']);
  });
});

t.test('reading a table', async (t) => {
  t.test('is repeated when it was interrupted, and only the last reading counts', async (t) => {
    let reading = 0;
    const { result, read } = await readOne((_, visit) => {
      visit.entered();
      reading++;
      visit.answer(0, reading < 3 ? [rows('lo', 'ghost'), done(NLM_F_DUMP_INTR)] : [rows('lo'), done()], 0);
      return undefined;
    });
    const links = result.tables.get('LINKS');
    t.strictSame([links?.status, links?.attempts, links?.decoder.links.length, read.length], ['OK', 3, 1, 3]);
  });

  t.test('is INTERRUPTED, with its rows and a gap, when that never ends', async (t) => {
    const { result } = await readOne((_, visit) => {
      visit.entered();
      visit.answer(0, [rows('lo'), done(NLM_F_DUMP_INTR)], 0);
      return undefined;
    });
    const links = result.tables.get('LINKS');
    assert.ok(links);
    assert.deepEqual([links.status, links.attempts, links.decoder.links.length], ['INTERRUPTED', 5, 1]);
    t.strictSame(
      finishTable(FOUND, 'LINKS', links).map(({ status, netnsId, table }) => [status, netnsId, table]),
      [['INTERRUPTED', 'net:[7]', 'LINKS']],
    );
  });

  t.test('that the kernel refuses is a gap with errno, and the others are read', async (t) => {
    const { result } = await readOne(
      (_, visit) => {
        visit.entered();
        visit.answer(0, [rows('lo'), done()], 0);
        visit.answer(1, [], 95);
        visit.answer(2, [done()], 0);
        return undefined;
      },
      ['LINKS', 'NEIGHBORS'],
    );
    const neighbors = result.tables.get('NEIGHBORS');
    assert.ok(neighbors);
    assert.deepEqual([result.status, result.tables.get('LINKS')?.status, neighbors.status], ['OK', 'OK', 'FAILED']);
    t.strictSame(
      finishTable(FOUND, 'NEIGHBORS', neighbors).map(({ errno, message: said }) => [errno, said]),
      [['EOPNOTSUPP', 'net:[7] (/a): neighbors: receive failed (EOPNOTSUPP)']],
    );
  });

  t.test('loses one row to bytes that cannot be decoded, names it, and keeps the others', async (t) => {
    const broken = message(RTM_NEWLINK, join(ifinfomsg(2), hex('ff00 0300')), { flags: NLM_F_MULTI });
    const { result } = await readOne((_, visit) => {
      visit.entered();
      visit.answer(
        0,
        [
          join(
            message(RTM_NEWLINK, link(1, 'lo'), { flags: NLM_F_MULTI }),
            broken,
            message(RTM_NEWLINK, link(3, 'eth0'), { flags: NLM_F_MULTI }),
          ),
          done(),
        ],
        0,
      );
      return undefined;
    });
    const links = result.tables.get('LINKS');
    assert.ok(links);
    assert.deepEqual(
      links.decoder.links.map(({ name }) => name),
      ['lo', 'eth0'],
    );
    t.strictSame(
      finishTable(FOUND, 'LINKS', links).map(({ status, ifindex }) => [status, ifindex]),
      [['MALFORMED', 2]],
    );
  });
});
