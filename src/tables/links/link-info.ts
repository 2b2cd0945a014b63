import { formatValue, padding } from '../../kinds/codecs.js';
import type { AttributeTable, Detail, DetailValue, LinkFace, LinkKind } from '../../kinds/contract.js';
import { KINDS } from '../../kinds/registry.gen.js';
import { refsOf } from '../../kinds/shared/refs.js';
import { decodeTable, decodeTexts, formatDetail, type UnknownAttributes } from '../../kinds/table.js';
import type { AttributeFilter } from '../../native/types.js';
import type { AttributeReader } from '../../netlink/attributes.js';
import { IFLA_INFO_DATA, IFLA_INFO_KIND, IFLA_INFO_SLAVE_DATA, IFLA_INFO_SLAVE_KIND } from '../../netlink/uapi.js';
import { AttributeDecoder, type DecoderFilter, partly } from '../shared/attribute-table.js';
import type { LinkRecord, ReferringLink, UnresolvedReference } from '../shared/records.js';

/** IFLA_LINKINFO while it is walked: the attributes of a kind can come before its name. // rtnl_link_fill(), net/core/rtnetlink.c */
interface Draft {
  readonly link: LinkRecord;
  data: AttributeReader | undefined;
  portData: AttributeReader | undefined;
}

/**
 * IFLA_INFO_XSTATS is left out: counters of a few kinds' own, which no user of `ip -d link` sees either. Of two names (never seen) the first
 * counts, as it does where the filter is chosen by it.
 */
const LINK_INFO = new AttributeDecoder<Draft>({
  [IFLA_INFO_KIND]: ({ link }, attribute) => {
    link.kind ??= attribute.string();
  },
  [IFLA_INFO_SLAVE_KIND]: ({ link }, attribute) => {
    link.portKind ??= attribute.string();
  },
  [IFLA_INFO_DATA]: partly(
    { by: IFLA_INFO_KIND, filters: filtersByKind((kind) => kind.data) },
    (draft: Draft, attribute: AttributeReader) => {
      draft.data = attribute.nested('IFLA_INFO_DATA');
    },
  ),
  [IFLA_INFO_SLAVE_DATA]: partly(
    { by: IFLA_INFO_SLAVE_KIND, filters: filtersByKind((kind) => kind.port) },
    (draft: Draft, attribute: AttributeReader) => {
      draft.portData = attribute.nested('IFLA_INFO_SLAVE_DATA');
    },
  ),
});

/** What of IFLA_LINKINFO is remembered between reads; of kinds that are not known, everything. */
export const LINK_INFO_FILTER: DecoderFilter = LINK_INFO.filter;

function filtersByKind(tableOf: (kind: LinkKind) => AttributeTable | undefined): Map<string, AttributeFilter> {
  const filters = new Map<string, AttributeFilter>();
  for (const [name, kind] of KINDS) {
    const table = tableOf(kind);
    if (table !== undefined) filters.set(name, tableFilter(table));
  }
  return filters;
}

/** All attributes but what changes by itself and what is only padding. Those that the kind does not know are kept: they are shown as they are. */
function tableFilter(table: AttributeTable): AttributeFilter {
  const left = Object.entries(table).filter(([, [, codec, change]]) => change === 'volatile' || codec === padding);
  return { keep: new Map(), drop: left.map(([type]) => Number(type)), others: true };
}

/**
 * Decodes IFLA_LINKINFO into `link`. Errors stick in `info` and in the readers around it.
 *
 * @param iflaLink IFLA_LINK as it is; link.linkNsid has to be there already.
 */
export function decodeLinkInfo(link: LinkRecord, iflaLink: number | undefined, info: AttributeReader): void {
  const draft: Draft = { link, data: undefined, portData: undefined };
  LINK_INFO.read(draft, info);
  const { data, portData } = draft;
  const kind = link.kind === undefined ? undefined : KINDS.get(link.kind);
  if (kind !== undefined) decodeData(link, kind, iflaLink, data);
  else if (data !== undefined) link.infoData = data.allBytes();
  if (portData !== undefined) decodePort(link, portData);
}

/** A kind may have references without any attribute of its own (veth). */
function decodeData(link: LinkRecord, kind: LinkKind, iflaLink: number | undefined, data: AttributeReader | undefined): void {
  let detail: Record<string, DetailValue> = {};
  if (data !== undefined && isPlain(kind)) {
    const { texts, unknown } = decodeTexts(kind.data, data);
    if (data.error !== undefined) return;
    link.attributes = texts;
    keepUnknown(link, 'data', unknown);
  } else if (data !== undefined) {
    const table = decodeTable(kind.data, data);
    if (data.error !== undefined) return;
    detail = table.detail;
    kind.finish?.(detail);
    keepUnknown(link, 'data', table.unknown);
    if (kind.typed === undefined) link.attributes = formatDetail(detail);
    else takeMessage(link, kind.typed, detail);
  }
  if (isReferring(link)) link.refs = referencesOf(kind, detail, link, iflaLink);
}

/** Nobody looks at the values. */
function isPlain(kind: LinkKind): boolean {
  return kind.finish === undefined && kind.refs === undefined && kind.typed === undefined;
}

function takeMessage(link: LinkRecord, typed: NonNullable<LinkKind['typed']>, detail: Detail): void {
  link[typed.field] = typed.message(detail);
  for (const name of typed.others) {
    const value = detail[name];
    if (value !== undefined) link.attributes[name] = formatValue(value);
  }
}

function isReferring(link: LinkRecord): link is ReferringLink {
  return (link as Partial<ReferringLink>).refs !== undefined;
}

function referencesOf(
  kind: LinkKind,
  detail: Detail,
  link: LinkRecord,
  iflaLink: number | undefined,
): readonly UnresolvedReference[] {
  const face: { -readonly [Key in keyof LinkFace]: LinkFace[Key] } = { ifindex: link.ifindex };
  if (iflaLink !== undefined) face.iflaLink = iflaLink;
  if (link.linkNsid !== undefined) face.linkNsid = link.linkNsid;
  return refsOf(kind, detail, face) as readonly UnresolvedReference[];
}

/** Attributes of a port; every one counts as unknown when its master's kind is. */
function decodePort(link: LinkRecord, data: AttributeReader): void {
  const kind = link.portKind === undefined ? undefined : KINDS.get(link.portKind);
  const table = kind?.port ?? NO_TABLE;
  if (kind?.finishPort === undefined) {
    const { texts, unknown } = decodeTexts(table, data);
    if (data.error !== undefined) return;
    link.portAttributes = texts;
    keepUnknown(link, 'port', unknown);
  } else {
    const { detail, unknown } = decodeTable(table, data);
    if (data.error !== undefined) return;
    kind.finishPort(detail);
    link.portAttributes = formatDetail(detail);
    keepUnknown(link, 'port', unknown);
  }
}

const NO_TABLE: AttributeTable = {};

function keepUnknown(link: LinkRecord, where: 'data' | 'port', unknown: UnknownAttributes): void {
  for (const [type, bytes] of unknown) link.unknownAttributes[`${where}/${type}`] = bytes;
}
