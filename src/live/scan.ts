import { containerIdsOfProcesses, createEngines, type EngineView } from '../docker/index.js';
import { discover } from '../discover/index.js';
import { createNetnsReader } from '../native/index.js';
import type { NetnsReader } from '../native/types.js';
import { buildNamespaces, type NamespaceRead } from '../model/build.js';
import { formatNetnsId } from '../model/ids.js';
import { assignOwners, networkOf } from '../model/owners.js';
import { contradictions } from '../model/pairs.js';
import { NsidResolver } from '../model/references.js';
import { guessRole } from '../model/roles.js';
import type { Gap, Netns, ReadStatus, Table, TableStatus } from '../model/types.js';
import { readPrivileges } from './capabilities.js';
import { describeFeatures } from './features.js';
import { describeHost, type HostInfoOptions } from './host-info.js';
import { describe, discoveryGap } from './gaps.js';
import { type DumpTable, finishTable, type NamespaceResult, readNamespaces, rereadNamespaces } from './namespace-pass.js';
import { type NsidOutcome, resolveNsids } from './nsid-pass.js';
import { ALL_TABLES } from '../tables/index.js';
import type { HostSource } from './source.js';

export interface HostSourceOptions extends HostInfoOptions {
  /** Where the host's proc file system is mounted. */
  readonly procRoot: string;
  /** When not empty, only these directories are read. */
  readonly netnsDirs: readonly string[];
  readonly dockerSockets: readonly string[];
  /** Whether a person named the sockets, so that an absent one is a gap. */
  readonly dockerSocketsGiven: boolean;
  /** Keep the engines' event streams open between reads. */
  readonly followEngines: boolean;
  /** Most milliseconds that one namespace may take. */
  readonly timeLimitMs: number;
}

/** What is read again of namespaces that contradict each other. */
const PAIR_TABLES: readonly DumpTable[] = ['LINKS', 'ADDRESSES'];

/** Pairs that contradict each other are read again this often: a busy host is still changing meanwhile. */
const SETTLE_ROUNDS = 2;

/** The reader of this host. Holds a thread of its own and, with followEngines, connections to the engines; close() ends both. */
export function createHostSource(options: HostSourceOptions): HostSource {
  const reader = createNetnsReader();
  const engines = createEngines({
    sockets: options.dockerSockets,
    explicit: options.dockerSocketsGiven,
    follow: options.followEngines,
  });
  return {
    read: async (tables) => {
      const readAt = new Date();
      const started = performance.now();
      const [discovery, view] = await Promise.all([
        discover({
          procRoot: options.procRoot,
          netnsDirs: options.netnsDirs,
          mayInspect: readPrivileges().has('CAP_SYS_PTRACE'),
          identify: (paths) => reader.identify(paths, options.timeLimitMs),
        }),
        engines.view(),
      ]);
      const scan = await scanNamespaces(
        reader,
        await readNamespaces(reader, discovery.namespaces, tables.filter(isDump), options.timeLimitMs),
        tables,
        options,
      );
      const { namespaces, gaps } = joinEngines(scan, view, options);
      return {
        host: describeHost(options, view.engines, readAt, performance.now() - started),
        namespaces,
        gaps: [...discovery.problems.map(discoveryGap), ...view.gaps, ...scanGaps(scan), ...gaps],
        networks: [...view.networks],
      };
    },
    features: async () => describeFeatures(options.procRoot, await engines.view()),
    close: () => {
      reader.close();
      engines.close();
    },
  };
}

interface Scan {
  readonly results: readonly NamespaceResult[];
  readonly reads: readonly NamespaceRead[];
  readonly resolver: NsidResolver;
  readonly outcomes: ReadonlyMap<number, NsidOutcome>;
}

function isDump(table: Table): table is DumpTable {
  return table !== 'NSIDS';
}

/** Resolves the pairs; namespaces that contradict each other are read once more. */
async function scanNamespaces(
  reader: NetnsReader,
  all: readonly NamespaceResult[],
  tables: readonly Table[],
  { timeLimitMs }: HostSourceOptions,
): Promise<Scan> {
  for (let round = 0; ; round++) {
    // A namespace that is gone is told as a gap only: there is nothing to show of it.
    const results = all.filter((result) => result.status !== 'VANISHED');
    const gone = all.filter((result) => result.status === 'VANISHED');
    const reads = results.map(toRead);
    const resolver = new NsidResolver(reads);
    const outcomes = tables.includes('NSIDS')
      ? await resolveNsids(reader, results, resolver, timeLimitMs)
      : new Map<number, NsidOutcome>();
    const again = round < SETTLE_ROUNDS && tables.includes('NSIDS') ? contradictions(reads, resolver) : new Set<number>();
    if (again.size === 0) return { results: [...results, ...gone], reads, resolver, outcomes };
    const wanted = results.filter((_, at) => again.has(at));
    await rereadNamespaces(
      reader,
      wanted,
      PAIR_TABLES.filter((table) => tables.includes(table)),
      timeLimitMs,
    );
  }
}

function toRead(result: NamespaceResult): NamespaceRead {
  const { found, tables } = result;
  return {
    ino: found.ino,
    dev: found.dev,
    paths: found.paths,
    pids: found.pids,
    isHost: found.isHost,
    ...(result.cookie !== undefined && { cookie: result.cookie }),
    status: result.status,
    tables: [],
    links: new Map((tables.get('LINKS')?.decoder.links ?? []).map((link) => [link.ifindex, link])),
    addresses: tables.get('ADDRESSES')?.decoder.addresses ?? [],
    fdb: tables.get('FDB')?.decoder.fdb ?? [],
    neighbors: tables.get('NEIGHBORS')?.decoder.neighbors ?? [],
    routes: tables.get('ROUTES')?.decoder.routes ?? [],
    others: Object.assign({}, ...[...tables.values()].map(({ decoder }) => decoder.others)) as NonNullable<
      NamespaceRead['others']
    >,
  };
}

/** Makes the namespaces of what was read and joins them with what the engines say. */
function joinEngines(scan: Scan, view: EngineView, options: HostSourceOptions): { namespaces: Netns[]; gaps: readonly Gap[] } {
  const reads = scan.reads.map((read, at): NamespaceRead => {
    const result = scan.results[at];
    return result === undefined ? read : { ...read, tables: tableStatuses(result, scan.outcomes.get(at)) };
  });
  const references = reads.map(({ ino, paths, pids, isHost }) => ({ id: formatNetnsId(ino), paths, pids, isHost }));
  const proofs = { containerIdsOf: containerIdsOfProcesses(options.procRoot), narrowed: options.netnsDirs.length > 0 };
  const { owners, joined, gaps } = assignOwners(references, view, proofs);
  const namespaces = buildNamespaces(reads, scan.resolver).map((netns, at): Netns => {
    const read = reads[at];
    const network =
      read === undefined ? undefined : networkOf(netns.role, guessRole(read.paths, read.isHost).networkPrefix, view.networks);
    const owner = owners.get(netns.id);
    return {
      ...netns,
      ...(network !== undefined && { networkId: network.id, networkName: network.name }),
      ...(owner !== undefined && { owner, role: netns.role === 'OTHER' ? 'CONTAINER' : netns.role }),
      joined: [...(joined.get(netns.id) ?? [])],
    };
  });
  return { namespaces, gaps };
}

function scanGaps(scan: Scan): Gap[] {
  return scan.results.flatMap((result, at) => {
    const tables = [...result.tables].flatMap(([table, state]) => finishTable(result.found, table, state));
    return [...(result.gap === undefined ? tables : [result.gap]), ...nsidGaps(result, scan.outcomes.get(at))];
  });
}

function tableStatuses(result: NamespaceResult, nsids: NsidOutcome | undefined): TableStatus[] {
  return ALL_TABLES.flatMap((table): TableStatus[] => {
    if (table === 'NSIDS') {
      return nsids === undefined
        ? []
        : [{ table, status: nsids.errno === undefined ? 'OK' : 'FAILED', rows: nsids.answered, attempts: 1 }];
    }
    const state = result.tables.get(table);
    if (state === undefined) return [];
    const status: ReadStatus = state.status === 'OK' && state.decoder.errors.length > 0 ? 'MALFORMED' : state.status;
    return [{ table, status, rows: state.decoder.rows, attempts: state.attempts }];
  });
}

function nsidGaps(result: NamespaceResult, outcome: NsidOutcome | undefined): Gap[] {
  if (outcome?.errno === undefined) return [];
  return [
    {
      netnsId: formatNetnsId(result.found.ino),
      table: 'NSIDS',
      status: 'FAILED',
      errno: outcome.errno,
      operation: 'getnsid',
      message: `${describe(result.found)}: the ids of other namespaces could not be asked for (${outcome.errno}), so some veths may look unpaired`,
    },
  ];
}
