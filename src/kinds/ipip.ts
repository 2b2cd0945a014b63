import type { LinkKind } from './contract.js';
import { iptunnelKind } from './shared/iptunnel.js';

/** IPv4 (or MPLS) in IPv4. */
export const kind: LinkKind = iptunnelKind('ipip', 'ipv4');
