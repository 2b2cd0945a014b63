import { AttributeReader, LITTLE_ENDIAN } from './attributes.js';
import { DecodeError } from './error.js';
import { NLM_F_ACK_TLVS, NLM_F_CAPPED, NLM_F_DUMP_INTR, NLMSG_HDRLEN, NLMSGERR_ATTR_MSG } from './uapi.js';

/**
 * Walks the messages (struct nlmsghdr and payload) of one datagram in bytes [start, end) of a view. Never reads outside
 * of them.
 *
 *     while (messages.next()) decode(messages.type, view, messages.offset, messages.end);
 *     if (messages.error) …
 */
export class MessageReader {
  /** NLMSG_* or RTM_*. */
  type = 0;
  /** NLM_F_*. */
  flags = 0;
  /** Offset of the current payload in the view. */
  offset = 0;
  /** End of the current payload in the view, without padding. */
  end = 0;

  readonly view: DataView;
  readonly #last: number;
  #next: number;
  #error: DecodeError | undefined;

  constructor(view: DataView, start: number, end: number) {
    this.view = view;
    this.#next = start;
    this.#last = Math.min(end, view.byteLength);
  }

  /** What was wrong with the datagram, if anything; it ends the walk, for what follows cannot be found. */
  get error(): DecodeError | undefined {
    return this.#error;
  }

  /** Whether the kernel says that the table changed while it was dumped. Any message of the dump may carry it. */
  get interrupted(): boolean {
    return (this.flags & NLM_F_DUMP_INTR) !== 0;
  }

  /** Moves to the next message. False at the end, and for good after an error. */
  next(): boolean {
    if (this.#error !== undefined) return false;
    const at = this.#next;
    const left = this.#last - at;
    if (left <= 0) return false;
    if (left < NLMSG_HDRLEN) return this.#fail(at, `${NLMSG_HDRLEN} bytes of message header`, `${left} bytes`);
    const length = this.view.getUint32(at, LITTLE_ENDIAN);
    if (length < NLMSG_HDRLEN || length > left) {
      return this.#fail(at, `a message length from ${NLMSG_HDRLEN} to ${left}`, `${length}`);
    }
    this.type = this.view.getUint16(at + 4, LITTLE_ENDIAN);
    this.flags = this.view.getUint16(at + 6, LITTLE_ENDIAN);
    this.offset = at + NLMSG_HDRLEN;
    this.end = at + length;
    // Not `& ~3`: lengths are unsigned, and above 2 GiB the operator would make them negative.
    this.#next = at + length + ((4 - (length % 4)) % 4);
    return true;
  }

  #fail(offset: number, wanted: string, got: string): false {
    this.#error = new DecodeError({ path: 'nlmsghdr', offset, wanted, got });
    return false;
  }
}

/** What NLMSG_ERROR or NLMSG_DONE says. */
export interface Verdict {
  /** Positive; 0 is success. */
  readonly errno: number;
  /** The kernel's own about it: NLMSGERR_ATTR_MSG of its extended acknowledgement. */
  readonly words?: string;
}

/**
 * Reads the current message, an NLMSG_ERROR: struct nlmsgerr {s32 error, nlmsghdr of the request}, the request's payload
 * unless NLM_F_CAPPED, then attributes when NLM_F_ACK_TLVS. // netlink_ack(), net/netlink/af_netlink.c
 */
export function readError(message: MessageReader): Verdict | DecodeError {
  const { view, offset, end } = message;
  const wanted = 4 + NLMSG_HDRLEN;
  if (end - offset < wanted) return short('NLMSG_ERROR', offset, wanted, end - offset);
  const errno = Math.abs(view.getInt32(offset, LITTLE_ENDIAN));
  const capped = (message.flags & NLM_F_CAPPED) !== 0;
  const requestLength = capped ? NLMSG_HDRLEN : view.getUint32(offset + 4, LITTLE_ENDIAN);
  return verdict(message, errno, offset + 4 + requestLength + ((4 - (requestLength % 4)) % 4));
}

/**
 * Reads the current message, an NLMSG_DONE: an s32 that is 0 or the negative errno which broke the dump off, then
 * attributes when NLM_F_ACK_TLVS. // netlink_dump_done(), net/netlink/af_netlink.c
 */
export function readDone(message: MessageReader): Verdict | DecodeError {
  const { view, offset, end } = message;
  // An empty DONE ends a dump, too: only the attributes and the code come in a payload.
  if (end === offset) return { errno: 0 };
  if (end - offset < 4) return short('NLMSG_DONE', offset, 4, end - offset);
  return verdict(message, Math.abs(view.getInt32(offset, LITTLE_ENDIAN)), offset + 4);
}

function short(path: string, offset: number, wanted: number, got: number): DecodeError {
  return new DecodeError({ path, offset, wanted: `at least ${wanted} bytes`, got: `${got} bytes` });
}

/** Words that cannot be read do not hide the errno they came with: they are left out. */
function verdict(message: MessageReader, errno: number, attributesAt: number): Verdict {
  if ((message.flags & NLM_F_ACK_TLVS) === 0) return { errno };
  const attributes = new AttributeReader(message.view, attributesAt, message.end, 'extack');
  let words: string | undefined;
  while (attributes.next()) if (attributes.type === NLMSGERR_ATTR_MSG) words = attributes.string();
  return { errno, ...(words !== undefined && { words }) };
}
