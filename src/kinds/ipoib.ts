import type { AttributeReader } from '../netlink/attributes.js';
import { attributes, oneOf, u16, words } from './codecs.js';
import type { LinkKind } from './contract.js';
import { iflaLinkRefs } from './shared/refs.js';
import { named } from './shared/facts.js';

// linux/if_link.h, v6.12
const MODES = words({ IPOIB_MODE_DATAGRAM: [0, 'datagram'], IPOIB_MODE_CONNECTED: [1, 'connected'] });

const fourDigits = (attribute: AttributeReader): string => attribute.u16().toString(16).padStart(4, '0');

/** printf's "%#.4x", which has no prefix for zero. */
const prefixed = (attribute: AttributeReader): string => {
  const digits = fourDigits(attribute);
  return digits === '0000' ? digits : `0x${digits}`;
};

/** IP over InfiniBand; a child refers to its parent. ipoib_fill_info(), drivers/infiniband/ulp/ipoib/ipoib_netlink.c. */
export const kind: LinkKind = {
  kind: 'ipoib',
  data: attributes({
    IFLA_IPOIB_PKEY: [1, 'key', prefixed],
    IFLA_IPOIB_MODE: [2, 'mode', oneOf(u16, MODES)],
    IFLA_IPOIB_UMCAST: [3, 'umcast', fourDigits],
  }),
  refs: (_detail, link) => iflaLinkRefs('lower', link),
  facts: (link) => named(link, 'key', 'mode'),
};
