import type { History } from './history.js';
import type { LinkEntry, LiveNetns, Verdict } from './live-netns.js';

/**
 * Keeps the pairs true while links come, go and move: each change looks only at the link itself and at those that point at it. PAIRED only when
 * the kernel said which namespace an nsid stands for, the link with that ifindex is there, and it points back the same way.
 */
export class Pairing {
  readonly #namespaces: ReadonlyMap<number, LiveNetns>;
  readonly #history: History;
  /** "key/ifindex" to the links that point there. */
  readonly #pointers = new Map<string, Map<LinkEntry, LiveNetns>>();
  /** Key of a namespace to the links whose nsid stands for it, also where nothing is known of their other end. */
  readonly #referrers = new Map<number, Map<LinkEntry, LiveNetns>>();
  /** Namespaces that have to be asked what their nsids stand for. */
  readonly #asking = new Set<number>();
  /** Links that may have changed without an event: key to ifindexes. */
  #suspects = new Map<number, Set<number>>();

  constructor(namespaces: ReadonlyMap<number, LiveNetns>, history: History) {
    this.#namespaces = namespaces;
    this.#history = history;
  }

  /** Whether there are nsids to be asked about. */
  get hasQuestions(): boolean {
    return this.#asking.size > 0;
  }

  /** The namespaces whose nsids have to be asked for; each comes once, until there is a reason to ask again. */
  takeQuestions(): LiveNetns[] {
    const asked = [...this.#asking].flatMap((key) => this.#namespaces.get(key) ?? []);
    this.#asking.clear();
    return asked.filter(({ unresolved }) => unresolved.size > 0);
  }

  /**
   * Links that have to be read again, by key of their namespace: where the other end of a link has moved to another namespace, the kernel reports the
   * end that moved and not of the one that stays, though its IFLA_LINK_NETNSID is another one. // dev_change_net_namespace(), net/core/dev.c
   */
  takeSuspects(): ReadonlyMap<number, ReadonlySet<number>> {
    const suspects = this.#suspects;
    this.#suspects = new Map();
    return suspects;
  }

  /**
   * Namespaces whose links contradict each other: an end that stands for a link which is not there or points elsewhere. Without events nobody reports a
   * pair that was made, moved or removed between two dumps: reading those namespaces again settles it.
   */
  contradictions(): Set<number> {
    const again = new Set<number>();
    for (const netns of this.#namespaces.values()) {
      for (const { verdict, peer } of netns.links.values()) {
        if (verdict === undefined || verdict.status === 'PAIRED' || peer === undefined) continue;
        const there = this.#namespaceOf(netns, peer.nsid);
        if (there !== undefined) again.add(netns.key).add(there.key);
      }
    }
    return again;
  }

  /** A namespace may know more ids by now (RTM_NEWNSID), or a question about it was not answered. */
  askAgain(netns: LiveNetns): void {
    if (netns.unresolved.size > 0) this.#asking.add(netns.key);
  }

  /** Another namespace was given an id in the observer namespace: it may be the one that an unresolved nsid stands for. */
  askAllAgain(): void {
    for (const netns of this.#namespaces.values()) this.askAgain(netns);
  }

  /** What the kernel says the ids of a namespace stand for. Ids that are not among them are not known. */
  learn(netns: LiveNetns, nsids: ReadonlyMap<number, number>): void {
    // Also one that was known before: its namespace may have ended without an event, and the nsid may be another one's.
    const learned = new Set<number>();
    for (const [nsid, key] of nsids) {
      if (netns.nsids.get(nsid) !== key) learned.add(nsid);
      netns.nsids.set(nsid, key);
    }
    for (const nsid of netns.unresolved) if (this.#resolve(netns, nsid) !== undefined) learned.add(nsid);
    if (learned.size === 0) return;
    for (const nsid of learned) netns.unresolved.delete(nsid);
    for (const link of netns.links.values()) {
      const concerned = [link.linkNsid, link.peer?.nsid].some((nsid) => nsid !== undefined && learned.has(nsid));
      if (concerned) this.#evaluateWithPointers(netns, link);
    }
  }

  /** A link is new or changed. */
  linkChanged(netns: LiveNetns, link: LinkEntry): void {
    this.#evaluateWithPointers(netns, link);
  }

  /** A link is gone from its namespace's links. */
  linkRemoved(netns: LiveNetns, link: LinkEntry): void {
    this.#aim(netns, link, undefined);
    this.#refer(netns, link, undefined);
    for (const [pointer, from] of this.#pointersTo(netns, link.ifindex)) this.#suspect(from, pointer.ifindex);
    this.#evaluatePointers(netns, link.ifindex);
  }

  /** A namespace is gone from the namespaces. */
  netnsRemoved(netns: LiveNetns): void {
    for (const link of netns.links.values()) this.linkRemoved(netns, link);
    // The kernel reuses the nsid immediately: a link that was read before the event of this end was received may have been resolved to here by mistake.
    for (const [link, from] of [...(this.#referrers.get(netns.key) ?? [])]) this.#evaluate(from, link);
  }

  /** The links of a namespace are about to be forgotten; it is there still. */
  netnsReset(netns: LiveNetns): void {
    for (const link of netns.links.values()) {
      this.#aim(netns, link, undefined);
      this.#refer(netns, link, undefined);
    }
  }

  #evaluateWithPointers(netns: LiveNetns, link: LinkEntry): void {
    this.#evaluate(netns, link);
    this.#evaluatePointers(netns, link.ifindex);
  }

  #evaluatePointers(netns: LiveNetns, ifindex: number): void {
    for (const [link, from] of this.#pointersTo(netns, ifindex)) this.#evaluate(from, link);
  }

  #pointersTo(netns: LiveNetns, ifindex: number): readonly [LinkEntry, LiveNetns][] {
    const pointers = this.#pointers.get(place(netns.key, ifindex));
    return pointers === undefined ? NONE : [...pointers];
  }

  #suspect(netns: LiveNetns, ifindex: number): void {
    const known = this.#suspects.get(netns.key);
    if (known === undefined) this.#suspects.set(netns.key, new Set([ifindex]));
    else known.add(ifindex);
  }

  #evaluate(netns: LiveNetns, link: LinkEntry): void {
    const linkKey = link.linkNsid === undefined ? undefined : this.#resolve(netns, link.linkNsid);
    const verdict = link.isPair ? this.#judge(netns, link) : undefined;
    this.#want(netns, link.linkNsid);
    this.#want(netns, link.peer?.nsid);
    if (linkKey === link.linkKey && sameVerdict(verdict, link.verdict)) return;
    this.#refer(netns, link, linkKey);
    link.verdict = verdict;
    link.revision = this.#history.next;
    netns.revision = this.#history.next;
    this.#history.changed(netns.key);
  }

  #judge(netns: LiveNetns, link: LinkEntry): Verdict {
    const there = link.peer === undefined ? undefined : this.#namespaceOf(netns, link.peer.nsid);
    this.#aim(netns, link, there === undefined || link.peer === undefined ? undefined : place(there.key, link.peer.ifindex));
    const peer = link.peer === undefined ? undefined : there?.links.get(link.peer.ifindex);
    if (there === undefined || peer === undefined) return { status: 'PEER_NOT_VISIBLE' };
    const back = peer.peer;
    const pointsBack = back?.ifindex === link.ifindex && this.#namespaceOf(there, back.nsid) === netns;
    if (pointsBack) return { status: 'PAIRED', key: there.key, ifindex: peer.ifindex, name: peer.name };
    if (back?.nsid === undefined || this.#resolve(there, back.nsid) !== undefined) {
      this.#suspect(there, peer.ifindex);
      this.#suspect(netns, link.ifindex);
    }
    return { status: 'AMBIGUOUS' };
  }

  #namespaceOf(netns: LiveNetns, nsid: number | undefined): LiveNetns | undefined {
    if (nsid === undefined) return netns;
    const key = this.#resolve(netns, nsid);
    return key === undefined ? undefined : this.#namespaces.get(key);
  }

  /** Key of a namespace that is there. An id whose namespace has ended may stand for another one by now. */
  #resolve(netns: LiveNetns, nsid: number): number | undefined {
    const key = netns.nsids.get(nsid);
    if (key === undefined || this.#namespaces.has(key)) return key;
    netns.nsids.delete(nsid);
    return undefined;
  }

  #want(netns: LiveNetns, nsid: number | undefined): void {
    if (nsid === undefined || nsid < 0 || this.#resolve(netns, nsid) !== undefined || netns.unresolved.has(nsid)) return;
    netns.unresolved.add(nsid);
    this.#asking.add(netns.key);
  }

  #aim(netns: LiveNetns, link: LinkEntry, target: string | undefined): void {
    move(this.#pointers, [link, netns], link.target, target);
    link.target = target;
  }

  #refer(netns: LiveNetns, link: LinkEntry, key: number | undefined): void {
    move(this.#referrers, [link, netns], link.linkKey, key);
    link.linkKey = key;
  }
}

/** Puts a link under another key of an index. */
function move<Key>(
  index: Map<Key, Map<LinkEntry, LiveNetns>>,
  [link, netns]: readonly [LinkEntry, LiveNetns],
  from: Key | undefined,
  to: Key | undefined,
): void {
  if (from === to) return;
  if (from !== undefined) {
    const there = index.get(from);
    there?.delete(link);
    if (there?.size === 0) index.delete(from);
  }
  if (to === undefined) return;
  const there = index.get(to);
  if (there === undefined) index.set(to, new Map([[link, netns]]));
  else there.set(link, netns);
}

const NONE: readonly [LinkEntry, LiveNetns][] = [];

function place(key: number, ifindex: number): string {
  return `${key}/${ifindex}`;
}

function sameVerdict(a: Verdict | undefined, b: Verdict | undefined): boolean {
  return a?.status === b?.status && a?.key === b?.key && a?.ifindex === b?.ifindex && a?.name === b?.name;
}
