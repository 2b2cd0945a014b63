import { AttributeReader, LITTLE_ENDIAN } from '../netlink/attributes.js';
import { DecodeError } from '../netlink/error.js';
import { ipText, macText } from '../netlink/text.js';
import * as uapi from '../netlink/uapi.js';
import { shortHeader } from './header.js';
import { neighFlags, neighState, routeProtocolName } from './names.js';
import type { FdbRecord, Ifindex, NeighborRecord, Nsid } from './records.js';
import type { Decoded } from './result.js';

/** Ticks of a second in ages that the kernel tells: USER_HZ, on every architecture that runs Docker. // asm/param.h */
const USER_HZ = 100;

/**
 * Decodes the payload of one RTM_NEWNEIGH of family AF_BRIDGE in bytes [start, end): a row of a bridge's or a device's
 * forwarding table. // fdb_fill_info() net/bridge/br_fdb.c, vxlan_fdb_info() drivers/net/vxlan, nlmsg_populate_fdb_fill()
 */
export function decodeFdb(view: DataView, start: number, end: number): Decoded<FdbRecord> {
  const short = shortHeader('RTM_NEWNEIGH', start, end, uapi.SIZEOF_NDMSG);
  if (short !== undefined) return short;
  const family = view.getUint8(start);
  if (family !== uapi.AF_BRIDGE) return wrongFamily(start, 'AF_BRIDGE', family);
  const rawState = view.getUint16(start + 8, LITTLE_ENDIAN);
  let extended = 0;
  const row: FdbRecord = {
    ifindex: view.getInt32(start + 4, LITTLE_ENDIAN) as Ifindex,
    state: neighState(rawState),
    rawState,
    flags: [],
  };
  const attributes = new AttributeReader(view, start + uapi.SIZEOF_NDMSG, end, 'RTM_NEWNEIGH');
  while (attributes.next()) {
    switch (attributes.type) {
      case uapi.NDA_LLADDR:
        row.mac = macText(view, attributes.offset, attributes.length);
        break;
      case uapi.NDA_DST:
        row.dst = ipText(view, attributes.offset, attributes.length);
        break;
      case uapi.NDA_VLAN:
        row.vlan = attributes.u16();
        break;
      case uapi.NDA_MASTER:
        row.masterIfindex = attributes.u32() as Ifindex;
        break;
      case uapi.NDA_FLAGS_EXT:
        extended = attributes.u32();
        break;
      case uapi.NDA_CACHEINFO:
        readAges(row, attributes);
        break;
      default:
        readVxlan(row, attributes);
    }
  }
  row.flags = neighFlags(view.getUint8(start + 10), extended);
  return attributes.error ?? row;
}

/** What only rows of vxlan devices have. */
function readVxlan(row: FdbRecord, attribute: AttributeReader): void {
  switch (attribute.type) {
    case uapi.NDA_PORT:
      row.dstPort = attribute.be16();
      return;
    case uapi.NDA_VNI:
      row.vni = attribute.u32();
      return;
    case uapi.NDA_SRC_VNI:
      row.srcVni = attribute.u32();
      return;
    case uapi.NDA_IFINDEX:
      row.viaIfindex = attribute.u32() as Ifindex;
      return;
    case uapi.NDA_LINK_NETNSID:
      row.linkNsid = attribute.s32() as Nsid;
      return;
    case uapi.NDA_NH_ID:
      row.nexthopId = attribute.u32();
      return;
    case uapi.NDA_PROTOCOL:
      row.protocol = routeProtocolName(attribute.u8());
      return;
    default:
  }
}

/**
 * Decodes the payload of one RTM_NEWNEIGH of another family in bytes [start, end): a row of the ARP or ND table, or of
 * their proxies. // neigh_fill_info(), pneigh_fill_info(), net/core/neighbour.c
 */
export function decodeNeighbor(view: DataView, start: number, end: number): Decoded<NeighborRecord> {
  const short = shortHeader('RTM_NEWNEIGH', start, end, uapi.SIZEOF_NDMSG);
  if (short !== undefined) return short;
  const family = view.getUint8(start);
  if (family === uapi.AF_BRIDGE) return wrongFamily(start, 'another family than AF_BRIDGE', family);
  const rawState = view.getUint16(start + 8, LITTLE_ENDIAN);
  let extended = 0;
  const row: NeighborRecord = {
    ifindex: view.getInt32(start + 4, LITTLE_ENDIAN) as Ifindex,
    ip: '',
    state: neighState(rawState),
    rawState,
    flags: [],
  };
  const attributes = new AttributeReader(view, start + uapi.SIZEOF_NDMSG, end, 'RTM_NEWNEIGH');
  while (attributes.next()) {
    switch (attributes.type) {
      case uapi.NDA_DST:
        row.ip = ipText(view, attributes.offset, attributes.length);
        break;
      case uapi.NDA_LLADDR:
        // Without the link's type: the only addresses of 4 or 16 bytes that have neighbours are those of IP tunnels.
        if (attributes.length > 0) row.mac = ipText(view, attributes.offset, attributes.length);
        break;
      case uapi.NDA_PROBES:
        row.probes = attributes.u32();
        break;
      case uapi.NDA_PROTOCOL:
        row.protocol = routeProtocolName(attributes.u8());
        break;
      case uapi.NDA_FLAGS_EXT:
        extended = attributes.u32();
        break;
      case uapi.NDA_CACHEINFO:
        row.confirmedSeconds = readAges(row, attributes);
        break;
      default:
    }
  }
  row.flags = neighFlags(view.getUint8(start + 10), extended);
  if (row.ip === '') attributes.fail(start, 'NDA_DST', 'none');
  return attributes.error ?? row;
}

function wrongFamily(start: number, wanted: string, family: number): DecodeError {
  return new DecodeError({ path: 'RTM_NEWNEIGH', offset: start, wanted, got: `family ${family}` });
}

/** struct nda_cacheinfo: confirmed, used, updated (ticks ago), refcnt (u32 each). Returns seconds since confirmation. // linux/neighbour.h */
function readAges(row: { usedSeconds?: number; updatedSeconds?: number }, attribute: AttributeReader): number {
  const { view, offset, length } = attribute;
  if (length < uapi.SIZEOF_NDA_CACHEINFO) {
    attribute.fail(offset, `${uapi.SIZEOF_NDA_CACHEINFO} bytes of nda_cacheinfo`, `${length} bytes`);
    return 0;
  }
  row.usedSeconds = view.getUint32(offset + 4, LITTLE_ENDIAN) / USER_HZ;
  row.updatedSeconds = view.getUint32(offset + 8, LITTLE_ENDIAN) / USER_HZ;
  return view.getUint32(offset, LITTLE_ENDIAN) / USER_HZ;
}
