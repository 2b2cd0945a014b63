// What iproute2 reports of a namespace, and in what ours differs.
import type { Netns } from '../../src/model/types.js';
import { toJson } from '../../src/wire/json.js';
import { compareLink } from './ip-compare.js';
import type { ScratchNetns } from './netns.js';

type Json = Record<string, unknown>;

/** Everything in which what we know of a namespace differs from what `ip -d -j addr`, `bridge -j fdb` and `ip -j neigh` print. */
export function differencesToIp(netns: ScratchNetns, ours: Netns): string[] {
  const known = JSON.parse(toJson({ items: ours.interfaces as unknown as object[] })) as { items: Json[] };
  const theirs = netns.ipJson('addr') as Json[];
  const names = new Map(theirs.map((link) => [Number(link['ifindex']), String(link['ifname'])]));
  const byIfindex = new Map(known.items.map((link) => [Number(link['ifindex']), link]));
  const links = theirs.flatMap((link) =>
    compareLink(byIfindex.get(Number(link['ifindex'])) ?? {}, lasting(link), {
      nameOf: (ifindex) => names.get(ifindex),
    }),
  );
  const extra = [...byIfindex.keys()]
    .filter((ifindex) => !names.has(ifindex))
    .map((ifindex) => `we have link ${ifindex}, ip has not`);
  const fdb = listDifferences(
    'bridge fdb',
    (JSON.parse(netns.exec(['bridge', '-j', 'fdb']) || '[]') as Json[]).map(({ mac, ifname, dst }) =>
      [mac, ifname, dst].join(' '),
    ),
    ours.fdb.map(({ mac, ifname, dst }) => [mac, ifname, dst].join(' ')),
  );
  const neighbors = listDifferences(
    'ip neigh',
    (netns.ipJson('neigh') as Json[]).map(({ dst, dev, lladdr }) => [dst, dev, lladdr].join(' ')),
    ours.neighbors.map(({ ip, ifname, mac }) => [ip, ifname, mac].join(' ')),
  );
  return [...links, ...extra, ...fdb, ...neighbors].map((difference) => `${netns.id}: ${difference}`);
}

/** A live host does not tell of what changes by itself; M-DOWN is iproute2's own word for a lower that is down. */
function lasting(link: Json): Json {
  const addresses = (link['addr_info'] ?? []) as Json[];
  const flags = (link['flags'] as string[]).filter((flag) => flag !== 'M-DOWN');
  return {
    ...link,
    flags,
    addr_info: addresses.map(({ valid_life_time: _valid, preferred_life_time: _preferred, ...rest }) => rest),
  };
}

function listDifferences(what: string, theirs: readonly string[], ours: readonly string[]): string[] {
  const [a, b] = [[...theirs].sort().join('\n'), [...ours].sort().join('\n')];
  return a === b ? [] : [`${what} has:\n${a}\nwe have:\n${b}`];
}
