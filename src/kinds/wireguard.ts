import type { LinkKind } from './contract.js';

/** Encrypted tunnel. Its peers and keys are read through generic netlink, not here; no IFLA_INFO_DATA (drivers/net/wireguard/device.c). */
export const kind: LinkKind = {
  kind: 'wireguard',
  data: {},
};
