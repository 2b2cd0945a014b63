import type { LinkKind } from './contract.js';
import { greKind } from './shared/gre.js';

/** Mirrored frames over GRE and IPv4. */
export const kind: LinkKind = greKind('erspan', 'ipv4');
