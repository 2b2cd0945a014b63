import { formatValue } from '../kinds/codecs.js';
import type { LinkFace, LinkKind } from '../kinds/contract.js';
import { KINDS } from '../kinds/registry.gen.js';
import { type DecodedTable, decodeTable, formatDetail } from '../kinds/table.js';
import { vxlanFromDetail } from '../kinds/vxlan.js';
import type { AttributeReader } from '../netlink/attributes.js';
import { IFLA_INFO_DATA, IFLA_INFO_KIND, IFLA_INFO_SLAVE_DATA, IFLA_INFO_SLAVE_KIND } from '../netlink/uapi.js';
import type { LinkRecord, UnresolvedReference } from './records.js';

/**
 * Decodes IFLA_LINKINFO into `link`. Errors stick in `info` and in the readers around it. The attributes of a kind can come
 * before its name, so they are decoded after the walk. // rtnl_link_fill(), net/core/rtnetlink.c
 *
 * @param iflaLink IFLA_LINK as it is; link.linkNsid has to be there already.
 */
export function decodeLinkInfo(link: LinkRecord, iflaLink: number | undefined, info: AttributeReader): void {
  let data: AttributeReader | undefined;
  let portData: AttributeReader | undefined;
  while (info.next()) {
    switch (info.type) {
      case IFLA_INFO_KIND:
        link.kind = info.text().text;
        break;
      case IFLA_INFO_DATA:
        data = info.nested('IFLA_INFO_DATA');
        break;
      case IFLA_INFO_SLAVE_KIND:
        link.portKind = info.text().text;
        break;
      case IFLA_INFO_SLAVE_DATA:
        portData = info.nested('IFLA_INFO_SLAVE_DATA');
        break;
      default:
      // IFLA_INFO_XSTATS: counters of a few kinds' own, which no user of `ip -d link` sees either.
    }
  }
  const kind = link.kind === undefined ? undefined : KINDS.get(link.kind);
  if (kind !== undefined) decodeData(link, kind, iflaLink, data);
  else if (data !== undefined) link.infoData = data.allBytes();
  if (portData !== undefined) decodePort(link, portData);
}

/** Details of a vxlan that have no field in message Vxlan; they are told as attributes. */
const VXLAN_ATTRIBUTES: readonly string[] = ['label_policy', 'reserved_bits', 'mcroute'];

function decodeData(link: LinkRecord, kind: LinkKind, iflaLink: number | undefined, data: AttributeReader | undefined): void {
  // A kind may have references without any attribute of its own (veth), so an empty table is decoded, too.
  const { detail, unknown }: Partial<DecodedTable> & Pick<DecodedTable, 'detail'> =
    data === undefined ? { detail: {} } : decodeTable(kind.data, data);
  if (data?.error !== undefined) return;
  if (data !== undefined) kind.finish?.(detail);
  const face: { -readonly [Key in keyof LinkFace]: LinkFace[Key] } = { ifindex: link.ifindex };
  if (iflaLink !== undefined) face.iflaLink = iflaLink;
  if (link.linkNsid !== undefined) face.linkNsid = link.linkNsid;
  link.refs = kind.refs(detail, face) as readonly UnresolvedReference[];
  if (unknown !== undefined) keepUnknown(link, 'data', unknown);
  if (data === undefined) return;
  if (kind.kind === 'vxlan') {
    link.vxlan = vxlanFromDetail(detail);
    for (const name of VXLAN_ATTRIBUTES) {
      const value = detail[name];
      if (value !== undefined) link.attributes[name] = formatValue(value);
    }
  } else {
    link.attributes = formatDetail(detail);
  }
}

/** Attributes of a port; every one counts as unknown when its master's kind is. */
function decodePort(link: LinkRecord, data: AttributeReader): void {
  const kind = link.portKind === undefined ? undefined : KINDS.get(link.portKind);
  const { detail, unknown } = decodeTable(kind?.port ?? {}, data);
  if (data.error !== undefined) return;
  kind?.finishPort?.(detail);
  link.portAttributes = formatDetail(detail);
  keepUnknown(link, 'port', unknown);
}

function keepUnknown(link: LinkRecord, where: 'data' | 'port', unknown: ReadonlyMap<number, Uint8Array>): void {
  for (const [type, bytes] of unknown) link.unknownAttributes[`${where}/${type}`] = bytes;
}
