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
export function readRequest({ dump = true, ...request }: ReadRequest): Uint8Array {
  return requestBytes(request, dump ? NLM_F_DUMP : 0);
}

type PlainRequest = Omit<ReadRequest, 'dump'>;

function requestBytes(
  { type, headerBytes, family = AF_UNSPEC, ifindex, fill, attributes = [] }: PlainRequest,
  flags: number,
): Uint8Array {
  const attributesAt = NLMSG_HDRLEN + headerBytes;
  const view = new DataView(new ArrayBuffer(attributesAt + attributes.length * U32_ATTRIBUTE_BYTES));
  view.setUint32(0, view.byteLength, LITTLE_ENDIAN);
  view.setUint16(4, type, LITTLE_ENDIAN);
  view.setUint16(6, NLM_F_REQUEST | flags, LITTLE_ENDIAN);
  view.setUint8(NLMSG_HDRLEN, family);
  if (ifindex !== undefined) view.setInt32(NLMSG_HDRLEN + 4, ifindex, LITTLE_ENDIAN);
  fill?.(new DataView(view.buffer, NLMSG_HDRLEN, headerBytes));
  for (const [index, [id, value]] of attributes.entries()) {
    const at = attributesAt + index * U32_ATTRIBUTE_BYTES;
    view.setUint16(at, U32_ATTRIBUTE_BYTES, LITTLE_ENDIAN);
    view.setUint16(at + 2, id, LITTLE_ENDIAN);
    view.setUint32(at + NLA_HDRLEN, value, LITTLE_ENDIAN);
  }
  return new Uint8Array(view.buffer);
}

const U32_ATTRIBUTE_BYTES = NLA_HDRLEN + 4;

/**
 * Dump of the ids that a namespace has given to others. With `targetNsid` those of the namespace that has this id in the one that is asked:
 * each answer then has both ids, NETNSA_NSID there and NETNSA_CURRENT_NSID here. // rtnl_valid_dump_net_req(), rtnl_net_dumpid(),
 * net/core/net_namespace.c
 */
export function dumpNsids({ targetNsid }: { readonly targetNsid?: number } = {}): Uint8Array {
  const attributes = targetNsid === undefined ? [] : [[NETNSA_TARGET_NSID, targetNsid] as const];
  return readRequest({ type: RTM_GETNSID, headerBytes: SIZEOF_RTGENMSG, attributes });
}

/** A request that names a namespace by a file descriptor, which has to be written (s32, host order) at `fdOffset` before sending. */
export interface FdRequest {
  readonly bytes: Uint8Array;
  readonly fdOffset: number;
}

function fdRequest(type: number, flags: number, attributes: Exclude<PlainRequest['attributes'], undefined> = []): FdRequest {
  const withFd = [...attributes, [NETNSA_FD, 0xffffffff]] as const;
  const bytes = requestBytes({ type, headerBytes: SIZEOF_RTGENMSG, attributes: withFd }, flags);
  return { bytes, fdOffset: bytes.length - 4 };
}

/**
 * Gives a namespace an id in the one where this is sent; only ever in the observer namespace. EEXIST: it has one, or the id is taken.
 * // rtnl_net_newid(), net/core/net_namespace.c
 */
export function newNsid(nsid: number): FdRequest {
  return fdRequest(RTM_NEWNSID, NLM_F_ACK, [[NETNSA_NSID, nsid]]);
}

/**
 * Asks a namespace for the id under which it knows another one. One RTM_NEWNSID answers; its NETNSA_NSID is -1 when there is
 * no id. // rtnl_net_getid(), net/core/net_namespace.c
 */
export function getNsidByFd(): FdRequest {
  return fdRequest(RTM_GETNSID, 0);
}
