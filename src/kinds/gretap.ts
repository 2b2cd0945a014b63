import type { LinkKind } from './contract.js';
import { greKind } from './shared/gre.js';

/** GRE over IPv4, carrying Ethernet. */
export const kind: LinkKind = greKind('gretap', 'ipv4');
