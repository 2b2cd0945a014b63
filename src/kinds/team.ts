import type { LinkKind } from './contract.js';

/** Aggregate of links. Its options and ports are read through generic netlink, not here; no IFLA_INFO_DATA (drivers/net/team/team_core.c). */
export const kind: LinkKind = {
  kind: 'team',
  data: {},
};
