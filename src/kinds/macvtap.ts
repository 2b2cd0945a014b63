import type { LinkKind } from './contract.js';
import { macvlanKind } from './shared/macvlan.js';

/** A macvlan whose packets go to a character device, for a virtual machine. */
export const kind: LinkKind = macvlanKind('macvtap');
