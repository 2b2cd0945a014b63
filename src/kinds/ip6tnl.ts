import type { LinkKind } from './contract.js';
import { iptunnelKind } from './shared/iptunnel.js';

/** IPv4 or IPv6 in IPv6. */
export const kind: LinkKind = iptunnelKind('ip6tnl', 'ipv6');
