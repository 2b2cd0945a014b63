// What the nsids in a namespace stand for: asked of the kernel through the observer namespace where there is one, else question by question.
import { setImmediate as nextTurn } from 'node:timers/promises';
import { NsidResolver, type NsidQuestion, type ReferencedLink, type ReferencedNamespace } from '../model/references.js';
import type { NetlinkRequest, NetnsReader, Observer, ReadTarget, ReadVisitor } from '../native/types.js';
import { errnoName } from '../netlink/errno.js';
import { DecodeError } from '../netlink/error.js';
import { MessageReader } from '../netlink/messages.js';
import { dumpNsids, getNsidByFd, newNsid } from '../netlink/requests.js';
import * as uapi from '../netlink/uapi.js';
import type { Ifindex, Nsid } from '../proto/identifiers.js';
import { decodeAddress } from '../tables/addresses.js';
import { decodeReferringLink } from '../tables/links/link.js';
import { decodeNsid } from '../tables/shared/nsid.js';
import type { AddressRecord, NsidRecord } from '../tables/shared/records.js';
import { tableGap } from './gaps.js';
import type { LinkEntry, LiveNetns } from './live-netns.js';
import type { LiveState } from './live-state.js';
import type { Population } from './population.js';
import type { RowStore } from './row-store.js';

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

/** asm-generic/errno.h */
export const ETIMEDOUT = 110;

/** Instead of an errno: it was not tried, for another one did not answer. */
export const NOT_REACHED = -1;
/** Nor was it tried, for the observer namespace could not be entered. */
const REFUSED = -2;

/**
 * Gives namespaces ids in the observer namespace, from which on it hears of them.
 * @returns errno of each, 0 for success, NOT_REACHED or another negative number, in order
 */
export async function giveNsids(
  reader: NetnsReader,
  observer: ObserverPlace,
  wanted: readonly NewNsid[],
  timeLimitMs: number,
): Promise<number[]> {
  const outcomes = wanted.map(() => NOT_REACHED);
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
  return end.isLate ? outcomes : outcomes.map((outcome) => (outcome === NOT_REACHED ? REFUSED : outcome));
}

/** What a namespace was asked about its ids. */
interface NsidAnswer {
  /** 0 for success; negative: it was not tried. */
  readonly errno: number;
  /** Its ids, and the observer's ids of the same namespaces. */
  readonly nsids: ReadonlyMap<number, number>;
}

/**
 * Asks, through the observer namespace, for all ids that namespaces have given to others: one dump each, in which the kernel names both the
 * id there and the id in the observer namespace. // rtnl_net_dumpid(), net/core/net_namespace.c
 */
async function dumpNsidsOf(
  reader: NetnsReader,
  observer: ObserverPlace,
  askers: readonly LiveNetns[],
  timeLimitMs: number,
): Promise<NsidAnswer[]> {
  const answers = askers.map((): Map<number, number> => new Map());
  const errnos = askers.map(() => NOT_REACHED);
  const requests = askers.map(({ nsid }) => ({ bytes: dumpNsids({ targetNsid: nsid ?? -1 }) }));
  const targets = [{ path: observer.path, expect: observer.identity, requests: requests.map((_, at) => at) }];
  await reader.read(
    { requests, targets, timeLimitMs },
    {
      datagram: (_target, request, view, start, end) => {
        for (const { nsid, currentNsid } of nsidsIn(view, start, end))
          if (nsid !== undefined && currentNsid !== undefined) answers[request]?.set(nsid, currentNsid);
      },
      requestEnd: (_target, request, errno) => {
        errnos[request] = errno;
      },
    },
  );
  return askers.map((_, at) => ({ errno: errnos[at] ?? NOT_REACHED, nsids: answers[at] ?? new Map() }));
}

/** What the questions of pairs are asked with. */
export interface NsidOptions {
  readonly reader: NetnsReader;
  readonly state: LiveState;
  readonly population: Population;
  /** Absent: there is none. */
  readonly observer: ObserverPlace | undefined;
  readonly timeLimitMs: number;
}

/**
 * Asks what the nsids stand for that are not known.
 * @returns namespaces whose question had no answer in time
 * @throws NativeError when a job as a whole failed: then everything is to be asked again
 */
export async function askNsids(options: NsidOptions): Promise<LiveNetns[]> {
  const askers = options.state.pairing.takeQuestions();
  try {
    return await askThem(askers, options);
  } catch (cause) {
    for (const netns of askers) options.state.pairing.askAgain(netns);
    throw cause;
  }
}

async function askThem(
  askers: readonly LiveNetns[],
  { state, observer, reader, population, timeLimitMs }: NsidOptions,
): Promise<LiveNetns[]> {
  const isThere = (netns: LiveNetns): boolean => state.namespaces.get(netns.key) === netns;
  const unanswered: LiveNetns[] = [];
  const reachable = askers.filter(({ nsid }) => nsid !== undefined);
  for (let at = 0; observer !== undefined && at < reachable.length; at += NSIDS_AT_ONCE) {
    const some = reachable.slice(at, at + NSIDS_AT_ONCE);
    const answers = await dumpNsidsOf(reader, observer, some, timeLimitMs);
    for (const [index, netns] of some.entries()) {
      const { errno, nsids } = answers[index] ?? { errno: NOT_REACHED, nsids: new Map<number, number>() };
      if (!isThere(netns)) continue;
      if (errno < 0) unanswered.push(netns);
      setNsidGap(state, netns, errno < 0 ? ETIMEDOUT : errno);
      if (errno !== 0) continue;
      const keys = [...nsids].flatMap(([nsid, observed]): [number, number][] => {
        const key = population.byNsid(observed)?.key;
        return key === undefined ? [] : [[nsid, key]];
      });
      state.pairing.learn(netns, new Map(keys));
    }
    state.commit();
  }
  const left = askers.some((netns) => isThere(netns) && netns.unresolved.size > 0);
  if (left && (observer === undefined || !population.allAssigned)) await questionNsids(reader, state, timeLimitMs);
  state.commit();
  return unanswered;
}

/** Without an observer namespace: asks each namespace about those that could be meant (model/references.ts). */
async function questionNsids(reader: NetnsReader, state: LiveState, timeLimitMs: number): Promise<void> {
  const namespaces = [...state.namespaces.values()];
  const references: ReferencedNamespace[] = [];
  for (const [at, netns] of namespaces.entries()) {
    references.push(referencesOf(netns));
    if (at % DECODED_AT_ONCE === DECODED_AT_ONCE - 1) await nextTurn();
  }
  const resolver = new NsidResolver(references);
  for (let questions = resolver.questions(); questions.length > 0; questions = resolver.questions()) {
    const round = new Round(namespaces, resolver, questions);
    await reader.read({ requests: round.requests, targets: round.targets, timeLimitMs }, round);
    for (const [netns, errno] of round.failures) setNsidGap(state, netns, errno);
  }
  for (const [at, netns] of namespaces.entries()) {
    const known = [...netns.unresolved].flatMap((nsid): [number, number][] => {
      const there = resolver.resolve(at, nsid as Nsid);
      const key = there === undefined ? undefined : namespaces[there]?.key;
      return key === undefined ? [] : [[nsid, key]];
    });
    state.pairing.learn(netns, new Map(known));
  }
}

/** Sets what is wrong with the ids of a namespace; errno 0: nothing. */
function setNsidGap(state: LiveState, netns: LiveNetns, errno: number): void {
  const name = errnoName(errno);
  const what = `the ids of other namespaces could not be asked for (${name}), so some veths may look unpaired`;
  const gap = errno === 0 ? undefined : tableGap(netns.found, 'NSIDS', 'FAILED', what, { errno: name, operation: 'getnsid' });
  if (netns.nsidGap?.message === gap?.message) return;
  netns.nsidGap = gap;
  state.headChanged(netns);
  state.partChanged('gaps');
}

/** One round of questions as a job. */
class Round implements ReadVisitor {
  readonly requests: NetlinkRequest[] = [];
  readonly targets: ReadTarget[] = [];
  /** Errno of the first question of a namespace that was not answered; 0 where all were. */
  readonly failures = new Map<LiveNetns, number>();
  readonly #namespaces: readonly LiveNetns[];
  readonly #resolver: NsidResolver;
  /** Who is asked, by target. */
  readonly #askers: number[] = [];
  /** Who is asked about, by request. */
  readonly #candidates: number[] = [];

  constructor(namespaces: readonly LiveNetns[], resolver: NsidResolver, questions: readonly NsidQuestion[]) {
    this.#namespaces = namespaces;
    this.#resolver = resolver;
    for (const { asker, candidates } of questions) {
      const own = candidates.flatMap((candidate) => this.#ask(asker, candidate));
      const place = placeOf(namespaces[asker]);
      if (place === undefined || own.length === 0) continue;
      this.#askers.push(asker);
      this.targets.push({ ...place, requests: own });
    }
  }

  datagram(target: number, request: number, view: DataView, start: number, end: number): void {
    const [asker, candidate] = [this.#askers[target], this.#candidates[request]];
    if (asker === undefined || candidate === undefined) return;
    for (const { nsid } of nsidsIn(view, start, end)) this.#resolver.answer(asker, candidate, nsid);
  }

  requestEnd(target: number, _request: number, errno: number, operation: string): void {
    const asker = this.#namespaces[this.#askers[target] ?? -1];
    // The candidate is gone: there is nothing to pair with any more.
    if (asker === undefined || operation === 'netns-fd') return;
    this.failures.set(asker, this.failures.get(asker) || errno);
  }

  #ask(asker: number, candidate: number): number[] {
    // Also of one that cannot be asked about, so that it is not asked about again.
    this.#resolver.answer(asker, candidate, undefined);
    const place = placeOf(this.#namespaces[candidate]);
    if (place === undefined) return [];
    const { bytes, fdOffset } = getNsidByFd();
    this.#candidates.push(candidate);
    return [this.requests.push({ bytes, netnsFd: { offset: fdOffset, ...place } }) - 1];
  }
}

/** Where a namespace can be opened; undefined when it could not be read. */
function placeOf(netns: LiveNetns | undefined): Pick<ReadTarget, 'path' | 'expect'> | undefined {
  if (netns?.status !== 'OK') return undefined;
  const { found, pathAt } = netns;
  return { path: found.openPaths[pathAt] ?? '', expect: { dev: found.dev, ino: found.ino } };
}

/** The ids that a datagram speaks of. */
function nsidsIn(view: DataView, start: number, end: number): NsidRecord[] {
  const messages = new MessageReader(view, start, end);
  const records: NsidRecord[] = [];
  while (messages.next()) {
    const record = messages.type === uapi.RTM_NEWNSID ? decodeNsid(view, messages.offset, messages.end) : undefined;
    if (record !== undefined && !(record instanceof DecodeError)) records.push(record);
  }
  return records;
}

function referencesOf({ tables: { LINKS, ADDRESSES }, found, links: entries }: LiveNetns): ReferencedNamespace {
  const links = new Map<Ifindex, ReferencedLink>();
  for (const link of entries.values()) {
    const { ifindex, masterIfindex, linkNsid } = link;
    links.set(ifindex, { ifindex, masterIfindex, linkNsid: linkNsid as Nsid | undefined, refs: refsOf(link, LINKS.rows) });
  }
  return { links, addresses: () => decodeAddresses(ADDRESSES.rows), isHost: found.isHost };
}

/** What a link refers to in other namespaces: only for the few that are not paired its attributes have to be looked at. */
function refsOf({ isPair, peer, linkNsid, slot }: LinkEntry, rows: RowStore): ReferencedLink['refs'] {
  if (isPair) return peer === undefined ? [] : [{ role: 'peer', ...peer } as ReferencedLink['refs'][number]];
  if (linkNsid === undefined || !rows.has(slot)) return [];
  const record = decodeReferringLink(rows.view, rows.start(slot), rows.end(slot));
  return record instanceof DecodeError ? [] : record.refs;
}

function decodeAddresses(rows: RowStore): AddressRecord[] {
  const { view } = rows;
  return [...rows.slots()].flatMap((slot) => {
    const record = decodeAddress(view, rows.start(slot), rows.end(slot));
    return record instanceof DecodeError ? [] : [record];
  });
}
