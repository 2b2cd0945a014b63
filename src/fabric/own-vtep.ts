import { canIdentify } from './ip.js';
import { compare } from '../text/order.js';
import type { HostHead, MemberFacts } from './members.js';
import type { VtepHosts } from './vtep-hosts.js';
import type { Votes } from './votes.js';

/** The address at which other hosts reach a member, and what says so. */
export interface OwnVtep {
  readonly address: string;
  readonly source: 'local' | 'rows' | 'engine';
}

/** Rows that it takes to say another address of the host than its engine does. */
const ENOUGH = 2;

interface Witnesses {
  readonly vteps: VtepHosts;
  readonly votes: Votes;
}

/**
 * The VTEP of a member. What is found here is what rows are compared with, so a wrong row must not decide it:
 * 1. the address that the vxlan itself is bound to ("local");
 * 2. an address of the host to which more than half of the rows of other hosts for its endpoints lead ("rows"). It may be another one
 *    than the engine advertises to the swarm (--data-path-addr), but then two rows at least have to say so;
 * 3. the address that the engine advertises ("engine"), even when no interface has it: the node is behind NAT, or has lost its address;
 * 4. without an engine, the address of the host to which most of the rows lead ("rows");
 * 5. the address of no known host to which more than half of the rows lead ("rows"): the host is behind NAT.
 * Never an address of another host, however many rows lead there: that is what a wrong row looks like. A host with one
 * address alone proves nothing, and there the VTEP stays unknown.
 */
export function ownVtepOf(member: MemberFacts, networkId: string | undefined, witnesses: Witnesses): OwnVtep | undefined {
  const local = member.vxlan?.vxlan.local;
  if (local !== undefined) return { address: local, source: 'local' };
  const { votes, vteps } = witnesses;
  const engine = engineAddress(member.host, networkId);
  const own = mostRows(votes, (address) => vteps.hostOf(address)?.id === member.host.id);
  if (own !== undefined && own.rows * 2 > votes.total && (own.rows >= ENOUGH || engine === undefined || own.address === engine))
    return { address: own.address, source: 'rows' };
  if (engine !== undefined) return { address: engine, source: 'engine' };
  if (own !== undefined) return { address: own.address, source: 'rows' };
  const unknown = mostRows(votes, (address) => canIdentify(address) && vteps.owners(address).length === 0);
  return unknown !== undefined && unknown.rows * 2 > votes.total ? { address: unknown.address, source: 'rows' } : undefined;
}

/** What the engine advertises that has the network; where that is not known, what all engines of the host do. */
function engineAddress({ networks, engines, advertised }: HostHead, networkId: string | undefined): string | undefined {
  if (networkId === undefined) return undefined;
  const socket = networks.find(({ id }) => id === networkId)?.engine;
  const engine = socket === undefined ? undefined : engines.find((each) => each.socket === socket);
  const addresses = engine === undefined ? advertised : advertised.filter((address) => address === engine.swarmNodeAddress);
  return addresses.length === 1 ? addresses[0] : undefined;
}

/** The VTEP with most rows. Of equal ones the lesser text: the order of hosts decides nothing. */
function mostRows(
  { rows }: Votes,
  counts: (address: string) => boolean,
): { readonly address: string; readonly rows: number } | undefined {
  let best: { address: string; rows: number } | undefined;
  for (const [address, number] of rows) {
    if (!counts(address)) continue;
    const order = best === undefined ? 1 : number - best.rows || compare(best.address, address);
    if (order > 0) best = { address, rows: number };
  }
  return best;
}
