import type { Ifindex, Nsid } from '../proto/identifiers.js';
import type { AddressRecord, ReferringLink } from '../tables/shared/records.js';
import { push } from '../text/lists.js';
import { ipv4Network, type Ipv4Network, sameNetwork } from './networks.js';

/** What the resolver needs of a link. */
export interface ReferencedLink extends Pick<ReferringLink, 'ifindex' | 'refs'> {
  readonly masterIfindex?: Ifindex | undefined;
  readonly linkNsid?: Nsid | undefined;
}

/** What the resolver needs of one namespace. */
export interface ReferencedNamespace {
  /** In the kernel's order. */
  readonly links: ReadonlyMap<Ifindex, ReferencedLink>;
  /** Called at most once, and only where several namespaces could be meant. */
  addresses(): readonly Pick<AddressRecord, 'ifindex' | 'address' | 'prefixLength'>[];
  readonly isHost: boolean;
}

/** "In the namespace `asker`, which id has each of `candidates`?" Both are positions in the list of namespaces. */
export interface NsidQuestion {
  readonly asker: number;
  readonly candidates: readonly number[];
}

/**
 * Candidates asked about in the first round, for each unresolved id; each later round asks for four times as many. The
 * likeliest comes first, and nearly always it is the one.
 */
const FIRST_ROUND = 1;

interface Reference {
  readonly asker: number;
  readonly nsid: Nsid;
  /** Best first. */
  readonly candidates: readonly number[];
  /** How many candidates were asked about. */
  asked: number;
}

/**
 * Finds out which namespace an nsid stands for. The kernel answers only the opposite question ("which id has this
 * namespace here?"), in time that grows with the number of ids, so only ids that some link refers to are resolved, and
 * only namespaces that could be meant are asked about: for a veth those with a veth that points back.
 *
 *     for (let questions = resolver.questions(); questions.length > 0; questions = resolver.questions()) ask(questions);
 */
export class NsidResolver {
  readonly #namespaces: readonly ReferencedNamespace[];
  readonly #references: Reference[] = [];
  /** For each namespace: nsid to position. */
  readonly #known: Map<number, number>[];
  /** For each namespace: candidates that were asked about. */
  readonly #answered: Set<number>[];
  #round = 0;

  constructor(namespaces: readonly ReferencedNamespace[]) {
    this.#namespaces = namespaces;
    this.#known = namespaces.map(() => new Map<number, number>());
    this.#answered = namespaces.map(() => new Set<number>());
    this.#collect();
  }

  /** The next questions; empty when everything is resolved or nothing more can be asked. Each is asked once. */
  questions(): NsidQuestion[] {
    const batch = FIRST_ROUND * 4 ** this.#round++;
    const byAsker = new Map<number, Set<number>>();
    for (const reference of this.#references) {
      if (this.#known[reference.asker]?.has(reference.nsid) === true) continue;
      const wanted = byAsker.get(reference.asker) ?? new Set();
      const end = Math.min(reference.candidates.length, reference.asked + batch);
      for (; reference.asked < end; reference.asked++) {
        const candidate = reference.candidates[reference.asked];
        if (candidate !== undefined && this.#answered[reference.asker]?.has(candidate) !== true) wanted.add(candidate);
      }
      if (wanted.size > 0) byAsker.set(reference.asker, wanted);
    }
    return [...byAsker].map(([asker, candidates]) => ({ asker, candidates: [...candidates] }));
  }

  /** The kernel's answer; nsid undefined when the candidate has no id there or could not be asked about. */
  answer(asker: number, candidate: number, nsid: number | undefined): void {
    this.#answered[asker]?.add(candidate);
    if (nsid !== undefined) this.#known[asker]?.set(nsid, candidate);
  }

  /** Position of the namespace that `nsid` stands for in the namespace `asker`; undefined when that is not known. */
  resolve(asker: number, nsid: Nsid | undefined): number | undefined {
    return nsid === undefined ? asker : this.#known[asker]?.get(nsid);
  }

  #collect(): void {
    const pointing = this.#peersByEnds();
    const known: Networks[] = [];
    const networksAt = (at: number): Networks => (known[at] ??= networksByIfindex(this.#namespaces[at]));
    const hosts = [...this.#namespaces.entries()].flatMap(([at, { isHost }]) => (isHost ? [at] : []));
    for (const [asker, { links }] of this.#namespaces.entries()) {
      const votes = new Map<Nsid, Map<number, number>>();
      const others = new Map<Nsid, Set<Ifindex>>();
      const bare = new Set<Nsid>();
      for (const link of links.values()) {
        for (const { role, nsid, ifindex } of link.refs) {
          if (nsid === undefined || nsid < 0) continue;
          const candidates = votes.get(nsid) ?? new Map<number, number>();
          votes.set(nsid, candidates);
          if (role === 'peer') {
            const possible = (pointing.get(`${ifindex} ${link.ifindex}`) ?? []).filter((candidate) => candidate !== asker);
            for (const candidate of possible) {
              const peer = this.#namespaces[candidate]?.links.get(ifindex);
              const isLikely =
                possible.length > 1 && peer !== undefined && shareNetwork(networksAt(asker), link, networksAt(candidate), peer);
              const vote = isLikely ? NETWORK_VOTE : 1;
              candidates.set(candidate, (candidates.get(candidate) ?? 0) + vote);
            }
          } else others.set(nsid, (others.get(nsid) ?? new Set()).add(ifindex));
        }
        // A vxlan without an underlay interface names only the namespace of its socket, which is the host's nearly always.
        const { linkNsid } = link;
        if (linkNsid !== undefined && linkNsid >= 0 && !votes.has(linkNsid)) bare.add(linkNsid);
      }
      for (const nsid of bare)
        if (!votes.has(nsid))
          this.#references.push({ asker, nsid, candidates: hosts.filter((host) => host !== asker), asked: 0 });
      for (const [nsid, candidates] of votes) {
        const ranked = [...candidates].sort((a, b) => b[1] - a[1]).map(([candidate]) => candidate);
        const more = this.#namespacesWith(others.get(nsid), asker).filter((candidate) => !candidates.has(candidate));
        this.#references.push({ asker, nsid, candidates: [...ranked, ...more], asked: 0 });
      }
    }
  }

  /** "own ifindex, peer's ifindex" of every end of a pair that crosses namespaces, to the namespaces that have one. */
  #peersByEnds(): Map<string, number[]> {
    const ends = new Map<string, number[]>();
    for (const [at, { links }] of this.#namespaces.entries()) {
      for (const link of links.values()) {
        const peer = link.refs.find((reference) => reference.role === 'peer');
        if (peer?.nsid === undefined) continue;
        push(ends, `${link.ifindex} ${peer.ifindex}`, at);
      }
    }
    return ends;
  }

  /** For lowers and underlays nothing points back: namespaces with such an interface, the host's first. */
  #namespacesWith(ifindexes: ReadonlySet<Ifindex> | undefined, asker: number): number[] {
    if (ifindexes === undefined) return [];
    const fitting: number[] = [];
    for (const [at, { links, isHost }] of this.#namespaces.entries()) {
      if (at === asker || ![...ifindexes].some((ifindex) => links.has(ifindex))) continue;
      if (isHost) fitting.unshift(at);
      else fitting.push(at);
    }
    return fitting;
  }
}

type Networks = ReadonlyMap<Ifindex, readonly Ipv4Network[]>;

/**
 * What a common network is worth against a veth that points back. It decides only who is asked about first: many overlays
 * can have ports with equal ifindexes, but their subnets differ. Who the peer is, the kernel says.
 */
const NETWORK_VOTE = 1000;

function networksByIfindex(namespace: ReferencedNamespace | undefined): Networks {
  const networks = new Map<Ifindex, Ipv4Network[]>();
  for (const { ifindex, address, prefixLength } of namespace?.addresses() ?? []) {
    const network = ipv4Network(address, prefixLength);
    if (network !== undefined) push(networks, ifindex, network);
  }
  return networks;
}

/** Whether two ends are in one IPv4 network: by their own addresses, or as ports by those of their bridge. */
function shareNetwork(ours: Networks, link: ReferencedLink, theirs: Networks, peer: ReferencedLink): boolean {
  const own = networksOf(ours, link);
  return networksOf(theirs, peer).some((network) => own.some((other) => sameNetwork(network, other)));
}

function networksOf(networks: Networks, { ifindex, masterIfindex }: ReferencedLink): readonly Ipv4Network[] {
  return networks.get(ifindex) ?? (masterIfindex === undefined ? undefined : networks.get(masterIfindex)) ?? [];
}
