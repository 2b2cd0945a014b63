// What the nsids in a namespace stand for: asked of the kernel through the observer namespace where there is one, else question by question.
import { setImmediate as nextTurn } from 'node:timers/promises';
import { DumpDecoder } from '../tables/shared/dump.js';
import { decodeReferringLink } from '../tables/links/link.js';
import { decodeAddress } from '../tables/addresses.js';
import type { AddressRecord, Ifindex, ReferringLink } from '../tables/shared/records.js';
import type { ReferencedNamespace } from '../model/references.js';
import { NsidResolver } from '../model/references.js';
import type { NetnsReader, Observer } from '../native/types.js';
import { DecodeError } from '../netlink/error.js';
import { dumpNsids, newNsid } from '../netlink/requests.js';
import { resolveNsids } from './nsid-pass.js';
import type { LiveNetns } from './live-netns.js';
import type { LiveState } from './live-state.js';

/** Requests of one job in the observer namespace: bounds how long events of others wait for the reader. */
export const NSIDS_AT_ONCE = 128;

/** Namespaces whose links are decoded in one go. */
const DECODED_AT_ONCE = 16;

/** The observer namespace as a target of read jobs. */
export type ObserverPlace = Required<Pick<Observer, 'path' | 'identity'>>;

/** An id that a namespace is to get in the observer namespace. */
export interface NewNsid {
  readonly netns: LiveNetns;
  readonly nsid: number;
}

/** Instead of an errno: it was not tried, for another one did not answer. */
export const UNTOLD = -1;
/** Nor was it tried, for the observer namespace could not be entered. */
const REFUSED = -2;

/**
 * Gives namespaces ids in the observer namespace, from which on it hears of them.
 * @returns errno of each, 0 for success, UNTOLD or another negative number, in order
 */
export async function giveNsids(
  reader: NetnsReader,
  observer: ObserverPlace,
  wanted: readonly NewNsid[],
  timeLimitMs: number,
): Promise<number[]> {
  const outcomes = wanted.map(() => UNTOLD);
  const end = { isLate: false };
  const requests = wanted.map(({ netns: { found, pathAt }, nsid }) => {
    const { bytes, fdOffset } = newNsid(nsid);
    const path = found.openPaths[pathAt] ?? '';
    return { bytes, netnsFd: { offset: fdOffset, path, expect: { dev: found.dev, ino: found.ino } } };
  });
  const targets = [{ path: observer.path, expect: observer.identity, requests: requests.map((_, at) => at) }];
  await reader.read(
    { requests, targets, timeLimitMs, observer: observer.identity },
    {
      requestEnd: (_target, request, errno) => {
        outcomes[request] = errno;
      },
      targetEnd: (_target, problem) => {
        end.isLate = problem?.problem === 'timeout';
      },
    },
  );
  return end.isLate ? outcomes : outcomes.map((outcome) => (outcome === UNTOLD ? REFUSED : outcome));
}

/**
 * Asks, through the observer namespace, for all ids that namespaces have given to others: one dump each, in which the kernel names both the
 * id there and the id in the observer namespace. // rtnl_net_dumpid(), net/core/net_namespace.c
 * @returns for each namespace its ids and the observer's ids of the same namespaces; undefined where the dump failed
 */
export async function dumpNsidsOf(
  reader: NetnsReader,
  observer: ObserverPlace,
  askers: readonly LiveNetns[],
  timeLimitMs: number,
): Promise<(ReadonlyMap<number, number> | undefined)[]> {
  const decoders = askers.map(() => new DumpDecoder('RTM_GETNSID'));
  const failed = new Set<number>();
  const requests = askers.map(({ nsid }) => ({ bytes: dumpNsids({ targetNsid: nsid ?? -1 }) }));
  const targets = [{ path: observer.path, expect: observer.identity, requests: requests.map((_, at) => at) }];
  await reader.read(
    { requests, targets, timeLimitMs },
    {
      datagram: (_target, request, view, start, end) => decoders[request]?.datagram(view, start, end),
      requestEnd: (_target, request, errno) => {
        if (errno !== 0) failed.add(request);
      },
    },
  );
  return decoders.map((decoder, at) => {
    if (failed.has(at) || !decoder.ended) return undefined;
    const pairs = decoder.nsids.flatMap(({ nsid, currentNsid }): [number, number][] =>
      nsid === undefined || currentNsid === undefined ? [] : [[nsid, currentNsid]],
    );
    return new Map(pairs);
  });
}

/** Without an observer namespace: asks each namespace about those that could be meant (model/references.ts). */
export async function questionNsids(reader: NetnsReader, state: LiveState, timeLimitMs: number): Promise<void> {
  const namespaces = [...state.namespaces.values()];
  const references: ReferencedNamespace[] = [];
  for (const [at, netns] of namespaces.entries()) {
    references.push(decodeReferences(netns));
    if (at % DECODED_AT_ONCE === DECODED_AT_ONCE - 1) await nextTurn();
  }
  const resolver = new NsidResolver(references);
  const results = namespaces.map(({ found, pathAt, status }) => ({
    found,
    openPath: status === 'OK' ? found.openPaths[pathAt] : undefined,
  }));
  await resolveNsids(reader, results, resolver, timeLimitMs);
  for (const [at, netns] of namespaces.entries()) {
    const known = [...netns.unresolved].flatMap((nsid): [number, number][] => {
      const there = resolver.resolve(at, nsid as Parameters<NsidResolver['resolve']>[1]);
      const key = there === undefined ? undefined : namespaces[there]?.key;
      return key === undefined ? [] : [[nsid, key]];
    });
    state.pairing.learn(netns, new Map(known));
  }
}

function decodeReferences({ tables: { LINKS, ADDRESSES }, found }: LiveNetns): ReferencedNamespace {
  const links = new Map<Ifindex, ReferringLink>();
  const linkView = LINKS.rows.view;
  for (const slot of LINKS.rows.slots()) {
    const record = decodeReferringLink(linkView, LINKS.rows.start(slot), LINKS.rows.end(slot));
    if (!(record instanceof DecodeError)) links.set(record.ifindex, record);
  }
  const addressView = ADDRESSES.rows.view;
  const addresses = [...ADDRESSES.rows.slots()]
    .map((slot) => decodeAddress(addressView, ADDRESSES.rows.start(slot), ADDRESSES.rows.end(slot)))
    .filter((record): record is AddressRecord => !(record instanceof DecodeError));
  return { links, addresses, isHost: found.isHost };
}
