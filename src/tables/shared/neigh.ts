import type { AttributeFilter } from '../../native/types.js';
import { AttributeReader, LITTLE_ENDIAN } from '../../netlink/attributes.js';
import { DecodeError } from '../../netlink/error.js';
import { ipText, macText } from '../../netlink/text.js';
import * as uapi from '../../netlink/uapi.js';
import { AttributeDecoder, volatile } from './attribute-table.js';
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
  const row: FdbRecord = {
    ifindex: view.getInt32(start + 4, LITTLE_ENDIAN) as Ifindex,
    state: neighState(rawState),
    rawState,
    flags: [],
  };
  const draft: Draft<FdbRecord> = { row, extended: 0 };
  const attributes = new AttributeReader(view, start + uapi.SIZEOF_NDMSG, end, 'RTM_NEWNEIGH');
  FDB.read(draft, attributes);
  row.flags = neighFlags(view.getUint8(start + 10), draft.extended);
  return attributes.error ?? row;
}

/** A row while its attributes are walked. */
interface Draft<Row> {
  readonly row: Row;
  /** NTF_EXT_*. */
  extended: number;
}

const FDB = new AttributeDecoder<Draft<FdbRecord>>({
  [uapi.NDA_LLADDR]: ({ row }, { view, offset, length }) => {
    row.mac = macText(view, offset, length);
  },
  [uapi.NDA_DST]: ({ row }, { view, offset, length }) => {
    row.dst = ipText(view, offset, length);
  },
  [uapi.NDA_VLAN]: ({ row }, attribute) => {
    row.vlan = attribute.u16();
  },
  [uapi.NDA_MASTER]: ({ row }, attribute) => {
    row.masterIfindex = attribute.u32() as Ifindex;
  },
  [uapi.NDA_FLAGS_EXT]: (draft, attribute) => {
    draft.extended = attribute.u32();
  },
  [uapi.NDA_CACHEINFO]: volatile(({ row }, attribute) => {
    readAges(row, attribute);
  }),
  // What follows only rows of vxlan devices have.
  [uapi.NDA_PORT]: ({ row }, attribute) => {
    row.dstPort = attribute.be16();
  },
  [uapi.NDA_VNI]: ({ row }, attribute) => {
    row.vni = attribute.u32();
  },
  [uapi.NDA_SRC_VNI]: ({ row }, attribute) => {
    row.srcVni = attribute.u32();
  },
  [uapi.NDA_IFINDEX]: ({ row }, attribute) => {
    row.viaIfindex = attribute.u32() as Ifindex;
  },
  [uapi.NDA_LINK_NETNSID]: ({ row }, attribute) => {
    row.linkNsid = attribute.s32() as Nsid;
  },
  [uapi.NDA_NH_ID]: ({ row }, attribute) => {
    row.nexthopId = attribute.u32();
  },
  [uapi.NDA_PROTOCOL]: ({ row }, attribute) => {
    row.protocol = routeProtocolName(attribute.u8());
  },
});

/** What of a row of family AF_BRIDGE is remembered between reads: all that is decoded but ages. */
export const FDB_FILTER: AttributeFilter = FDB.filter;

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
  const row: NeighborRecord = {
    ifindex: view.getInt32(start + 4, LITTLE_ENDIAN) as Ifindex,
    ip: '',
    state: neighState(rawState),
    rawState,
    flags: [],
  };
  const draft: Draft<NeighborRecord> = { row, extended: 0 };
  const attributes = new AttributeReader(view, start + uapi.SIZEOF_NDMSG, end, 'RTM_NEWNEIGH');
  NEIGHBOR.read(draft, attributes);
  row.flags = neighFlags(view.getUint8(start + 10), draft.extended);
  if (row.ip === '') attributes.fail(start, 'NDA_DST', 'none');
  return attributes.error ?? row;
}

const NEIGHBOR = new AttributeDecoder<Draft<NeighborRecord>>({
  [uapi.NDA_DST]: ({ row }, { view, offset, length }) => {
    row.ip = ipText(view, offset, length);
  },
  [uapi.NDA_LLADDR]: ({ row }, { view, offset, length }) => {
    // Without the link's type: the only addresses of 4 or 16 bytes that have neighbours are those of IP tunnels.
    if (length > 0) row.mac = ipText(view, offset, length);
  },
  [uapi.NDA_PROBES]: volatile(({ row }, attribute) => {
    row.probes = attribute.u32();
  }),
  [uapi.NDA_PROTOCOL]: ({ row }, attribute) => {
    row.protocol = routeProtocolName(attribute.u8());
  },
  [uapi.NDA_FLAGS_EXT]: (draft, attribute) => {
    draft.extended = attribute.u32();
  },
  [uapi.NDA_CACHEINFO]: volatile(({ row }, attribute) => {
    row.confirmedSeconds = readAges(row, attribute);
  }),
});

/** What of a row of another family is remembered between reads: all that is decoded but ages, and probes, which count while nobody answers. */
export const NEIGHBOR_FILTER: AttributeFilter = NEIGHBOR.filter;

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
