import type { LinkKind } from './contract.js';

/** One end of a CAN pair. No IFLA_INFO_DATA (drivers/net/can/vxcan.c); IFLA_LINK is the peer. */
export const kind: LinkKind = {
  kind: 'vxcan',
  data: {},
  pair: true,
};
