import { NsatlasError } from '../text/error.js';

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
