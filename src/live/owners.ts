import { setImmediate as nextTurn } from 'node:timers/promises';
import { containerIdsOfProcesses, type EngineView } from '../docker/index.js';
import { assignOwners, networkOf } from '../model/owners.js';
import type { LiveState } from './live-state.js';

/** Files of /proc that are read in one go. */
const SLICE = 64;

/** Joins what the engines say with the namespaces there are. */
export async function joinOwners(
  state: LiveState,
  view: EngineView,
  { procRoot, narrowed }: { readonly procRoot: string; readonly narrowed: boolean },
): Promise<void> {
  const containerIdsOf = containerIdsOfProcesses(procRoot);
  // It remembers what it has read: so the files are read here, in slices, and not below, in one stretch.
  for (const [at, { pid }] of view.containers.entries()) {
    containerIdsOf(pid);
    if (at % SLICE === SLICE - 1) await nextTurn();
  }
  const namespaces = [...state.namespaces.values()];
  const references = namespaces.map(({ id, found: { paths, pids, isHost } }) => ({ id, paths, pids, isHost }));
  const { owners, joined, gaps } = assignOwners(references, view, { containerIdsOf, narrowed });
  for (const [at, netns] of namespaces.entries()) {
    if (at % SLICE === SLICE - 1) await nextTurn();
    if (!state.namespaces.has(netns.key)) continue;
    const { role, networkPrefix } = netns.role;
    state.setOwnership(netns, {
      owner: owners.get(netns.id),
      joined: joined.get(netns.id) ?? [],
      network: networkOf(role, networkPrefix, view.networks),
    });
  }
  state.setNetworks(view.networks);
  state.setGaps('engines', view.gaps);
  state.setGaps('owners', gaps);
}
