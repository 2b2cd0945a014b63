import type { LinkKind } from './contract.js';

/** One end of a pair. The driver sends no IFLA_INFO_DATA (VETH_INFO_PEER only ever goes to the kernel); IFLA_LINK is the peer. */
export const kind: LinkKind = {
  kind: 'veth',
  data: {},
  pair: true,
  usual: true,
};
