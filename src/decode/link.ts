import { AttributeReader, LITTLE_ENDIAN } from '../netlink/attributes.js';
import { hexBytes, linkAddressText } from '../netlink/text.js';
import * as uapi from '../netlink/uapi.js';
import { decodeCounters } from './counters.js';
import { shortHeader } from './header.js';
import { decodeLinkInfo } from './link-info.js';
import { linkTypeName } from './link-types.js';
import { addrGenModeName, bitNames, IFF_NAMES, linkModeName, operStateName } from './names.js';
import type { Ifindex, LinkRecord, Nsid } from './records.js';
import type { Decoded } from './result.js';

/**
 * Decodes the payload of one RTM_NEWLINK (or RTM_DELLINK) in bytes [start, end): struct ifinfomsg and attributes.
 * // rtnl_fill_ifinfo(), net/core/rtnetlink.c
 */
export function decodeLink(view: DataView, start: number, end: number): Decoded<LinkRecord> {
  const short = shortHeader('RTM_NEWLINK', start, end, uapi.SIZEOF_IFINFOMSG);
  if (short !== undefined) return short;
  const linkType = view.getUint16(start + 2, LITTLE_ENDIAN);
  const rawFlags = view.getUint32(start + 8, LITTLE_ENDIAN);
  const link: LinkRecord = {
    ifindex: view.getInt32(start + 4, LITTLE_ENDIAN) as Ifindex,
    name: '',
    altnames: [],
    linkType: linkTypeName(linkType),
    mtu: 0,
    flags: bitNames(IFF_NAMES, rawFlags),
    rawFlags,
    operState: 'UNKNOWN',
    attributes: {},
    portAttributes: {},
    unknownAttributes: {},
    refs: [],
  };
  const attributes = new AttributeReader(view, start + uapi.SIZEOF_IFINFOMSG, end, 'RTM_NEWLINK');
  const later: Later = { iflaLink: undefined, info: undefined };
  while (attributes.next()) {
    // Which of the two an attribute belongs to makes no difference; two switches are each short enough to be read.
    if (!readIdentity(link, linkType, attributes, later)) readProperty(link, attributes);
  }
  // Kinds ask for IFLA_LINK and IFLA_LINK_NETNSID, which may come after IFLA_LINKINFO.
  if (later.info !== undefined && attributes.error === undefined) decodeLinkInfo(link, later.iflaLink, later.info);
  if (link.name === '') attributes.fail(start, 'IFLA_IFNAME', 'none');
  return attributes.error ?? link;
}

/** What is decoded after the walk. */
interface Later {
  /** IFLA_LINK as it is. */
  iflaLink: number | undefined;
  info: AttributeReader | undefined;
}

/** Reads an attribute that says what the link is and where it belongs; false for others. */
function readIdentity(link: LinkRecord, linkType: number, attribute: AttributeReader, later: Later): boolean {
  switch (attribute.type) {
    case uapi.IFLA_IFNAME: {
      const { text, bytes } = attribute.text();
      link.name = text;
      if (bytes !== undefined) link.nameBytes = bytes;
      return true;
    }
    case uapi.IFLA_IFALIAS: {
      const { text, bytes } = attribute.text();
      link.alias = text;
      if (bytes !== undefined) link.aliasBytes = bytes;
      return true;
    }
    case uapi.IFLA_PROP_LIST:
      readAltnames(link, attribute);
      return true;
    case uapi.IFLA_ADDRESS:
      if (attribute.length > 0) link.mac = address(attribute, linkType);
      return true;
    case uapi.IFLA_BROADCAST:
      if (attribute.length > 0) link.broadcast = address(attribute, linkType);
      return true;
    case uapi.IFLA_PERM_ADDRESS:
      if (attribute.length > 0) link.permanentMac = address(attribute, linkType);
      return true;
    case uapi.IFLA_LINK:
      later.iflaLink = attribute.u32();
      // 0 is nobody: the underlay of a tunnel without one, the peer of a veth that is gone. // dev_get_iflink()
      if (later.iflaLink !== 0) link.linkIfindex = later.iflaLink as Ifindex;
      return true;
    case uapi.IFLA_LINK_NETNSID:
      link.linkNsid = attribute.s32() as Nsid;
      return true;
    case uapi.IFLA_MASTER:
      link.masterIfindex = attribute.u32() as Ifindex;
      return true;
    case uapi.IFLA_LINKINFO:
      later.info = attribute.nested('IFLA_LINKINFO');
      return true;
    case uapi.IFLA_PHYS_PORT_ID:
      link.physPortId = hexBytes(attribute.view, attribute.offset, attribute.length, '');
      return true;
    case uapi.IFLA_PHYS_SWITCH_ID:
      link.physSwitchId = hexBytes(attribute.view, attribute.offset, attribute.length, '');
      return true;
    case uapi.IFLA_PHYS_PORT_NAME:
      link.physPortName = attribute.text().text;
      return true;
    case uapi.IFLA_PARENT_DEV_NAME:
      link.parentDevice = attribute.text().text;
      return true;
    case uapi.IFLA_PARENT_DEV_BUS_NAME:
      link.parentBus = attribute.text().text;
      return true;
    default:
      return false;
  }
}

/** Reads an attribute that says how the link is set and how it does. Those that are not named here are left out. */
function readProperty(link: LinkRecord, attribute: AttributeReader): void {
  switch (attribute.type) {
    case uapi.IFLA_MTU:
      link.mtu = attribute.u32();
      return;
    case uapi.IFLA_MIN_MTU:
      link.minMtu = attribute.u32();
      return;
    case uapi.IFLA_MAX_MTU:
      link.maxMtu = attribute.u32();
      return;
    case uapi.IFLA_OPERSTATE:
      link.operState = operStateName(attribute.u8());
      return;
    case uapi.IFLA_LINKMODE:
      link.linkMode = linkModeName(attribute.u8());
      return;
    case uapi.IFLA_CARRIER:
      link.carrier = attribute.u8() !== 0;
      return;
    case uapi.IFLA_CARRIER_CHANGES:
      link.carrierChanges = attribute.u32();
      return;
    case uapi.IFLA_CARRIER_UP_COUNT:
      link.carrierUpCount = attribute.u32();
      return;
    case uapi.IFLA_CARRIER_DOWN_COUNT:
      link.carrierDownCount = attribute.u32();
      return;
    case uapi.IFLA_GROUP:
      link.group = attribute.u32();
      return;
    case uapi.IFLA_TXQLEN:
      link.txQueueLength = attribute.u32();
      return;
    case uapi.IFLA_QDISC:
      link.qdisc = attribute.text().text;
      return;
    case uapi.IFLA_PROMISCUITY:
      link.promiscuity = attribute.u32();
      return;
    case uapi.IFLA_ALLMULTI:
      link.allmulti = attribute.u32();
      return;
    case uapi.IFLA_NUM_TX_QUEUES:
      link.numTxQueues = attribute.u32();
      return;
    case uapi.IFLA_NUM_RX_QUEUES:
      link.numRxQueues = attribute.u32();
      return;
    case uapi.IFLA_PROTO_DOWN:
      link.protoDown = attribute.u8() !== 0;
      return;
    case uapi.IFLA_XDP:
      readXdp(link, attribute);
      return;
    case uapi.IFLA_AF_SPEC:
      readFamilySpecific(link, attribute);
      return;
    case uapi.IFLA_STATS64: {
      const counters = decodeCounters(attribute);
      if (counters !== undefined) link.counters = counters;
      return;
    }
    default:
      readOffload(link, attribute);
  }
}

function readOffload(link: LinkRecord, attribute: AttributeReader): void {
  switch (attribute.type) {
    case uapi.IFLA_GSO_MAX_SIZE:
      link.gsoMaxSize = attribute.u32();
      return;
    case uapi.IFLA_GSO_MAX_SEGS:
      link.gsoMaxSegs = attribute.u32();
      return;
    case uapi.IFLA_GSO_IPV4_MAX_SIZE:
      link.gsoIpv4MaxSize = attribute.u32();
      return;
    case uapi.IFLA_GRO_MAX_SIZE:
      link.groMaxSize = attribute.u32();
      return;
    case uapi.IFLA_GRO_IPV4_MAX_SIZE:
      link.groIpv4MaxSize = attribute.u32();
      return;
    case uapi.IFLA_TSO_MAX_SIZE:
      link.tsoMaxSize = attribute.u32();
      return;
    case uapi.IFLA_TSO_MAX_SEGS:
      link.tsoMaxSegs = attribute.u32();
      return;
    default:
      return;
  }
}

function address(attribute: AttributeReader, linkType: number): string {
  return linkAddressText(attribute.view, attribute.offset, attribute.length, linkType);
}

function readAltnames(link: LinkRecord, attribute: AttributeReader): void {
  const properties = attribute.nested('IFLA_PROP_LIST');
  while (properties.next()) {
    if (properties.type === uapi.IFLA_ALT_IFNAME) link.altnames.push(properties.text().text);
  }
}

/** With programs attached in more than one mode there is no IFLA_XDP_PROG_ID; the driver's is the first to run. // rtnl_xdp_fill() */
function readXdp(link: LinkRecord, attribute: AttributeReader): void {
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

/** IFLA_AF_SPEC: one nest for each family, its number the attribute's type. */
function readFamilySpecific(link: LinkRecord, attribute: AttributeReader): void {
  const families = attribute.nested('IFLA_AF_SPEC');
  while (families.next()) {
    if (families.type !== uapi.AF_INET6) continue;
    const inet6 = families.nested('AF_INET6');
    while (inet6.next()) {
      if (inet6.type === uapi.IFLA_INET6_ADDR_GEN_MODE) link.addrGenMode = addrGenModeName(inet6.u8());
    }
  }
}
