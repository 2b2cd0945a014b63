import type { LinkKind } from './contract.js';
import { ipvlanKind } from './shared/ipvlan.js';

/** An ipvlan whose packets go to a character device. */
export const kind: LinkKind = ipvlanKind('ipvtap');
