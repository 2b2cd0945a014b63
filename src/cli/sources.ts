import { readFile } from 'node:fs/promises';
import { text as readStream } from 'node:stream/consumers';
import { LISTS, type ListName } from '../model/lists.js';
import type { Selector } from '../model/select.js';
import type { HostSnapshot } from '../model/types.js';
import type { ListDocument } from '../outputs/contract.js';
import { ALL_TABLES, type HostSource } from '../scan/types.js';
import { parseSnapshotJson } from '../wire/json.js';
import { hostSource } from './host.js';
import type { ShowFlags } from './options.js';
import { UsageError } from './report.js';

/** Where a command's answer comes from: this host, an agent, or saved snapshots. */
export interface Source {
  /** For progress: "reading this host". */
  readonly doing: string;
  list(name: ListName, selector: Selector): Promise<ListDocument>;
  snapshot(): Promise<HostSnapshot>;
  close(): void;
}

/** The source that the flags ask for. */
export async function openSource(flags: ShowFlags): Promise<Source> {
  if (flags.agent !== undefined && flags.from !== undefined)
    throw new UsageError('--agent and --from exclude each other: give one of them');
  if (flags.from !== undefined) return openFiles(flags.from);
  if (flags.agent !== undefined) return openAgent(flags.agent, { counters: flags.counters === true });
  return openHost(hostSource(flags));
}

function openHost(host: HostSource): Source {
  return {
    doing: 'reading this host',
    list: async (name, selector) => listOf(name, [await host.read(LISTS[name].tables)], selector),
    snapshot: () => host.read(ALL_TABLES),
    close: () => host.close(),
  };
}

async function openAgent(address: string, options: { readonly counters: boolean }): Promise<Source> {
  // Loaded only when asked for: gRPC takes longer to load than a host to read.
  const { createAgentClient } = await import('../agent/client.js');
  const client = createAgentClient(address);
  return {
    doing: `asking the agent at ${address}`,
    list: async (name, selector) => ({ name, listing: await client.list(name, selector, options) }) as ListDocument,
    snapshot: () => client.snapshot({}, ALL_TABLES, options),
    close: () => client.close(),
  };
}

async function openFiles(files: readonly string[]): Promise<Source> {
  const snapshots = await Promise.all(files.map(readSnapshot));
  return {
    doing: 'reading snapshots',
    list: async (name, selector) => listOf(name, snapshots, selector),
    snapshot: async () => {
      const [first, ...others] = snapshots;
      if (first === undefined || others.length > 0) throw new UsageError('snapshot shows one host: give one file to --from');
      return first;
    },
    close: () => undefined,
  };
}

async function readSnapshot(file: string): Promise<HostSnapshot> {
  try {
    return parseSnapshotJson(file === '-' ? await readStream(process.stdin) : await readFile(file, 'utf8'));
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new UsageError(`--from ${file}: ${why}; give a file that \`nsatlas snapshot -o json\` wrote`);
  }
}

function listOf(name: ListName, snapshots: readonly HostSnapshot[], selector: Selector): ListDocument {
  const listings = snapshots.map((snapshot) => LISTS[name].list(snapshot, selector));
  const listing = { items: listings.flatMap((part) => part.items as unknown[]), gaps: listings.flatMap((part) => part.gaps) };
  // The name and the items come from the same entry of LISTS, which the compiler cannot follow through a union.
  return { name, listing } as ListDocument;
}
