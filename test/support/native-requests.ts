// A few rtnetlink requests, written out: the native tests depend on no other room.
import type { NetlinkRequest } from '../../src/native/types.js';

export const RTM_NEWLINK = 16;
export const RTM_GETLINK = 18;
export const RTM_GETADDR = 22;
export const RTM_GETROUTE = 26;
export const RTM_GETNEIGHTBL = 66;
export const RTM_NEWNSID = 88;
export const RTM_GETNSID = 90;
export const NLMSG_ERROR = 2;
export const NLMSG_DONE = 3;
export const NLM_F_REQUEST = 1;
export const NLM_F_ACK = 4;
export const NLM_F_DUMP = 0x300;

const BODY_BYTES = new Map([
  [RTM_GETADDR, 8],
  [RTM_GETROUTE, 12],
]);

/** nlmsghdr and `body`. */
export function message(type: number, flags: number, body: Uint8Array): Uint8Array {
  const bytes = Buffer.alloc(16 + body.length);
  bytes.writeUInt32LE(bytes.length, 0);
  bytes.writeUInt16LE(type, 4);
  bytes.writeUInt16LE(flags, 6);
  bytes.set(body, 16);
  return bytes;
}

/**
 * A whole table. Links with IFLA_EXT_MASK (29) = RTEXT_FILTER_MRP, which changes nothing in the answer but that a link whose message is larger
 * than 32 KB is in it: without a mask the kernel ends the dump before that link, as if it were done (rtnl_calcit(), seen in Linux 6.18).
 */
export function dump(type: number): NetlinkRequest {
  if (type === RTM_GETLINK) {
    const body = Buffer.alloc(24);
    body.writeUInt16LE(8, 16);
    body.writeUInt16LE(29, 18);
    body.writeUInt32LE(1 << 4, 20);
    return { bytes: message(type, NLM_F_REQUEST | NLM_F_DUMP, body) };
  }
  return { bytes: message(type, NLM_F_REQUEST | NLM_F_DUMP, new Uint8Array(BODY_BYTES.get(type) ?? 4)) };
}

/** One link. */
export function getLink(ifindex: number): NetlinkRequest {
  const body = Buffer.alloc(16);
  body.writeInt32LE(ifindex, 4);
  return { bytes: message(RTM_GETLINK, NLM_F_REQUEST, body) };
}

/** The nsid that a namespace has in the one that is asked: rtgenmsg and NETNSA_FD. */
export function getNsid(path: string): NetlinkRequest {
  const body = Buffer.alloc(12);
  body.writeUInt16LE(8, 4);
  body.writeUInt16LE(3, 6); // NETNSA_FD, linux/net_namespace.h
  return { bytes: message(RTM_GETNSID, NLM_F_REQUEST, body), netnsFd: { offset: 24, path } };
}

/** Gives a namespace an id where it is sent, linux/net_namespace.h: NETNSA_NSID (1) and NETNSA_FD (3). */
export function newNsid(path: string, id: number): NetlinkRequest {
  const body = Buffer.alloc(20);
  body.writeUInt16LE(8, 4);
  body.writeUInt16LE(1, 6);
  body.writeInt32LE(id, 8);
  body.writeUInt16LE(8, 12);
  body.writeUInt16LE(3, 14);
  return { bytes: message(RTM_NEWNSID, NLM_F_REQUEST | NLM_F_ACK, body), netnsFd: { offset: 32, path } };
}

/** Types of the messages of a datagram. */
export function typesOf(datagram: Uint8Array): number[] {
  const view = new DataView(datagram.buffer, datagram.byteOffset, datagram.byteLength);
  const types: number[] = [];
  for (let at = 0; at + 16 <= view.byteLength; at += (view.getUint32(at, true) + 3) & ~3)
    types.push(view.getUint16(at + 4, true));
  return types;
}
