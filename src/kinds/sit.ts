import type { LinkKind } from './contract.js';
import { iptunnelKind } from './shared/iptunnel.js';

/** IPv6 in IPv4: 6in4, 6RD, ISATAP. */
export const kind: LinkKind = iptunnelKind('sit', 'ipv4');
