// Row formats, requests for rows, and a visitor that keeps tables from what it is told and insists that it makes sense.
import assert from 'node:assert/strict';
import type { NetlinkRequest, NetnsReader, ReadJob, ReadVisitor, RowFormat, RowRequest } from '../../src/native/types.js';
import { createNetnsReader } from '../../src/native/index.js';
import { NATIVE_OPTIONS, PATIENCE_MS } from './native-addon.js';
import { dump, message, NLM_F_DUMP, NLM_F_REQUEST, RTM_GETADDR, RTM_GETLINK } from './native-requests.js';

export const RTM_GETNEIGH = 30;
/** Positions in ROW_FORMATS. */
export const LINKS = 0;
export const ADDRESSES = 1;
export const NEIGHBORS = 2;
export const NEIGHBOR_HEADS = 3;

/** IFLA_STATS, IFLA_MAP, IFLA_STATS64, IFLA_AF_SPEC and IFA_CACHEINFO change by themselves; of a neighbour count NDA_DST and NDA_LLADDR. */
export const ROW_FORMATS: readonly RowFormat[] = [
  { headerBytes: 16, filter: { keep: new Map(), drop: [7, 14, 23, 26], others: true }, ordered: true, ifindexAt: 4 },
  { headerBytes: 8, filter: { keep: new Map(), drop: [6], others: true }, ordered: false, ifindexAt: 4 },
  {
    headerBytes: 12,
    filter: {
      keep: new Map([
        [1, 'whole'],
        [2, 'whole'],
      ]),
    },
    ordered: false,
    ifindexAt: 4,
  },
  // Many rows that are alike.
  { headerBytes: 12, filter: { keep: new Map() }, ordered: true, ifindexAt: 4 },
];

/** A reader over the build under test that knows ROW_FORMATS, or others. */
export function rowReader(rowFormats: readonly RowFormat[] = ROW_FORMATS): NetnsReader {
  return createNetnsReader({ ...NATIVE_OPTIONS, rowFormats, timeLimitMs: PATIENCE_MS });
}

export const linkRows: NetlinkRequest = { ...dump(RTM_GETLINK), rows: { format: LINKS } };
export const addressRows: NetlinkRequest = { ...dump(RTM_GETADDR), rows: { format: ADDRESSES } };

/** Neighbours; NTF_PROXY (8) in ndm_flags: the proxies instead. */
export function neighborRows(rows: RowRequest = { format: NEIGHBORS }, flags = 0): NetlinkRequest {
  const body = new Uint8Array(12);
  body[10] = flags;
  return { bytes: message(RTM_GETNEIGH, NLM_F_REQUEST | NLM_F_DUMP, body), rows };
}

/** What a read told, for one request of one target. */
export interface Told {
  added: number;
  removed: number;
  /** Calls of rowOrder. */
  orders: number;
  errno: number | undefined;
  operation: string | undefined;
}

/** The tables of one target: rows in hex by slot, in the order told. */
export class TableKeeper {
  readonly tables = new Map<number, Map<number, string>>();
  #told: Told[] = [];

  /** Rows of a format, in order. */
  rows(format: number): string[] {
    return [...(this.tables.get(format)?.values() ?? [])];
  }

  /** Reads one namespace and returns what was told of each of the requests. The key is its own unless given. */
  async read(
    reader: NetnsReader,
    path: string,
    key: number,
    requests: readonly NetlinkRequest[],
    more: Partial<ReadJob> = {},
  ): Promise<Told[]> {
    this.#told = requests.map(() => ({ added: 0, removed: 0, orders: 0, errno: undefined, operation: undefined }));
    let problem: unknown;
    const visitor = { ...this.visitor(requests), targetEnd: (_: number, trouble: unknown) => (problem = trouble) };
    await reader.read({ requests, targets: [{ path, key, requests: requests.map((_, index) => index) }], ...more }, visitor);
    assert.equal(problem, undefined);
    return this.#told;
  }

  /** For jobs with one target. */
  visitor(requests: readonly NetlinkRequest[]): ReadVisitor {
    const table = (request: number): Map<number, string> => {
      const format = requests[request]?.rows?.format;
      assert.ok(
        format !== undefined && this.#told[request]?.errno === undefined,
        'told of a request that has no rows or has ended',
      );
      const known = this.tables.get(format) ?? new Map<number, string>();
      this.tables.set(format, known);
      return known;
    };
    const count = (request: number, what: 'added' | 'removed' | 'orders'): void => {
      const told = this.#told[request];
      if (told !== undefined) told[what]++;
    };
    return {
      rowRemoved: (_, request, slot) => {
        assert.equal(this.#told[request]?.added ?? 0, 0, 'removed after added');
        assert.ok(table(request).delete(slot), `slot ${slot} was not there`);
        count(request, 'removed');
      },
      rowAdded: (_, request, slot, view, start, end) => {
        assert.ok(!table(request).has(slot), `slot ${slot} is taken`);
        table(request).set(slot, Buffer.from(view.buffer, view.byteOffset + start, end - start).toString('hex'));
        count(request, 'added');
      },
      rowOrder: (_, request, slots) => {
        const rows = table(request);
        assert.deepEqual(slots.toSorted(byNumber), [...rows.keys()].sort(byNumber));
        this.tables.set(requests[request]?.rows?.format ?? -1, new Map(slots.map((slot) => [slot, rows.get(slot) ?? ''])));
        count(request, 'orders');
      },
      requestEnd: (_, request, errno, operation) => Object.assign(this.#told[request] ?? {}, { errno, operation }),
    };
  }
}

function byNumber(a: number, b: number): number {
  return a - b;
}

/** A request that was answered whole. */
export function told(added: number, removed: number, orders = 0): Told {
  return { added, removed, orders, errno: 0, operation: 'receive' };
}

/** A request that failed, or was told nothing of. */
export function failed(errno: number, operation = 'receive'): Told {
  return { added: 0, removed: 0, orders: 0, errno, operation };
}
