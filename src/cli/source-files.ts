import { readFile } from 'node:fs/promises';
import { text as readStream } from 'node:stream/consumers';
import { LISTS, type ListName } from '../model/lists.js';
import { selectsHost, type Selector } from '../model/select.js';
import type { ListDocument, ListedHost } from '../outputs/contract.js';
import { parseSnapshotJson } from '../wire/json.js';
import { fabricList, isFabricName, type KnownHost } from './fabric-lists.js';
import { UsageError } from './report.js';
import { chooseHost } from './choose-host.js';
import type { Source } from './source.js';

/** Saved snapshots, of one host or of several. @throws UsageError naming a file that is not a snapshot */
export async function openFiles(files: readonly string[]): Promise<Source> {
  const all = await Promise.all(files.map(readSnapshot));
  return {
    doing: 'reading snapshots',
    list: async (name, selector) => {
      if (!isFabricName(name)) return listOf(name, all, selector);
      if (name !== 'hosts') refuseTwice(all);
      return { ...fabricList(name, all, selector), hosts: all.map(hostOf) };
    },
    snapshot: async (selector) => {
      const chosen = all.filter(({ snapshot: { host } }) => selectsHost(host, selector));
      if (chosen.length > 1) refuseTwice(chosen);
      return chooseHost(chosen, { hostOf, known: all.map(hostOf), otherwise: ' or one file to --from' }).snapshot;
    },
    close: () => undefined,
  };
}

async function readSnapshot(file: string): Promise<KnownHost> {
  try {
    const text = file === '-' ? await readStream(process.stdin) : await readFile(file, 'utf8');
    const snapshot = parseSnapshotJson(text);
    return { snapshot, agent: '', source: `file ${file}`, ageMs: Math.max(0, Date.now() - Date.parse(snapshot.host.readAt)) };
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new UsageError(`--from ${file}: ${why}; give a file written by \`nsatlas snapshot -o json\``);
  }
}

/** Two states of one host cannot be combined. */
function refuseTwice(all: readonly KnownHost[]): void {
  const seen = new Map<string, KnownHost>();
  for (const known of all) {
    const { id, name } = known.snapshot.host;
    const other = seen.get(id);
    if (other !== undefined)
      throw new UsageError(
        `--from: ${other.source} and ${known.source} are snapshots of the same host ${name} (${id}): give one of them`,
      );
    seen.set(id, known);
  }
}

function listOf(name: ListName, all: readonly KnownHost[], selector: Selector): ListDocument {
  const selected = all.filter(({ snapshot: { host } }) => selectsHost(host, selector));
  const listings = selected.map(({ snapshot }) => LISTS[name].list(snapshot, selector));
  const listing = { items: listings.flatMap((part) => part.items as unknown[]), gaps: listings.flatMap((part) => part.gaps) };
  const several = all.length > 1 && { hosts: selected.map(hostOf) };
  // Name and items come from the same entry of LISTS, which the compiler cannot follow through a union.
  return { name, listing, ...several } as ListDocument;
}

function hostOf({ snapshot: { host } }: KnownHost): ListedHost {
  return { host: host.id, hostName: host.name };
}
