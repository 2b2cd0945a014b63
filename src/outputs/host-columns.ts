import type { HostAge } from '../model/types.js';
import { shortDuration } from '../text/duration.js';
import type { Column } from './columns.js';
import type { ListedHost } from './contract.js';

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

/** Length of ids as Docker shortens them. */
const SHORT = 12;

/** Display name of each host, by id: its name, with its id if two have the same name; its id without a name. */
export function hostNames(hosts: readonly { readonly host: string; readonly hostName?: string }[]): ReadonlyMap<string, string> {
  const ids = new Map<string, Set<string>>();
  for (const { host, hostName = host } of hosts) ids.set(hostName, (ids.get(hostName) ?? new Set()).add(host));
  return new Map(
    hosts.map(({ host, hostName: name = host }) => [
      host,
      (ids.get(name)?.size ?? 0) > 1 ? `${name}/${host.slice(0, SHORT)}` : name,
    ]),
  );
}

/** "62s STALE" for a silent agent; undefined for a live one, and without a collector. */
export function silence({ state, ageMs }: Partial<Pick<HostAge, 'state' | 'ageMs'>>): string | undefined {
  if (state === undefined || state === 'LIVE') return undefined;
  return ageMs === undefined ? state : `${shortDuration(ageMs)} ${state}`;
}
