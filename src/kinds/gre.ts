import type { LinkKind } from './contract.js';
import { greKind } from './shared/gre.js';

/** GRE over IPv4, carrying IP. */
export const kind: LinkKind = greKind('gre', 'ipv4');
