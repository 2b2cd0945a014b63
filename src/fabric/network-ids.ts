import type { Network } from '../model/types.js';
import type { HostHead } from './members.js';
import { push } from '../text/lists.js';
import { BREATH, Steps, type Work } from './steps.js';

/** Longest beginning of an id that the name of a namespace's file can have (GenerateKey() in moby cuts names to 12 characters). */
const MAX_PREFIX = 10;

/** Shortest one: with epochs of thousands. */
const MIN_PREFIX = 7;

/** What is known of networks on any host. */
export interface NetworkBook {
  /** The full id for what one host knows of it; the same where there is none, or where several begin so. */
  fullId(id: string): string;
  /** What engines say of the network, by its full id; of the host with the least id first. */
  said(fullId: string): readonly Network[];
}

/** Gathers the ids of networks of all hosts. An engine knows them in full; names of files have the beginning, longer or shorter. */
export function* bookOf(hosts: readonly HostHead[]): Work<NetworkBook> {
  const ids = new Set<string>();
  const said = new Map<string, Network[]>();
  const steps = new Steps();
  for (const { networks, networkIds } of hosts) {
    for (const id of networkIds) ids.add(id);
    for (const network of networks.filter(({ driver }) => driver === 'overlay')) push(said, network.id, network);
    if (steps.spent(networkIds.length + networks.length)) yield BREATH;
  }
  const full = fullIds([...ids].sort());
  return { fullId: (id) => full.get(id) ?? id, said: (id) => said.get(id) ?? [] };
}

function isPrefix(id: string): boolean {
  return id.length >= MIN_PREFIX && id.length <= MAX_PREFIX;
}

/** @param sorted so that what begins with an id comes right behind it */
function fullIds(sorted: readonly string[]): Map<string, string> {
  const full = new Map<string, string>();
  // From the end: what an id is the beginning of is settled before the id itself.
  for (const [at, id] of [...sorted.entries()].reverse()) {
    if (isPrefix(id)) full.set(id, onlyLonger(sorted, at, full) ?? id);
  }
  return full;
}

/** The one id that the id at a place is the beginning of. */
function onlyLonger(sorted: readonly string[], at: number, full: ReadonlyMap<string, string>): string | undefined {
  const id = sorted[at] ?? '';
  const found = new Set<string>();
  for (let next = at + 1; sorted[next]?.startsWith(id) === true && found.size < 2; next++) {
    const longer = sorted[next] ?? '';
    found.add(full.get(longer) ?? longer);
  }
  return found.size === 1 ? [...found][0] : undefined;
}
