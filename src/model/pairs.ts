import { kindOf } from '../kinds/facts.js';
import type { ReferringLink } from '../tables/shared/records.js';
import type { NsidResolver, ReferencedNamespace } from './references.js';
import type { PairStatus } from './types.js';

/** One end of a pair: position of the namespace in the list that was read, and the link. */
export interface PairEnd {
  readonly namespace: number;
  readonly link: ReferringLink;
}

/** What is known of the other end of a link that has one. */
export interface PairVerdict {
  readonly status: PairStatus;
  /** Present only when PAIRED. */
  readonly peer?: PairEnd;
}

/**
 * The other end of a link whose kind comes in pairs; undefined for links that have none by nature. PAIRED only when the kernel
 * said which namespace the nsid stands for, the link with that ifindex is there, and it points back the same way.
 */
export function pairOf(
  end: PairEnd,
  namespaces: readonly ReferencedNamespace[],
  resolver: NsidResolver,
): PairVerdict | undefined {
  if (kindOf(end.link)?.pair !== true) return undefined;
  const reference = peerReference(end.link);
  if (reference === undefined) return { status: 'PEER_NOT_VISIBLE' };
  const there = resolver.resolve(end.namespace, reference.nsid);
  if (there === undefined) return { status: 'PEER_NOT_VISIBLE' };
  const peer = namespaces[there]?.links.get(reference.ifindex);
  if (peer === undefined) return { status: 'PEER_NOT_VISIBLE' };
  const back = peerReference(peer);
  const pointsBack =
    back !== undefined && back.ifindex === end.link.ifindex && resolver.resolve(there, back.nsid) === end.namespace;
  return pointsBack ? { status: 'PAIRED', peer: { namespace: there, link: peer } } : { status: 'AMBIGUOUS' };
}

function peerReference(link: ReferringLink): ReferringLink['refs'][number] | undefined {
  return link.refs.find((reference) => reference.role === 'peer');
}

/**
 * Namespaces whose links contradict each other: an end that was resolved to a namespace where no such link is, or whose
 * peer points elsewhere. On a busy host that is a pair that was made, moved or removed between two dumps; reading those
 * namespaces once more settles it.
 */
export function contradictions(namespaces: readonly ReferencedNamespace[], resolver: NsidResolver): Set<number> {
  const again = new Set<number>();
  for (const [namespace, { links }] of namespaces.entries()) {
    for (const link of links.values()) {
      const verdict = pairOf({ namespace, link }, namespaces, resolver);
      if (verdict === undefined || verdict.status === 'PAIRED') continue;
      const reference = peerReference(link);
      const there = reference === undefined ? undefined : resolver.resolve(namespace, reference.nsid);
      if (there === undefined) continue;
      again.add(namespace).add(there);
    }
  }
  return again;
}
