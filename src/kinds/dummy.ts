import type { LinkKind } from './contract.js';

/** A link that drops what it is given. The driver sends no IFLA_INFO_DATA (drivers/net/dummy.c). */
export const kind: LinkKind = {
  kind: 'dummy',
  data: {},
};
