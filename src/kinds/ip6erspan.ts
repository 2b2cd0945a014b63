import type { LinkKind } from './contract.js';
import { greKind } from './shared/gre.js';

/** Mirrored frames over GRE and IPv6. */
export const kind: LinkKind = greKind('ip6erspan', 'ipv6');
