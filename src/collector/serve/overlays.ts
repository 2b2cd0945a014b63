import { createFabric } from '../../fabric/index.js';
import type { Overlay } from '../../model/types.js';
import { fabricHostOf } from './answers.js';
import type { Members } from '../types.js';

/**
 * The overlays of all hosts, whenever they are asked for, some at a time; empty lists are pauses for other work. What is found out of a
 * host is kept from one call to the next, as long as nothing of the host changes.
 */
export function overlaysOf(members: Members): () => Iterable<readonly Overlay[]> {
  const fabric = createFabric();
  return () =>
    fabric.overlays(
      members.members().flatMap((member) => fabricHostOf(member)),
      {},
    );
}
