import { NsatlasError } from '../text/error.js';
import { errnoName } from './errno.js';

/** Where in which message bytes were not what the kernel's headers promise. */
export interface DecodeErrorDetail {
  /** Attribute path from the outside in, "RTM_NEWLINK/IFLA_LINKINFO/IFLA_INFO_DATA/42". */
  readonly path: string;
  /** Byte offset in the buffer that was decoded. */
  readonly offset: number;
  /** What was expected: "4 bytes", "at least 16 bytes", … */
  readonly wanted: string;
  /** What was there: "2 bytes". */
  readonly got: string;
  /** The interface that the object is or belongs to, where that much could be read. */
  readonly ifindex?: number;
}

/** Bytes that could not be decoded. The object concerned becomes a gap; the dump goes on. */
export class DecodeError extends NsatlasError<'ERR_NSATLAS_DECODE'> {
  readonly detail: DecodeErrorDetail;

  constructor(detail: DecodeErrorDetail) {
    super('ERR_NSATLAS_DECODE', `${detail.path} at byte ${detail.offset}: wanted ${detail.wanted}, got ${detail.got}`);
    this.detail = detail;
  }
}

/** What the kernel adds to an error (NLM_F_ACK_TLVS, since Linux 4.12). */
export interface ExtAck {
  /** NLMSGERR_ATTR_MSG: a sentence by the kernel. */
  readonly message?: string;
  /** NLMSGERR_ATTR_OFFS: byte of the request, counted from its nlmsghdr, that the kernel objects to. */
  readonly offset?: number;
}

export interface NetlinkErrorDetail {
  /** What was tried: "dump", "get". */
  readonly op: string;
  /** Positive, 105 for ENOBUFS. */
  readonly errno: number;
  /** The request's type: "RTM_GETLINK". */
  readonly rtm: string;
  /** The namespace that was asked, "net:[4026532287]", where it is known. */
  readonly netns?: string;
  readonly extAck?: ExtAck;
  /** Sequence number of the message that carried the error. */
  readonly seq: number;
}

/** The kernel refused a request or broke off its answer (NLMSG_ERROR, a DONE with an error, or NLMSG_OVERRUN). */
export class NetlinkError extends NsatlasError<'ERR_NSATLAS_NETLINK'> {
  readonly op: string;
  readonly errno: number;
  readonly rtm: string;
  readonly netns: string | undefined;
  readonly extAck: ExtAck;
  readonly seq: number;

  constructor(detail: NetlinkErrorDetail, options?: ErrorOptions) {
    const where = detail.netns === undefined ? '' : ` in ${detail.netns}`;
    const said = detail.extAck?.message === undefined ? '' : `: ${detail.extAck.message}`;
    super('ERR_NSATLAS_NETLINK', `${detail.rtm} ${detail.op}${where}: ${errnoName(detail.errno)}${said}`, options);
    this.op = detail.op;
    this.errno = detail.errno;
    this.rtm = detail.rtm;
    this.netns = detail.netns;
    this.extAck = detail.extAck ?? {};
    this.seq = detail.seq;
  }
}
