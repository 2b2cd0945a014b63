import { basename, dirname, normalisePath, ownerRoot } from './paths.js';
import type { NetnsId } from './types.js';

/** Fields of a namespace needed to find its owner. */
export interface NetnsReferences {
  readonly id: NetnsId;
  /** Mounts; one under /proc/PID/root belongs to another mount namespace. */
  readonly paths: readonly string[];
  /** Processes in it, in our pid namespace. */
  readonly pids: readonly number[];
  readonly isHost: boolean;
}

/** Evidence from the kernel. */
export interface OwnerProofs {
  /**
   * Ids of the containers that a process belongs to by its control groups, the outermost first; undefined when that cannot
   * be read. Called only for processes that matter.
   */
  containerIdsOf(pid: number): readonly string[] | undefined;
  /** Only some namespaces were read, so a container without one is no gap. */
  readonly narrowed: boolean;
}

/** Finds namespaces by an engine's description of a container. */
export interface NamespaceIndex {
  /** By a file's path in the mount namespace of the engine; undefined when there is none, or no single one. */
  byPath(path: string): NetnsReferences | undefined;
  /** By a process's number in our pid namespace. */
  byPid(pid: number): NetnsReferences | undefined;
  /** By a container's processes, recognised by their control groups. @param pid the process to look at first */
  byControlGroup(containerId: string, pid: number): NetnsReferences | undefined;
}

/** Processes of one namespace that are checked when searching containers by control group. */
const MAX_SEARCHED = 32;

/** Builds the index; expensive parts on first use. */
export function indexNamespaces(namespaces: readonly NetnsReferences[], proofs: OwnerProofs): NamespaceIndex {
  const pids = new Map<number, NetnsReferences>();
  for (const namespace of namespaces) for (const pid of namespace.pids) pids.set(pid, namespace);
  let paths: PathTiers | undefined;
  let members: ReadonlyMap<string, ReadonlySet<NetnsReferences>> | undefined;
  return {
    byPath: (path) => {
      paths ??= indexPaths(namespaces);
      return findPath(paths, normalisePath(path));
    },
    byPid: (pid) => pids.get(pid),
    byControlGroup: (containerId, pid) => {
      const direct = pids.get(pid);
      if (direct !== undefined && proofs.containerIdsOf(pid)?.at(-1) === containerId) return direct;
      members ??= indexMembers(namespaces, proofs);
      return only(members.get(containerId));
    },
  };
}

type Tier = Map<string, Set<NetnsReferences>>;

/** Mounts by path, the most trusted first. */
interface PathTiers {
  /** In our own mount namespace. */
  readonly own: Tier;
  /** In other mount namespaces, by the path there. */
  readonly foreign: Tier;
  /** By name alone: in a container the directory of the namespaces may be mounted somewhere else. */
  readonly names: Tier;
}

function indexPaths(namespaces: readonly NetnsReferences[]): PathTiers {
  const tiers: PathTiers = { own: new Map(), foreign: new Map(), names: new Map() };
  for (const namespace of namespaces) {
    for (const path of namespace.paths) {
      const root = ownerRoot(path);
      add(root === '' ? tiers.own : tiers.foreign, normalisePath(path.slice(root.length)), namespace);
      // There the name is one that a person chose.
      if (normalisePath(dirname(path)) !== '/run/netns') add(tiers.names, basename(path), namespace);
    }
  }
  return tiers;
}

function findPath({ own, foreign, names }: PathTiers, path: string): NetnsReferences | undefined {
  const found = own.get(path) ?? foreign.get(path) ?? names.get(basename(path));
  return only(found);
}

/**
 * Containers by their processes' control groups, for engines whose process ids mean nothing here. The machine's own
 * namespace is searched completely: containers on the host network are there.
 */
function indexMembers(namespaces: readonly NetnsReferences[], proofs: OwnerProofs): Tier {
  const members: Tier = new Map();
  for (const namespace of namespaces) {
    for (const pid of namespace.isHost ? namespace.pids : namespace.pids.slice(0, MAX_SEARCHED)) {
      const id = proofs.containerIdsOf(pid)?.at(-1);
      if (id !== undefined) add(members, id, namespace);
    }
  }
  return members;
}

function add(tier: Tier, key: string, namespace: NetnsReferences): void {
  const set = tier.get(key);
  if (set === undefined) tier.set(key, new Set([namespace]));
  else set.add(namespace);
}

function only(set: ReadonlySet<NetnsReferences> | undefined): NetnsReferences | undefined {
  return set?.size === 1 ? [...set][0] : undefined;
}
