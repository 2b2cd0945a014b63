import { push } from '../text/lists.js';
import { compare } from '../text/order.js';
import { basename } from './ids.js';
import { indexNamespaces, type NamespaceIndex, type NetnsReferences, type OwnerProofs } from './namespace-index.js';
import type { Gap, NetnsId, Network, Owner, ReadStatus, Role } from './types.js';

export type { NetnsReferences, OwnerProofs } from './namespace-index.js';

/** What an engine says of a running container (docker/types.ts, ContainerClaim). */
export interface OwnerClaim {
  readonly owner: Owner;
  /** Its first process, in the engine's pid namespace, which need not be ours. */
  readonly pid: number;
  /** The file of its namespace, in the engine's mount namespace, which need not be ours. */
  readonly sandboxKey?: string;
}

/** Which namespace is whose. */
export interface Ownership {
  /** The container that a namespace was made for. */
  readonly owners: ReadonlyMap<NetnsId, Owner>;
  /** Containers in somebody else's namespace (modes "container" and "host"), by name. */
  readonly joined: ReadonlyMap<NetnsId, readonly Owner[]>;
  /** Claims that the kernel contradicts or does not confirm. */
  readonly gaps: readonly Gap[];
}

/** How good a proof is: sandbox and process, the process's control groups, the sandbox's random name, the bare pid. */
type Strength = 4 | 3 | 2 | 1;

type Verdict = Accepted | Refused;

interface Accepted {
  readonly at: NetnsReferences;
  readonly strength: Strength;
}

interface Refused {
  /** Proofs that contradict each other; proofs that do not suffice; nothing there any more. */
  readonly reason: 'contradicted' | 'unproven' | 'vanished';
  readonly why: string;
}

/**
 * Joins what engines claim with the namespaces that exist. A claim is accepted only when the kernel proves it: the
 * namespace is mounted under the sandbox's name, or the container's process is in it; and when both are known they have to
 * agree. Everything else is a gap, never a guess. Several engines may claim at a time, and an engine may live in other
 * mount and pid namespaces than we do.
 */
export function assignOwners(
  namespaces: readonly NetnsReferences[],
  view: { readonly containers: readonly OwnerClaim[] },
  proofs: OwnerProofs,
): Ownership {
  const index = indexNamespaces(namespaces, proofs);
  const gaps: Gap[] = [];
  const claimed = new Map<NetnsReferences, { claim: OwnerClaim; strength: Strength }[]>();
  const joined = new Map<NetnsId, Owner[]>();
  const refused: [OwnerClaim, Refused][] = [];
  for (const claim of view.containers) {
    const verdict = judge(claim, index, proofs);
    if ('reason' in verdict) refused.push([claim, verdict]);
    else if (isGuest(claim.owner)) push(joined, verdict.at.id, claim.owner);
    else push(claimed, verdict.at, { claim, strength: verdict.strength });
  }
  const owners = new Map<NetnsId, Owner>();
  for (const [at, claims] of claimed) {
    const best = Math.max(...claims.map(({ strength }) => strength));
    const winners = claims.filter(({ strength }) => strength === best);
    const [winner] = winners;
    if (winners.length === 1 && winner !== undefined) owners.set(at.id, winner.claim.owner);
    for (const { claim } of winners.length === 1 ? claims.filter(({ strength }) => strength < best) : claims) {
      gaps.push(gapOf(claim, 'UNPROVEN', `other containers claim the namespace ${at.id}, too`, at.id));
    }
  }
  gaps.push(...refusedGaps(refused, view.containers, proofs));
  for (const list of joined.values())
    list.sort((a, b) => compare(a.containerName, b.containerName) || compare(a.containerId, b.containerId));
  return { owners, joined, gaps };
}

/**
 * A container that ends during the read is no failure. But an engine without any confirmed container does not see the
 * same namespaces as we do; and if only some namespaces were read, nothing can be concluded.
 */
function refusedGaps(refused: readonly [OwnerClaim, Refused][], claims: readonly OwnerClaim[], proofs: OwnerProofs): Gap[] {
  const failed = new Set(refused.map(([claim]) => claim));
  const seen = new Set(claims.filter((claim) => !failed.has(claim)).map(({ owner }) => owner.engine));
  return refused
    .filter(([, { reason }]) => reason === 'contradicted' || !proofs.narrowed)
    .map(([claim, { reason, why }]) =>
      gapOf(claim, reason === 'vanished' && seen.has(claim.owner.engine) ? 'VANISHED' : 'UNPROVEN', why),
    );
}

/** Whether a container lives in a namespace that was made for somebody else. */
function isGuest(owner: Owner): boolean {
  return owner.networkMode === 'container' || owner.networkMode === 'host';
}

function judge(claim: OwnerClaim, index: NamespaceIndex, proofs: OwnerProofs): Verdict {
  const { owner, pid, sandboxKey } = claim;
  const proven = index.byControlGroup(owner.containerId, pid);
  const sandbox = sandboxKey === undefined ? undefined : index.byPath(sandboxKey);
  const random = sandboxKey !== undefined && isRandomName(sandboxKey);
  if (proven !== undefined) {
    // "default" and other fixed names are the same for every engine: the process decides which one is meant.
    if (sandbox === undefined || !random) return { at: proven, strength: sandbox === proven ? 4 : 3 };
    if (sandbox === proven) return { at: proven, strength: 4 };
    return contradicted(claim, proven, sandbox);
  }
  // A number that belongs to some other process: the engine counts in another pid namespace, or the container has ended.
  const foreign = proofs.containerIdsOf(pid) !== undefined;
  const byPid = foreign ? undefined : index.byPid(pid);
  if (sandbox !== undefined && random) {
    if (byPid === undefined) return { at: sandbox, strength: 2 };
    return byPid === sandbox ? { at: sandbox, strength: 4 } : contradicted(claim, byPid, sandbox);
  }
  if (sandbox !== undefined) {
    if (byPid === sandbox) return { at: sandbox, strength: 1 };
    const why = `${sandboxKey} is ${sandbox.id}, but nothing proves that it is this engine's: its process ${pid} was not found there`;
    return { reason: 'unproven', why };
  }
  if (byPid !== undefined && isPlausible(byPid, owner)) return { at: byPid, strength: 1 };
  const places = [`process ${pid}`, ...(sandboxKey === undefined ? [] : [sandboxKey])].join(' and ');
  const lives = proofs.containerIdsOf(pid)?.at(-1) === owner.containerId;
  return { reason: lives ? 'unproven' : 'vanished', why: `no namespace was found for ${places}` };
}

/** Whether a namespace that only a bare process id speaks for can be this container's. */
function isPlausible({ isHost, paths }: NetnsReferences, owner: Owner): boolean {
  if (owner.networkMode === 'container') return true;
  if (owner.networkMode === 'host') return isHost;
  return !isHost && !paths.some(isRandomName);
}

// The first 12 digits of a random number (GenerateKey(), libnetwork/osl/namespace_linux.go); Podman's are whole UUIDs.
const RANDOM_NAME = /^(?:[0-9a-f]{12}|(?:netns|cni)-[0-9a-f]{8}-[0-9a-f-]{27})$/;

/** Whether a namespace's file has a name that no other engine will have given to another one. */
export function isRandomName(path: string): boolean {
  return RANDOM_NAME.test(basename(path));
}

function contradicted({ pid, sandboxKey }: OwnerClaim, process: NetnsReferences, sandbox: NetnsReferences): Refused {
  return { reason: 'contradicted', why: `its process ${pid} is in ${process.id}, but ${sandboxKey} is ${sandbox.id}` };
}

/** Characters of an id that people use. */
const SHORT_ID = 12;

function gapOf({ owner }: OwnerClaim, status: ReadStatus, why: string, netnsId?: NetnsId): Gap {
  return {
    ...(netnsId !== undefined && { netnsId }),
    engine: owner.engine,
    status,
    operation: 'prove',
    message: `container ${owner.containerName} (${owner.containerId.slice(0, SHORT_ID)}): ${why}`,
  };
}

/** The one network whose id begins so; undefined when none does or several do. */
export function resolveNetwork(prefix: string, networks: readonly Network[]): Network | undefined {
  if (prefix === '') return undefined;
  return single(networks.filter(({ id }) => id.startsWith(prefix)));
}

/**
 * The Docker network that an overlay, load balancer or ingress namespace belongs to, as far as the engines know it.
 * @param prefix beginning of the network's id from the name of the namespace (roles.ts)
 */
export function networkOf(role: Role, prefix: string | undefined, networks: readonly Network[]): Network | undefined {
  if (prefix !== undefined) return resolveNetwork(prefix, networks);
  return role === 'INGRESS' ? single(networks.filter(({ ingress }) => ingress === true)) : undefined;
}

/** The only one, when all are the same network. */
function single(networks: readonly Network[]): Network | undefined {
  const [first] = networks;
  return networks.every(({ id }) => id === first?.id) ? first : undefined;
}
