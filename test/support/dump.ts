import { LITTLE_ENDIAN } from '../../src/netlink/attributes.js';
import { errnoName } from '../../src/netlink/errno.js';
import { DecodeError } from '../../src/netlink/error.js';
import { MessageReader, readDone, readError, type Verdict } from '../../src/netlink/messages.js';
import * as uapi from '../../src/netlink/uapi.js';
import { ROW_TABLES, type Section } from '../../src/tables/index.js';
import { decodeAddress } from '../../src/tables/addresses.js';
import { decodeReferringLink } from '../../src/tables/links/link.js';
import { decodeFdb } from '../../src/tables/fdb.js';
import { decodeNeighbor } from '../../src/tables/neighbors.js';
import { decodeNsid } from '../../src/tables/shared/nsid.js';
import type {
  AddressRecord,
  FdbRecord,
  ReferringLink,
  NeighborRecord,
  NsidRecord,
  RouteRecord,
} from '../../src/tables/shared/records.js';
import type { Decoded } from '../../src/tables/shared/result.js';
import { decodeRoute } from '../../src/tables/routes.js';

/** asm-generic/errno.h */
const ENOBUFS = 105;

/**
 * Collects the answer to a request, datagram by datagram, whichever request it was: messages say what they are. Pure: it
 * does not know where the bytes come from and keeps none of them. One malformed object becomes one error, and the dump
 * goes on; nothing is thrown.
 *
 * One decoder for one answer, or for the answers that fill one table; a repeated dump takes a new one.
 */
export class DumpDecoder {
  // What was decoded, each in the kernel's order.
  readonly links: ReferringLink[] = [];
  readonly addresses: AddressRecord[] = [];
  readonly fdb: FdbRecord[] = [];
  readonly neighbors: NeighborRecord[] = [];
  readonly routes: RouteRecord[] = [];
  readonly nsids: NsidRecord[] = [];
  /** Rows of other tables, by section. */
  readonly others: Partial<Record<Section, object[]>> = {};
  /** What could not be decoded, one for each object; `detail.ifindex` says of which interface, where that much could be read. */
  readonly errors: DecodeError[] = [];
  /** NLM_F_DUMP_INTR was seen: rows may be missing or doubled, the dump has to be repeated. */
  interrupted = false;
  /** NLMSG_DONE, an acknowledgement or an error was seen. The answer to a request that is no dump has no such end. */
  ended = false;
  /** The kernel refused or broke off; what came before was decoded. */
  failure: { readonly message: string; readonly errno: number; readonly rtm: string } | undefined;

  readonly #rtm: string;

  /** @param rtm name of the request, for errors: "RTM_GETLINK" */
  constructor(rtm = 'netlink') {
    this.#rtm = rtm;
  }

  /** How many objects were decoded. */
  get rows(): number {
    return (
      this.links.length + this.addresses.length + this.fdb.length + this.neighbors.length + this.routes.length + this.nsids.length
    );
  }

  /** Decodes one datagram, bytes [start, end) of the view. */
  datagram(view: DataView, start: number, end: number): void {
    const messages = new MessageReader(view, start, end);
    while (messages.next()) {
      if (messages.interrupted) this.interrupted = true;
      if (messages.type >= uapi.RTM_NEWLINK) this.#object(messages);
      else this.#control(messages);
    }
    if (messages.error !== undefined) this.errors.push(messages.error);
  }

  #object({ type, view, offset, end }: MessageReader): void {
    switch (type) {
      case uapi.RTM_NEWLINK:
        return this.#keep(this.links, decodeReferringLink(view, offset, end), view, offset, end);
      case uapi.RTM_NEWADDR:
        return this.#keep(this.addresses, decodeAddress(view, offset, end), view, offset, end);
      case uapi.RTM_NEWNEIGH:
        if (end > offset && view.getUint8(offset) === uapi.AF_BRIDGE) {
          return this.#keep(this.fdb, decodeFdb(view, offset, end), view, offset, end);
        }
        return this.#keep(this.neighbors, decodeNeighbor(view, offset, end), view, offset, end);
      case uapi.RTM_NEWROUTE:
        // A dump of all families also lists the jobs of the CAN gateway, with a header of their own. // cgw_dump_jobs(), net/can/gw.c
        if (end > offset && view.getUint8(offset) === uapi.AF_CAN) return;
        return this.#keep(this.routes, decodeRoute(view, offset, end));
      case uapi.RTM_NEWNSID:
        return this.#keep(this.nsids, decodeNsid(view, offset, end));
      default: {
        const table = ROW_TABLES.find(({ requests: [first] }) => first !== undefined && answerOf(first) === type);
        if (table === undefined) return this.#unexpected(type, offset);
        this.#keep((this.others[table.section] ??= []), table.decode(view, offset, end));
      }
    }
  }

  /** Links, addresses and neighbours have their ifindex at byte 4 of their header; for those the view is given. */
  #keep<Row>(rows: Row[], decoded: Decoded<Row>, view?: DataView, offset = 0, end = 0): void {
    if (!(decoded instanceof DecodeError)) {
      rows.push(decoded);
      return;
    }
    const ifindex = view === undefined || end - offset < 8 ? 0 : view.getInt32(offset + 4, LITTLE_ENDIAN);
    this.errors.push(ifindex > 0 ? new DecodeError({ ...decoded.detail, ifindex }) : decoded);
  }

  #control(message: MessageReader): void {
    switch (message.type) {
      case uapi.NLMSG_NOOP:
        return;
      case uapi.NLMSG_DONE:
        return this.#end(message, readDone(message));
      case uapi.NLMSG_ERROR:
        return this.#end(message, readError(message));
      case uapi.NLMSG_OVERRUN:
        // "Data lost" (linux/netlink.h). No kernel sends it; what it would mean is an answer with holes.
        return this.#end(message, { errno: ENOBUFS });
      default:
        this.#unexpected(message.type, message.offset);
    }
  }

  #unexpected(type: number, offset: number): void {
    this.errors.push(new DecodeError({ path: 'nlmsghdr', offset, wanted: 'a message that a dump has', got: `type ${type}` }));
  }

  #end(message: MessageReader, verdict: Verdict | DecodeError): void {
    this.ended = true;
    if (verdict instanceof DecodeError) {
      this.errors.push(verdict);
    } else if (verdict.errno !== 0) {
      const { errno, words } = verdict;
      const said = words === undefined ? '' : `: ${words}`;
      this.failure ??= { message: `${this.#rtm} dump: ${errnoName(errno)}${said}`, errno, rtm: this.#rtm };
    }
  }
}

/** The type that answers a request: of each kind of object NEW is a multiple of four, and GET two after it. // linux/rtnetlink.h, RTM_BASE */
export function answerOf(request: Uint8Array): number {
  return new DataView(request.buffer, request.byteOffset).getUint16(4, LITTLE_ENDIAN) & ~3;
}
