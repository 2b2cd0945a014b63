import type { LinkKind } from './contract.js';
import { macvlanKind } from './shared/macvlan.js';

/** An interface with a MAC of its own on top of a lower one. */
export const kind: LinkKind = macvlanKind('macvlan');
