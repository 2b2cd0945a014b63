import type { LinkKind } from './contract.js';
import { ipvlanKind } from './shared/ipvlan.js';

/** An interface that shares the MAC of its lower and is told apart by address. */
export const kind: LinkKind = ipvlanKind('ipvlan');
