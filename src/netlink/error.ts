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
