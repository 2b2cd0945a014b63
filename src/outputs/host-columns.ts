import type { AgentState } from '../model/types.js';
import { shortDuration } from '../text/duration.js';
import type { Column } from './columns.js';
import type { ListedHost } from './contract.js';

/** How current the data of a row's host is, as a collector reports it. */
interface Known {
  readonly state?: AgentState;
  readonly ageMs?: number;
}

/** The columns that name the host of a row; the age only if its agent is silent. */
export function hostColumns(hosts: readonly ListedHost[]): Column<{ readonly host?: string }>[] {
  const known = new Map(hosts.map((host) => [host.host, host]));
  const names = hostNames(hosts);
  const hostOf = (row: { readonly host?: string }): ListedHost | undefined => known.get(row.host ?? '');
  return [
    { title: 'HOST', cell: (row) => names.get(row.host ?? '') ?? row.host },
    { title: 'AGE', cell: (row) => silence(hostOf(row) ?? {}), mood: () => 'bad' },
  ];
}

/** Display name of each host, by id: its name, with its id if two have the same name. */
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

/** Length of ids as Docker shortens them. */
const SHORT = 12;

function shortId(id: string): string {
  return id.slice(0, SHORT);
}

/** "62s STALE" for a silent agent; undefined for a live one, and without a collector. */
export function silence({ state, ageMs }: Known): string | undefined {
  if (state === undefined || state === 'LIVE') return undefined;
  return ageMs === undefined ? state : `${shortDuration(ageMs)} ${state}`;
}
