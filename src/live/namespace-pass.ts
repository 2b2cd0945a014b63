import { SOURCES } from '../tables/index.js';
import { errnoName } from '../netlink/errno.js';
import { dumpAddresses } from '../tables/addresses.js';
import { dumpFdb } from '../tables/fdb.js';
import { dumpLinks } from '../tables/links/index.js';
import { dumpNeighbors, dumpProxyNeighbors } from '../tables/neighbors.js';
import { dumpRoutes } from '../tables/routes.js';
import { DumpDecoder } from '../tables/shared/dump.js';
import type { FoundNetns } from '../discover/types.js';
import { statusOfErrno } from '../model/gaps.js';
import type { Gap, ReadStatus, Table } from '../model/types.js';
import type { NetlinkRequest, NetnsReadProblem, NetnsReader, ReadTarget } from '../native/types.js';
import { decodeGap, problemGap, tableGap, unopenableGap } from './gaps.js';

/** What was read of one namespace. */
export interface NamespaceResult {
  readonly found: FoundNetns;
  status: ReadStatus;
  cookie: bigint | undefined;
  /** The path that could be opened. */
  openPath: string | undefined;
  readonly tables: Map<DumpTable, TableResult>;
  /** What is wrong with the namespace as a whole. */
  gap: Gap | undefined;
}

/** Tables that are dumps; NSIDS is answered question by question (nsid-pass.ts). */
export type DumpTable = Exclude<Table, 'NSIDS'>;

/** One table of one namespace. */
export interface TableResult {
  readonly decoder: DumpDecoder;
  /** NOT_READ until all its requests have ended, or one has failed. */
  status: ReadStatus;
  /** Requests that have not ended: a table can take several. */
  left: number;
  attempts: number;
  /** What was wrong with the table as a whole; rows that could not be decoded are in the decoder. */
  gaps: Gap[];
}

const NAMED_REQUESTS: readonly { readonly table: DumpTable; readonly rtm: string; readonly bytes: Uint8Array }[] = [
  { table: 'LINKS', rtm: 'RTM_GETLINK', bytes: dumpLinks() },
  { table: 'ADDRESSES', rtm: 'RTM_GETADDR', bytes: dumpAddresses() },
  { table: 'FDB', rtm: 'RTM_GETNEIGH', bytes: dumpFdb() },
  { table: 'NEIGHBORS', rtm: 'RTM_GETNEIGH', bytes: dumpNeighbors() },
  { table: 'NEIGHBORS', rtm: 'RTM_GETNEIGH', bytes: dumpProxyNeighbors() },
  { table: 'ROUTES', rtm: 'RTM_GETROUTE', bytes: dumpRoutes() },
];
const NAMED = new Set(NAMED_REQUESTS.map(({ table }) => table));
const REQUESTS = [
  ...NAMED_REQUESTS,
  ...SOURCES.filter(({ name }) => !NAMED.has(name)).flatMap(({ name, requests }) =>
    requests.map((bytes) => ({ table: name, rtm: name, bytes })),
  ),
];

/** A dump that keeps being interrupted by changes is repeated this often; then its rows are kept and it says so. */
const MAX_ATTEMPTS = 5;

interface Pending {
  readonly result: NamespaceResult;
  readonly path: string;
  readonly tables: readonly DumpTable[];
}

/** Reads tables of namespaces, trying every path to each and repeating interrupted dumps. */
export async function readNamespaces(
  reader: NetnsReader,
  namespaces: readonly FoundNetns[],
  tables: readonly DumpTable[],
  timeLimitMs: number,
): Promise<NamespaceResult[]> {
  const results = namespaces.map(
    (found): NamespaceResult => ({
      found,
      status: 'NOT_READ',
      cookie: undefined,
      openPath: undefined,
      tables: new Map(),
      gap: undefined,
    }),
  );
  let pending = results.flatMap((result) => startReading(result, tables));
  for (let pathAt = 1; pending.length > 0; pathAt++) {
    await readPending(reader, pending, timeLimitMs);
    pending = pending.flatMap(({ result }) => {
      const path = result.found.openPaths[pathAt];
      // What could not be opened was no attempt at its tables.
      if (result.openPath === undefined && path !== undefined) result.tables.clear();
      return result.status === 'OK' || result.status === 'TIMED_OUT' || path === undefined ? [] : [{ result, path, tables }];
    });
  }
  await repeatInterrupted(reader, results, timeLimitMs);
  return results;
}

function startReading(result: NamespaceResult, tables: readonly DumpTable[]): Pending[] {
  const path = result.found.openPaths[0];
  if (path !== undefined) return [{ result, path, tables }];
  result.status = 'FAILED';
  result.gap = unopenableGap(result.found);
  return [];
}

async function repeatInterrupted(reader: NetnsReader, results: readonly NamespaceResult[], timeLimitMs: number): Promise<void> {
  for (let attempt = 1; attempt < MAX_ATTEMPTS; attempt++) {
    const again = results.flatMap((result): Pending[] => {
      const tables = [...result.tables].filter(([, { status }]) => status === 'INTERRUPTED').map(([table]) => table);
      return tables.length === 0 || result.openPath === undefined ? [] : [{ result, path: result.openPath, tables }];
    });
    if (again.length === 0) return;
    await readPending(reader, again, timeLimitMs);
  }
}

/** Reads some tables of some namespaces anew. */
export async function rereadNamespaces(
  reader: NetnsReader,
  results: readonly NamespaceResult[],
  tables: readonly DumpTable[],
  timeLimitMs: number,
): Promise<void> {
  const pending = results.flatMap((result) => (result.openPath === undefined ? [] : [{ result, path: result.openPath, tables }]));
  await readPending(reader, pending, timeLimitMs);
  await repeatInterrupted(reader, results, timeLimitMs);
}

async function readPending(reader: NetnsReader, pending: readonly Pending[], timeLimitMs: number): Promise<void> {
  const requests: NetlinkRequest[] = REQUESTS.map(({ bytes }) => ({ bytes }));
  const targets = pending.map(
    ({ result, path, tables }): ReadTarget => ({
      path,
      expect: { dev: result.found.dev, ino: result.found.ino },
      requests: REQUESTS.flatMap(({ table }, at) => (tables.includes(table) ? [at] : [])),
    }),
  );
  for (const { result, tables } of pending) prepareTables(result, tables);
  await reader.read(
    { requests, targets, timeLimitMs },
    {
      target: (at, _identity, cookie) => {
        const entry = pending[at];
        if (entry === undefined) return;
        entry.result.cookie = cookie;
        entry.result.openPath = entry.path;
        entry.result.status = 'OK';
        entry.result.gap = undefined;
      },
      datagram: (at, request, view, start, end) => tableAt(pending, at, request)?.decoder.datagram(view, start, end),
      requestEnd: (at, request, errno, operation) => endTable(pending, at, request, errno, operation),
      targetEnd: (at, problem) => {
        const entry = pending[at];
        if (entry !== undefined && problem !== undefined) endWithProblem(entry.result, problem, entry.path);
      },
    },
  );
}

function prepareTables(result: NamespaceResult, tables: readonly DumpTable[]): void {
  for (const table of tables) {
    const attempts = (result.tables.get(table)?.attempts ?? 0) + 1;
    const requests = REQUESTS.filter((request) => request.table === table);
    const decoder = new DumpDecoder(requests[0]?.rtm);
    result.tables.set(table, { decoder, status: 'NOT_READ', left: requests.length, attempts, gaps: [] });
  }
}

function tableAt(pending: readonly Pending[], at: number, request: number): TableResult | undefined {
  const table = REQUESTS[request]?.table;
  return table === undefined ? undefined : pending[at]?.result.tables.get(table);
}

function endTable(pending: readonly Pending[], at: number, request: number, errno: number, operation: string): void {
  const result = pending[at]?.result;
  const table = REQUESTS[request]?.table;
  const state = tableAt(pending, at, request);
  if (result === undefined || table === undefined || state === undefined) return;
  state.left--;
  // What went wrong with one request is not mended by the next.
  if (state.status !== 'NOT_READ') return;
  if (errno !== 0) {
    const name = errnoName(errno);
    const said = state.decoder.failure?.extAck.message;
    state.status = statusOfErrno(name);
    const what = `${operation} failed (${name}${said === undefined ? '' : `: ${said}`})`;
    state.gaps.push(tableGap(result.found, table, state.status, what, { errno: name, operation }));
    return;
  }
  if (state.left === 0) state.status = state.decoder.interrupted ? 'INTERRUPTED' : 'OK';
}

/** Why the rows of a table may be wrong, once no more attempts are made. */
export function finishTable(found: FoundNetns, table: DumpTable, state: TableResult): Gap[] {
  const interrupted =
    state.status === 'INTERRUPTED'
      ? [
          tableGap(
            found,
            table,
            'INTERRUPTED',
            `changed during each of ${state.attempts} dumps; rows may be missing or doubled`,
            { operation: 'dump' },
          ),
        ]
      : [];
  return [...state.gaps, ...interrupted, ...state.decoder.errors.map((error) => decodeGap(found, table, error))];
}

function endWithProblem(result: NamespaceResult, problem: NetnsReadProblem, path: string): void {
  // The thread could not get back; what it had read is whole.
  if (problem.operation === 'restore') return;
  result.gap = problemGap(result.found, problem, path);
  result.status = result.gap.status;
  for (const state of result.tables.values()) if (state.status === 'NOT_READ') state.status = result.status;
}
