import type { LinkKind } from './contract.js';

/** Captures netlink messages. No IFLA_INFO_DATA (drivers/net/nlmon.c). */
export const kind: LinkKind = {
  kind: 'nlmon',
  data: {},
};
