import type { LinkKind } from './contract.js';
import { greKind } from './shared/gre.js';

/** GRE over IPv6, carrying Ethernet. */
export const kind: LinkKind = greKind('ip6gretap', 'ipv6');
