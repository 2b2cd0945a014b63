// Requests as bytes. Every header is what the kernel accepts with NETLINK_GET_STRICT_CHK on: all zero but what filters.
// Sequence number and port are left zero for the sender to fill in (bytes 8 to 15).
import { LITTLE_ENDIAN } from './attributes.js';
import {
  AF_UNSPEC,
  NETNSA_FD,
  NETNSA_NSID,
  NETNSA_TARGET_NSID,
  NLA_HDRLEN,
  NLM_F_ACK,
  NLM_F_DUMP,
  NLM_F_REQUEST,
  NLMSG_HDRLEN,
  RTM_GETNSID,
  RTM_NEWNSID,
  SIZEOF_RTGENMSG,
} from './uapi.js';

/** One message that only reads. All of the family's header is zero but what is given. */
export interface ReadRequest {
  /** RTM_GET*. */
  readonly type: number;
  /** Size of the family's header in bytes; its first byte is the address family. */
  readonly headerBytes: number;
  /** Default AF_UNSPEC. */
  readonly family?: number;
  /** NLM_F_DUMP. Default true. */
  readonly dump?: boolean;
  /** Bytes 4 to 7 of the header. */
  readonly ifindex?: number;
  /** Writes what else of the header is not zero. */
  readonly fill?: (header: DataView) => void;
  /** u32 attributes. */
  readonly attributes?: readonly (readonly [type: number, value: number])[];
}

/** The bytes of a request. */
export function readRequest({
  type,
  headerBytes,
  family = AF_UNSPEC,
  dump = true,
  ifindex,
  fill,
  attributes = [],
}: ReadRequest): Uint8Array {
  const view = request(type, dump ? NLM_F_DUMP : 0, family, headerBytes, attributes.length * (NLA_HDRLEN + 4));
  if (ifindex !== undefined) view.setInt32(NLMSG_HDRLEN + 4, ifindex, LITTLE_ENDIAN);
  fill?.(new DataView(view.buffer, NLMSG_HDRLEN, headerBytes));
  let offset = NLMSG_HDRLEN + headerBytes;
  for (const [id, value] of attributes) offset = putU32(view, offset, id, value) + 4;
  return bytes(view);
}

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
