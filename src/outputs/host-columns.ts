import type { AgentState } from '../model/types.js';
import { shortDuration } from '../text/duration.js';
import type { Column } from './columns.js';
import type { ListedHost } from './contract.js';

/** How well something's host is known, as a collector says it. */
interface Known {
  readonly state?: AgentState;
  readonly ageMs?: number;
}

/** The columns that say of which host a row is; the age only where the host is not heard. */
export function hostColumns(hosts: readonly ListedHost[]): Column<{ readonly host?: string }>[] {
  const known = new Map(hosts.map((host) => [host.host, host]));
  const names = hostNames(hosts);
  const hostOf = (row: { readonly host?: string }): ListedHost | undefined => known.get(row.host ?? '');
  return [
    { title: 'HOST', cell: (row) => names.get(row.host ?? '') ?? row.host },
    { title: 'AGE', cell: (row) => silence(hostOf(row) ?? {}), mood: () => 'bad' },
  ];
}

/** What to call each host, by id: its name, and its id as well where two have the same name. */
export function hostNames(hosts: readonly Pick<ListedHost, 'host' | 'hostName'>[]): ReadonlyMap<string, string> {
  const ids = new Map<string, Set<string>>();
  for (const { host, hostName } of hosts) {
    const same = ids.get(hostName) ?? new Set();
    ids.set(hostName, same.add(host));
  }
  return new Map(
    hosts.map(({ host, hostName }) => [host, (ids.get(hostName)?.size ?? 0) > 1 ? `${hostName}/${shortId(host)}` : hostName]),
  );
}

/** As Docker cuts ids. */
const SHORT = 12;

function shortId(id: string): string {
  return id.slice(0, SHORT);
}

/** "62s STALE" of what is not heard now; undefined of what is, and where no collector says anything. */
export function silence({ state, ageMs }: Known): string | undefined {
  if (state === undefined || state === 'LIVE') return undefined;
  return ageMs === undefined ? state : `${shortDuration(ageMs)} ${state}`;
}
