import type { LinkKind } from './contract.js';
import { ipvlanKind } from './shared/ipvlan.js';

/** An interface that shares the MAC of its lower; the address decides whose a packet is. */
export const kind: LinkKind = ipvlanKind('ipvlan');
