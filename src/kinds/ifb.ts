import type { LinkKind } from './contract.js';

/** Intermediate functional block: where traffic control redirects to. No IFLA_INFO_DATA (drivers/net/ifb.c). */
export const kind: LinkKind = {
  kind: 'ifb',
  data: {},
};
