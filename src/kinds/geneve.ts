import { attributes, be16, be32, bool8, flag, hex, ipv4, ipv6, oneOf, portRange, u8, u32, words } from './codecs.js';
import type { DetailValue, LinkKind } from './contract.js';
import { named } from './shared/facts.js';

// linux/if_link.h, v6.12; PORT_RANGE since v6.15, GRO_HINT v7.0, LOCAL and LOCAL6 v7.2
const DF = words({ GENEVE_DF_UNSET: [0, 'unset'], GENEVE_DF_SET: [1, 'set'], GENEVE_DF_INHERIT: [2, 'inherit'] });

/** The address that means none is left out. */
function finish(detail: Record<string, DetailValue>): void {
  for (const name of ['remote', 'remote6', 'local', 'local6']) {
    if (detail[name] === '0.0.0.0' || detail[name] === '::') delete detail[name];
  }
}

/** An overlay over UDP, as OVN uses it. It is bound to no underlay. geneve_fill_info(), drivers/net/geneve.c. */
export const kind: LinkKind = {
  kind: 'geneve',
  data: attributes({
    IFLA_GENEVE_COLLECT_METADATA: [6, 'external', flag],
    IFLA_GENEVE_ID: [1, 'id', u32],
    IFLA_GENEVE_REMOTE: [2, 'remote', ipv4],
    IFLA_GENEVE_REMOTE6: [7, 'remote6', ipv6],
    IFLA_GENEVE_LOCAL: [17, 'local', ipv4],
    IFLA_GENEVE_LOCAL6: [18, 'local6', ipv6],
    IFLA_GENEVE_TTL: [3, 'ttl', u8],
    IFLA_GENEVE_TTL_INHERIT: [12, 'ttl_inherit', flag],
    IFLA_GENEVE_TOS: [4, 'tos', hex(u8)],
    IFLA_GENEVE_DF: [13, 'df', oneOf(u8, DF)],
    IFLA_GENEVE_LABEL: [11, 'label', hex(be32)],
    IFLA_GENEVE_PORT: [5, 'port', be16],
    IFLA_GENEVE_PORT_RANGE: [15, 'port_range', portRange],
    IFLA_GENEVE_UDP_CSUM: [8, 'udp_csum', bool8],
    IFLA_GENEVE_UDP_ZERO_CSUM6_TX: [9, 'udp_zero_csum6_tx', bool8],
    IFLA_GENEVE_UDP_ZERO_CSUM6_RX: [10, 'udp_zero_csum6_rx', bool8],
    IFLA_GENEVE_INNER_PROTO_INHERIT: [14, 'inner_proto_inherit', flag],
    IFLA_GENEVE_GRO_HINT: [16, 'gro_hint', flag],
  }),
  finish,
  // In metadata mode the kernel sends an id of 0, which is none.
  facts: (link) => named(link, link.attributes.external === 'true' ? 'external' : 'id=vni', 'port', 'remote', 'remote6=remote'),
};
