import { endpoint6 } from './codecs.js';
import type { LinkKind } from './contract.js';
import { vtiKind } from './shared/vti.js';

/** IPsec over IPv6 as an interface, the way before xfrm. */
export const kind: LinkKind = vtiKind('vti6', endpoint6);
