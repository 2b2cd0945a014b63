import { AttributeReader, LITTLE_ENDIAN } from '../../netlink/attributes.js';
import { hexBytes, linkAddressText } from '../../netlink/text.js';
import * as uapi from '../../netlink/uapi.js';
import type { Ifindex, Nsid } from '../../proto/identifiers.js';
import { AttributeDecoder, type DecoderFilter, partly, volatile } from '../shared/attribute-table.js';
import { decodeCounters } from './counters.js';
import { shortHeader } from '../shared/header.js';
import { decodeLinkInfo, LINK_INFO_FILTER } from './link-info.js';
import { linkTypeName } from './link-types.js';
import { addrGenModeName, bitNames, IFF_NAMES, linkModeName, operStateName } from '../shared/names.js';
import type { LinkRecord, ReferringLink } from '../shared/records.js';
import type { Decoded } from '../shared/result.js';

/** A link while its attributes are walked. */
interface Draft {
  readonly link: LinkRecord;
  /** ARPHRD_*. */
  readonly linkType: number;
  /** IFLA_LINK as it is. */
  iflaLink: number | undefined;
  /** Decoded after the walk: kinds ask for IFLA_LINK and IFLA_LINK_NETNSID, which may come after IFLA_LINKINFO. */
  info: AttributeReader | undefined;
}

/**
 * Decodes the payload of one RTM_NEWLINK (or RTM_DELLINK) in bytes [start, end): struct ifinfomsg and attributes.
 * // rtnl_fill_ifinfo(), net/core/rtnetlink.c
 */
export function decodeLink(view: DataView, start: number, end: number): Decoded<LinkRecord> {
  return decode(view, start, end, false);
}

/** The same with what the link refers to. */
export function decodeReferringLink(view: DataView, start: number, end: number): Decoded<ReferringLink> {
  return decode(view, start, end, true) as Decoded<ReferringLink>;
}

function decode(view: DataView, start: number, end: number, refers: boolean): Decoded<LinkRecord> {
  const short = shortHeader('RTM_NEWLINK', start, end, uapi.SIZEOF_IFINFOMSG);
  if (short !== undefined) return short;
  const linkType = view.getUint16(start + 2, LITTLE_ENDIAN);
  const rawFlags = view.getUint32(start + 8, LITTLE_ENDIAN);
  const link: LinkRecord = {
    ifindex: view.getInt32(start + 4, LITTLE_ENDIAN) as Ifindex,
    name: '',
    altnames: [],
    linkType: linkTypeName(linkType),
    flags: bitNames(IFF_NAMES, rawFlags),
    rawFlags,
    operState: 'UNKNOWN',
    attributes: {},
    portAttributes: {},
    unknownAttributes: {},
  };
  if (refers) (link as ReferringLink).refs = [];
  const draft: Draft = { link, linkType, iflaLink: undefined, info: undefined };
  const attributes = new AttributeReader(view, start + uapi.SIZEOF_IFINFOMSG, end, 'RTM_NEWLINK');
  LINK.read(draft, attributes);
  if (draft.info !== undefined && attributes.error === undefined) decodeLinkInfo(link, draft.iflaLink, draft.info);
  if (link.name === '') attributes.fail(start, 'IFLA_IFNAME', 'none');
  return attributes.error ?? link;
}

/** IFLA_AF_SPEC's nest of AF_INET6; the rest of it are settings and counters of the family. */
const INET6 = new AttributeDecoder<LinkRecord>({
  [uapi.IFLA_INET6_ADDR_GEN_MODE]: (link, attribute) => {
    link.addrGenMode = addrGenModeName(attribute.u8());
  },
});

/** IFLA_AF_SPEC: one nest for each family, its number the attribute's type. */
const FAMILIES = new AttributeDecoder<LinkRecord>({
  [uapi.AF_INET6]: partly(INET6.filter, (link, attribute) => INET6.read(link, attribute.nested('AF_INET6'))),
});

/** Attributes that are not named here are left out. */
const LINK = new AttributeDecoder<Draft>({
  [uapi.IFLA_IFNAME]: ({ link }, attribute) => {
    const { text, bytes } = attribute.text();
    link.name = text;
    if (bytes !== undefined) link.nameBytes = bytes;
  },
  [uapi.IFLA_IFALIAS]: ({ link }, attribute) => {
    const { text, bytes } = attribute.text();
    link.alias = text;
    if (bytes !== undefined) link.aliasBytes = bytes;
  },
  [uapi.IFLA_PROP_LIST]: readAltnames,
  [uapi.IFLA_ADDRESS]: ({ link, linkType }, attribute) => {
    if (attribute.length > 0) link.mac = address(attribute, linkType);
  },
  [uapi.IFLA_BROADCAST]: ({ link, linkType }, attribute) => {
    if (attribute.length > 0) link.broadcast = address(attribute, linkType);
  },
  [uapi.IFLA_PERM_ADDRESS]: ({ link, linkType }, attribute) => {
    if (attribute.length > 0) link.permanentMac = address(attribute, linkType);
  },
  [uapi.IFLA_LINK]: (draft, attribute) => {
    const iflaLink = attribute.u32();
    draft.iflaLink = iflaLink;
    // 0 is none: the underlay of a tunnel without one, the peer of a veth that is gone. // dev_get_iflink()
    if (iflaLink !== 0) draft.link.linkIfindex = iflaLink as Ifindex;
  },
  [uapi.IFLA_LINK_NETNSID]: ({ link }, attribute) => {
    link.linkNsid = attribute.s32() as Nsid;
  },
  [uapi.IFLA_MASTER]: ({ link }, attribute) => {
    link.masterIfindex = attribute.u32() as Ifindex;
  },
  [uapi.IFLA_LINKINFO]: partly(LINK_INFO_FILTER, (draft: Draft, attribute) => {
    draft.info = attribute.nested('IFLA_LINKINFO');
  }),
  [uapi.IFLA_PHYS_PORT_ID]: ({ link }, attribute) => {
    link.physPortId = hexBytes(attribute.view, attribute.offset, attribute.length, '');
  },
  [uapi.IFLA_PHYS_SWITCH_ID]: ({ link }, attribute) => {
    link.physSwitchId = hexBytes(attribute.view, attribute.offset, attribute.length, '');
  },
  [uapi.IFLA_PHYS_PORT_NAME]: ({ link }, attribute) => {
    link.physPortName = attribute.string();
  },
  [uapi.IFLA_PARENT_DEV_NAME]: ({ link }, attribute) => {
    link.parentDevice = attribute.string();
  },
  [uapi.IFLA_PARENT_DEV_BUS_NAME]: ({ link }, attribute) => {
    link.parentBus = attribute.string();
  },
  [uapi.IFLA_MTU]: ({ link }, attribute) => {
    link.mtu = attribute.u32();
  },
  [uapi.IFLA_MIN_MTU]: ({ link }, attribute) => {
    link.minMtu = attribute.u32();
  },
  [uapi.IFLA_MAX_MTU]: ({ link }, attribute) => {
    link.maxMtu = attribute.u32();
  },
  [uapi.IFLA_OPERSTATE]: ({ link }, attribute) => {
    link.operState = operStateName(attribute.u8());
  },
  [uapi.IFLA_LINKMODE]: ({ link }, attribute) => {
    link.linkMode = linkModeName(attribute.u8());
  },
  [uapi.IFLA_CARRIER]: ({ link }, attribute) => {
    link.carrier = attribute.u8() !== 0;
  },
  [uapi.IFLA_CARRIER_CHANGES]: ({ link }, attribute) => {
    link.carrierChanges = attribute.u32();
  },
  [uapi.IFLA_CARRIER_UP_COUNT]: ({ link }, attribute) => {
    link.carrierUpCount = attribute.u32();
  },
  [uapi.IFLA_CARRIER_DOWN_COUNT]: ({ link }, attribute) => {
    link.carrierDownCount = attribute.u32();
  },
  [uapi.IFLA_GROUP]: ({ link }, attribute) => {
    link.group = attribute.u32();
  },
  [uapi.IFLA_TXQLEN]: ({ link }, attribute) => {
    link.txQueueLength = attribute.u32();
  },
  [uapi.IFLA_QDISC]: ({ link }, attribute) => {
    link.qdisc = attribute.string();
  },
  [uapi.IFLA_PROMISCUITY]: ({ link }, attribute) => {
    link.promiscuity = attribute.u32();
  },
  [uapi.IFLA_ALLMULTI]: ({ link }, attribute) => {
    link.allmulti = attribute.u32();
  },
  [uapi.IFLA_NUM_TX_QUEUES]: ({ link }, attribute) => {
    link.numTxQueues = attribute.u32();
  },
  [uapi.IFLA_NUM_RX_QUEUES]: ({ link }, attribute) => {
    link.numRxQueues = attribute.u32();
  },
  [uapi.IFLA_PROTO_DOWN]: ({ link }, attribute) => {
    link.protoDown = attribute.u8() !== 0;
  },
  [uapi.IFLA_XDP]: readXdp,
  [uapi.IFLA_AF_SPEC]: partly(FAMILIES.filter, ({ link }: Draft, attribute) =>
    FAMILIES.read(link, attribute.nested('IFLA_AF_SPEC')),
  ),
  [uapi.IFLA_STATS64]: volatile(({ link }: Draft, attribute) => {
    const counters = decodeCounters(attribute);
    if (counters !== undefined) link.counters = counters;
  }),
  [uapi.IFLA_GSO_MAX_SIZE]: ({ link }, attribute) => {
    link.gsoMaxSize = attribute.u32();
  },
  [uapi.IFLA_GSO_MAX_SEGS]: ({ link }, attribute) => {
    link.gsoMaxSegs = attribute.u32();
  },
  [uapi.IFLA_GSO_IPV4_MAX_SIZE]: ({ link }, attribute) => {
    link.gsoIpv4MaxSize = attribute.u32();
  },
  [uapi.IFLA_GRO_MAX_SIZE]: ({ link }, attribute) => {
    link.groMaxSize = attribute.u32();
  },
  [uapi.IFLA_GRO_IPV4_MAX_SIZE]: ({ link }, attribute) => {
    link.groIpv4MaxSize = attribute.u32();
  },
  [uapi.IFLA_TSO_MAX_SIZE]: ({ link }, attribute) => {
    link.tsoMaxSize = attribute.u32();
  },
  [uapi.IFLA_TSO_MAX_SEGS]: ({ link }, attribute) => {
    link.tsoMaxSegs = attribute.u32();
  },
});

/** What of an RTM_NEWLINK is remembered between reads: all that is decoded but counters and what kinds say changes by itself. */
export const LINK_FILTER: DecoderFilter = LINK.filter;

function address(attribute: AttributeReader, linkType: number): string {
  return linkAddressText(attribute.view, attribute.offset, attribute.length, linkType);
}

function readAltnames({ link }: Draft, attribute: AttributeReader): void {
  const properties = attribute.nested('IFLA_PROP_LIST');
  while (properties.next()) {
    if (properties.type === uapi.IFLA_ALT_IFNAME) link.altnames.push(properties.text().text);
  }
}

/** With programs attached in more than one mode there is no IFLA_XDP_PROG_ID; the driver's is the first to run. // rtnl_xdp_fill() */
function readXdp({ link }: Draft, attribute: AttributeReader): void {
  const xdp = attribute.nested('IFLA_XDP');
  let rank = 4;
  while (xdp.next()) {
    const order = XDP_PROG_IDS.indexOf(xdp.type);
    if (order < 0 || order >= rank) continue;
    rank = order;
    link.xdpProgramId = xdp.u32();
  }
}

const XDP_PROG_IDS = [uapi.IFLA_XDP_PROG_ID, uapi.IFLA_XDP_DRV_PROG_ID, uapi.IFLA_XDP_SKB_PROG_ID, uapi.IFLA_XDP_HW_PROG_ID];
