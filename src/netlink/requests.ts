// Requests as bytes. Every header is what the kernel accepts with NETLINK_GET_STRICT_CHK on: all zero but what filters.
// Sequence number and port are left zero for the sender to fill in (bytes 8 to 15).
import { LITTLE_ENDIAN } from './attributes.js';
import {
  AF_BRIDGE,
  AF_UNSPEC,
  IFLA_EXT_MASK,
  NDA_IFINDEX,
  NETNSA_FD,
  NETNSA_NSID,
  NETNSA_TARGET_NSID,
  NLA_HDRLEN,
  NLM_F_ACK,
  NLM_F_DUMP,
  NLM_F_REQUEST,
  NLMSG_HDRLEN,
  NTF_PROXY,
  RTEXT_FILTER_MRP,
  RTEXT_FILTER_SKIP_STATS,
  RTM_GETADDR,
  RTM_GETLINK,
  RTM_GETNEIGH,
  RTM_GETNSID,
  RTM_GETROUTE,
  RTM_NEWNSID,
  SIZEOF_IFADDRMSG,
  SIZEOF_IFINFOMSG,
  SIZEOF_NDMSG,
  SIZEOF_RTGENMSG,
  SIZEOF_RTMSG,
} from './uapi.js';

/** nlmsghdr, a zeroed header of the family's own of `size` bytes, and room for `more` bytes of attributes. */
function request(type: number, flags: number, family: number, size: number, more = 0): DataView {
  const length = NLMSG_HDRLEN + size + more;
  const view = new DataView(new ArrayBuffer(length));
  view.setUint32(0, length, LITTLE_ENDIAN);
  view.setUint16(4, type, LITTLE_ENDIAN);
  view.setUint16(6, NLM_F_REQUEST | flags, LITTLE_ENDIAN);
  view.setUint8(NLMSG_HDRLEN, family);
  return view;
}

/** Writes a u32 attribute at `offset`; returns the offset of its payload. */
function putU32(view: DataView, offset: number, type: number, value: number): number {
  view.setUint16(offset, NLA_HDRLEN + 4, LITTLE_ENDIAN);
  view.setUint16(offset + 2, type, LITTLE_ENDIAN);
  view.setUint32(offset + NLA_HDRLEN, value, LITTLE_ENDIAN);
  return offset + NLA_HDRLEN;
}

function bytes(view: DataView): Uint8Array {
  return new Uint8Array(view.buffer);
}

/**
 * Dump of all links. RTEXT_FILTER_VF stays out: virtual functions can be thousands of bytes each.
 * // rtnl_valid_dump_ifinfo_req(), rtnl_dump_ifinfo(), net/core/rtnetlink.c
 *
 * @param options.counters false asks with RTEXT_FILTER_SKIP_STATS: up to Linux 6.18 that leaves out the IPv6 SNMP counters (a
 *   fifth of the bytes, which nobody here decodes) but not IFLA_STATS64, later kernels leave out both. So whoever wants
 *   counters has to take all of them. Default true. // inet6_fill_ifla6_attrs(), rtnl_fill_ifinfo()
 */
export function dumpLinks(options: { readonly counters?: boolean } = {}): Uint8Array {
  const view = request(RTM_GETLINK, NLM_F_DUMP, AF_UNSPEC, SIZEOF_IFINFOMSG, NLA_HDRLEN + 4);
  // Never 0: only with a mask does the kernel size its buffer by the largest link. Without one a link whose message is larger
  // than 32 KiB (260 alternative names do it) ends the dump with it, and no error. // rtnl_calcit(), net/core/rtnetlink.c
  const mask = RTEXT_FILTER_MRP | (options.counters === false ? RTEXT_FILTER_SKIP_STATS : 0);
  putU32(view, NLMSG_HDRLEN + SIZEOF_IFINFOMSG, IFLA_EXT_MASK, mask);
  return bytes(view);
}

/**
 * Asks for one link, as dumpLinks({ counters: false }) asks for all; ENODEV when there is none of this ifindex.
 * // rtnl_valid_getlink_req(), rtnl_getlink(), net/core/rtnetlink.c
 */
export function getLink(ifindex: number): Uint8Array {
  const view = request(RTM_GETLINK, 0, AF_UNSPEC, SIZEOF_IFINFOMSG, NLA_HDRLEN + 4);
  view.setInt32(NLMSG_HDRLEN + 4, ifindex, LITTLE_ENDIAN);
  putU32(view, NLMSG_HDRLEN + SIZEOF_IFINFOMSG, IFLA_EXT_MASK, RTEXT_FILTER_MRP | RTEXT_FILTER_SKIP_STATS);
  return bytes(view);
}

/** Only the rows of one interface. */
export interface OfInterface {
  readonly ifindex?: number;
}

/**
 * Dump of the addresses of all families; of one interface where it is named (ENODEV when it is gone).
 * // inet_valid_dump_ifaddr_req(), inet_dump_ifaddr() net/ipv4/devinet.c, inet6_dump_addr() net/ipv6/addrconf.c
 */
export function dumpAddresses({ ifindex = 0 }: OfInterface = {}): Uint8Array {
  const view = request(RTM_GETADDR, NLM_F_DUMP, AF_UNSPEC, SIZEOF_IFADDRMSG);
  view.setInt32(NLMSG_HDRLEN + 4, ifindex, LITTLE_ENDIAN);
  return bytes(view);
}

/**
 * Dump of the ARP and ND tables, without proxy rows: the kernel gives either the ones or the others. Only the rows of one interface where it is
 * named, which spares bytes and no time: the kernel walks all neighbours of the machine, and says nothing when the interface is gone.
 * // neigh_valid_dump_req() (ndm_ifindex has to be 0, NDA_IFINDEX filters), neigh_dump_info(), net/core/neighbour.c
 */
export function dumpNeighbors({ ifindex }: OfInterface = {}): Uint8Array {
  const view = request(RTM_GETNEIGH, NLM_F_DUMP, AF_UNSPEC, SIZEOF_NDMSG, ifindex === undefined ? 0 : NLA_HDRLEN + 4);
  if (ifindex !== undefined) putU32(view, NLMSG_HDRLEN + SIZEOF_NDMSG, NDA_IFINDEX, ifindex);
  return bytes(view);
}

/**
 * Dump of the proxy rows (`ip neigh show proxy`). NTF_PROXY is the one flag that strict checking allows in ndm_flags.
 * // neigh_valid_dump_req(), pneigh_dump_table(), net/core/neighbour.c
 */
export function dumpProxyNeighbors(): Uint8Array {
  const view = request(RTM_GETNEIGH, NLM_F_DUMP, AF_UNSPEC, SIZEOF_NDMSG);
  view.setUint8(NLMSG_HDRLEN + 10, NTF_PROXY);
  return bytes(view);
}

/**
 * Dump of the forwarding tables of all bridges and of all devices that have one; of one interface where it is named (nothing, and no error, when it
 * is gone). // valid_fdb_dump_strict(), rtnl_fdb_dump(), net/core/rtnetlink.c
 */
export function dumpFdb({ ifindex = 0 }: OfInterface = {}): Uint8Array {
  const view = request(RTM_GETNEIGH, NLM_F_DUMP, AF_BRIDGE, SIZEOF_NDMSG);
  view.setInt32(NLMSG_HDRLEN + 4, ifindex, LITTLE_ENDIAN);
  return bytes(view);
}

/**
 * Dump of the routes of all families and tables. With strict checking and no RTM_F_CLONED in rtm_flags the kernel leaves
 * cached routes (exceptions) out. // rtnl_dump_all(), ip_valid_fib_dump_req(), inet_dump_fib(), inet6_dump_fib()
 */
export function dumpRoutes(): Uint8Array {
  return bytes(request(RTM_GETROUTE, NLM_F_DUMP, AF_UNSPEC, SIZEOF_RTMSG));
}

/**
 * Dump of the ids that a namespace has given to others. With `targetNsid` those of the namespace that has this id in the one that is asked:
 * each answer then has both ids, NETNSA_NSID there and NETNSA_CURRENT_NSID here. // rtnl_valid_dump_net_req(), rtnl_net_dumpid(),
 * net/core/net_namespace.c
 */
export function dumpNsids({ targetNsid }: { readonly targetNsid?: number } = {}): Uint8Array {
  const more = targetNsid === undefined ? 0 : NLA_HDRLEN + 4;
  const view = request(RTM_GETNSID, NLM_F_DUMP, AF_UNSPEC, SIZEOF_RTGENMSG, more);
  if (targetNsid !== undefined) putU32(view, NLMSG_HDRLEN + SIZEOF_RTGENMSG, NETNSA_TARGET_NSID, targetNsid);
  return bytes(view);
}

/**
 * Gives a namespace an id in the one where this is sent; only ever in the observer namespace. EEXIST: it has one, or the id is taken.
 * // rtnl_net_newid(), net/core/net_namespace.c
 *
 * @returns `fdOffset`: where the namespace's file descriptor has to be written (s32, host order) before sending.
 */
export function newNsid(nsid: number): { readonly bytes: Uint8Array; readonly fdOffset: number } {
  const attribute = NLA_HDRLEN + 4;
  const view = request(RTM_NEWNSID, NLM_F_ACK, AF_UNSPEC, SIZEOF_RTGENMSG, 2 * attribute);
  putU32(view, NLMSG_HDRLEN + SIZEOF_RTGENMSG, NETNSA_NSID, nsid);
  const fdOffset = putU32(view, NLMSG_HDRLEN + SIZEOF_RTGENMSG + attribute, NETNSA_FD, 0xffffffff);
  return { bytes: bytes(view), fdOffset };
}

/**
 * Asks a namespace for the id under which it knows another one. One RTM_NEWNSID answers; its NETNSA_NSID is -1 when there is
 * no id. // rtnl_net_getid(), net/core/net_namespace.c
 *
 * @returns `fdOffset`: where the other namespace's file descriptor has to be written (s32, host order) before sending.
 */
export function getNsidByFd(): { readonly bytes: Uint8Array; readonly fdOffset: number } {
  const view = request(RTM_GETNSID, 0, AF_UNSPEC, SIZEOF_RTGENMSG, NLA_HDRLEN + 4);
  const fdOffset = putU32(view, NLMSG_HDRLEN + SIZEOF_RTGENMSG, NETNSA_FD, 0xffffffff);
  return { bytes: bytes(view), fdOffset };
}
