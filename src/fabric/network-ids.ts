import type { Network } from '../model/types.js';
import type { HostFacts } from './facts.js';
import { BREATH, Steps, type Work } from './steps.js';

/** Longest beginning of an id that the name of a namespace's file can have (GenerateKey() in moby cuts names to 12 characters). */
const MAX_PREFIX = 10;

/** Shortest one: with epochs of thousands. */
const MIN_PREFIX = 7;

/** What is known of networks on any host. */
export interface NetworkBook {
  /** The whole id for what one host knows of it; the same where there is none, or where several begin so. */
  wholeId(id: string): string;
  /** What engines tell of the network, by its whole id; of the host with the least id first. */
  told(wholeId: string): readonly Network[];
}

/** Gathers the ids of networks of all hosts. An engine knows them whole; names of files have the beginning, longer or shorter. */
export function* bookOf(hosts: readonly HostFacts[]): Work<NetworkBook> {
  const ids = new Set<string>();
  const told = new Map<string, Network[]>();
  const steps = new Steps();
  for (const { networks, namespaces } of hosts) {
    for (const network of networks.filter(({ driver }) => driver === 'overlay')) {
      ids.add(network.id);
      const others = told.get(network.id);
      if (others === undefined) told.set(network.id, [network]);
      else others.push(network);
      if (steps.spent()) yield BREATH;
    }
    for (const { head } of namespaces.values()) {
      if (head.networkId !== undefined) ids.add(head.networkId);
      if (steps.spent()) yield BREATH;
    }
  }
  const whole = wholeIds([...ids].sort());
  return { wholeId: (id) => whole.get(id) ?? id, told: (id) => told.get(id) ?? [] };
}

function isPrefix(id: string): boolean {
  return id.length >= MIN_PREFIX && id.length <= MAX_PREFIX;
}

/** @param sorted so that what begins with an id comes right behind it */
function wholeIds(sorted: readonly string[]): Map<string, string> {
  const whole = new Map<string, string>();
  // From the end: what an id is the beginning of is settled before the id itself.
  for (const [at, id] of [...sorted.entries()].reverse()) {
    if (isPrefix(id)) whole.set(id, onlyLonger(sorted, at, whole) ?? id);
  }
  return whole;
}

/** The one id that the id at a place is the beginning of. */
function onlyLonger(sorted: readonly string[], at: number, whole: ReadonlyMap<string, string>): string | undefined {
  const id = sorted[at] ?? '';
  const found = new Set<string>();
  for (let next = at + 1; sorted[next]?.startsWith(id) === true && found.size < 2; next++) {
    const longer = sorted[next] ?? '';
    found.add(whole.get(longer) ?? longer);
  }
  return found.size === 1 ? [...found][0] : undefined;
}
