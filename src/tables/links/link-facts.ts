import { KINDS } from '../../kinds/registry.gen.js';
import { iflaLinkRefs } from '../../kinds/shared/refs.js';
import { AttributeReader, LITTLE_ENDIAN } from '../../netlink/attributes.js';
import type { DecodeError } from '../../netlink/error.js';
import * as uapi from '../../netlink/uapi.js';
import { shortHeader } from '../shared/header.js';
import type { Ifindex, Nsid } from '../../proto/identifiers.js';

/** What others refer to in a link, and what it refers to: a twentieth of the work of decodeLink(). */
export interface LinkFacts {
  readonly ifindex: Ifindex;
  readonly name: string;
  /** IFLA_INFO_KIND. */
  readonly kind: string | undefined;
  readonly masterIfindex: Ifindex | undefined;
  readonly linkNsid: Nsid | undefined;
  /** The other end of a link that has one by its kind; undefined when it is gone. */
  readonly peer: { readonly ifindex: Ifindex; readonly nsid: Nsid | undefined } | undefined;
  /** Whether it has another end by its kind. */
  readonly isPair: boolean;
}

/** Reads the facts of one RTM_NEWLINK payload in bytes [start, end). */
export function decodeLinkFacts(view: DataView, start: number, end: number): LinkFacts | DecodeError {
  const short = shortHeader('RTM_NEWLINK', start, end, uapi.SIZEOF_IFINFOMSG);
  if (short !== undefined) return short;
  const ifindex = view.getInt32(start + 4, LITTLE_ENDIAN) as Ifindex;
  let name = '';
  let masterIfindex: Ifindex | undefined;
  let linkNsid: Nsid | undefined;
  let iflaLink: number | undefined;
  let kind: string | undefined;
  const attributes = new AttributeReader(view, start + uapi.SIZEOF_IFINFOMSG, end, 'RTM_NEWLINK');
  while (attributes.next()) {
    switch (attributes.type) {
      case uapi.IFLA_IFNAME:
        name = attributes.text().text;
        break;
      case uapi.IFLA_MASTER:
        masterIfindex = attributes.u32() as Ifindex;
        break;
      case uapi.IFLA_LINK:
        iflaLink = attributes.u32();
        break;
      case uapi.IFLA_LINK_NETNSID:
        linkNsid = attributes.s32() as Nsid;
        break;
      case uapi.IFLA_LINKINFO:
        kind = linkKind(attributes);
        break;
      default:
    }
  }
  if (name === '') attributes.fail(start, 'IFLA_IFNAME', 'none');
  if (attributes.error !== undefined) return attributes.error;
  const known = kind === undefined ? undefined : KINDS.get(kind);
  const isPair = known?.pair === true;
  return {
    ifindex,
    name,
    // Of kinds that are known, one string for all links.
    kind: known?.kind ?? kind,
    masterIfindex,
    linkNsid,
    isPair,
    peer: isPair ? peerOf({ ifindex, iflaLink, linkNsid }) : undefined,
  };
}

/** IFLA_INFO_KIND of the IFLA_LINKINFO that the reader is at. */
export function linkKind(attribute: AttributeReader): string | undefined {
  const info = attribute.nested('IFLA_LINKINFO');
  while (info.next()) if (info.type === uapi.IFLA_INFO_KIND) return info.text().text;
  return undefined;
}

interface Face {
  readonly ifindex: Ifindex;
  readonly iflaLink: number | undefined;
  readonly linkNsid: Nsid | undefined;
}

function peerOf({ ifindex, iflaLink, linkNsid }: Face): LinkFacts['peer'] {
  const face = { ifindex, ...(iflaLink !== undefined && { iflaLink }), ...(linkNsid !== undefined && { linkNsid }) };
  const [peer] = iflaLinkRefs('peer', face);
  return peer === undefined ? undefined : { ifindex: peer.ifindex as Ifindex, nsid: peer.nsid as Nsid | undefined };
}
