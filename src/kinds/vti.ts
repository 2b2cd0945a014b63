import { endpoint4 } from './codecs.js';
import type { LinkKind } from './contract.js';
import { vtiKind } from './shared/vti.js';

/** IPsec over IPv4 as an interface, the way before xfrm. */
export const kind: LinkKind = vtiKind('vti', endpoint4);
