// Decodes IFLA_LINKINFO the way the tests of src/kinds need it: one link, nothing left out.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Detail, DetailValue, LinkFace, LinkKind, LinkReference } from '../../src/kinds/contract.js';
import { factsOf } from '../../src/kinds/facts.js';
import { KINDS } from '../../src/kinds/registry.gen.js';
import { refsOf } from '../../src/kinds/shared/refs.js';
import { decodeTable, formatDetail } from '../../src/kinds/table.js';
import { AttributeReader, LITTLE_ENDIAN } from '../../src/netlink/attributes.js';
import type { DecodeError } from '../../src/netlink/error.js';
import { ROOT } from './root.js';

// linux/if_link.h, v6.12
const IFLA_IFNAME = 3;
const IFLA_LINK = 5;
const IFLA_MASTER = 10;
const IFLA_LINKINFO = 18;
const IFLA_LINK_NETNSID = 37;
const IFLA_INFO_KIND = 1;
const IFLA_INFO_DATA = 2;
const IFLA_INFO_SLAVE_KIND = 4;
const IFLA_INFO_SLAVE_DATA = 5;
/** nlmsghdr and ifinfomsg. */
const ATTRIBUTES_START = 32;

export const FIXTURES: string = join(ROOT, 'test/fixtures/kinds');

/** Folders of test/fixtures/kinds, sorted. */
export function fixtureKinds(): string[] {
  return readdirSync(FIXTURES).sort();
}

/** Whether there are commands that make links of the kind. */
export function hasBuild(kind: string): boolean {
  return existsSync(join(FIXTURES, kind, 'build.sh'));
}

/** One link of a fixture. */
export interface FixtureCase {
  readonly kind: string;
  readonly name: string;
  readonly linkinfo: Uint8Array;
  readonly face: LinkFace;
}

/** The links of a fixture, by META: a line of where they come from, then "NAME ifindex=7 link=5 nsid=0" for each. */
export function fixtureCases(kind: string): { origin: string; cases: FixtureCase[] } {
  const folder = join(FIXTURES, kind);
  const [origin = '', ...lines] = readFileSync(join(folder, 'META'), 'utf8').trimEnd().split('\n');
  const cases = lines.map((line) => {
    const [name = '', ...fields] = line.split(' ');
    const field = (key: string): number | undefined => {
      const text = fields.find((each) => each.startsWith(`${key}=`));
      return text === undefined ? undefined : Number(text.slice(key.length + 1));
    };
    const iflaLink = field('link');
    const linkNsid = field('nsid');
    const face: LinkFace = {
      ifindex: field('ifindex') ?? 0,
      ...(iflaLink === undefined ? {} : { iflaLink }),
      ...(linkNsid === undefined ? {} : { linkNsid }),
    };
    return { kind, name, face, linkinfo: new Uint8Array(readFileSync(join(folder, `${name}.bin`))) };
  });
  return { origin, cases };
}

/** What a test looks at in one RTM_NEWLINK message. */
export interface RawLink {
  readonly name: string;
  readonly master: number | undefined;
  readonly face: LinkFace;
  /** IFLA_LINKINFO's payload. */
  readonly linkinfo: Uint8Array | undefined;
}

/** What IFLA_LINKINFO says, with every value as text. */
export interface DecodedInfo {
  kind?: string;
  attributes: Record<string, string>;
  portKind?: string;
  portAttributes: Record<string, string>;
  refs: readonly LinkReference[];
  /** "NAME VALUE", as lists and watch lines show them. */
  facts: readonly string[];
  /** "data/47" or "port/12". */
  unknown: string[];
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** One message of dump-links.py. */
export function parseLink(hex: string): RawLink {
  const view = viewOf(Buffer.from(hex, 'hex'));
  const reader = new AttributeReader(view, ATTRIBUTES_START, view.byteLength, 'RTM_NEWLINK');
  let name = '';
  let master: number | undefined;
  let linkinfo: Uint8Array | undefined;
  const face: { ifindex: number; iflaLink?: number; linkNsid?: number } = { ifindex: view.getInt32(20, LITTLE_ENDIAN) };
  while (reader.next()) {
    if (reader.type === IFLA_IFNAME) name = reader.text().text;
    else if (reader.type === IFLA_MASTER) master = reader.u32();
    else if (reader.type === IFLA_LINK) face.iflaLink = reader.u32();
    else if (reader.type === IFLA_LINK_NETNSID) face.linkNsid = reader.s32();
    else if (reader.type === IFLA_LINKINFO) linkinfo = reader.bytes();
  }
  if (reader.error !== undefined) throw reader.error;
  return { name, master, face, linkinfo };
}

/** The finished detail of IFLA_INFO_DATA. Throws what is wrong with it. */
export function detailOf(linkinfo: Uint8Array): Detail {
  const reader = new AttributeReader(viewOf(linkinfo), 0, linkinfo.byteLength, 'IFLA_LINKINFO');
  let kind: LinkKind | undefined;
  let detail: Record<string, DetailValue> = {};
  while (reader.next()) {
    if (reader.type === IFLA_INFO_KIND) kind = KINDS.get(reader.text().text);
    else if (reader.type === IFLA_INFO_DATA) detail = decodeTable(kind?.data ?? {}, reader.nested('IFLA_INFO_DATA')).detail;
  }
  if (reader.error !== undefined) throw reader.error;
  kind?.finish?.(detail);
  return detail;
}

/** Decodes the payload of IFLA_LINKINFO; what is wrong with it comes back as `error`. */
export function decodeInfo(linkinfo: Uint8Array, face: LinkFace): DecodedInfo & { error?: DecodeError } {
  return decodeInfoIn(viewOf(linkinfo), 0, linkinfo.byteLength, face);
}

/** Same, of bytes [start, end) of a view. */
export function decodeInfoIn(view: DataView, start: number, end: number, face: LinkFace): DecodedInfo & { error?: DecodeError } {
  const reader = new AttributeReader(view, start, end, 'IFLA_LINKINFO');
  const decoded: DecodedInfo = { attributes: {}, portAttributes: {}, refs: [], facts: [], unknown: [] };
  let detail = {};
  while (reader.next()) {
    if (reader.type === IFLA_INFO_KIND) decoded.kind = reader.text().text;
    else if (reader.type === IFLA_INFO_SLAVE_KIND) decoded.portKind = reader.text().text;
    else if (reader.type === IFLA_INFO_DATA) {
      const kind = KINDS.get(decoded.kind ?? '');
      const table = decodeTable(kind?.data ?? {}, reader.nested('IFLA_INFO_DATA'));
      if (reader.error === undefined) kind?.finish?.(table.detail);
      detail = table.detail;
      decoded.attributes = formatDetail(table.detail);
      for (const id of table.unknown.keys()) decoded.unknown.push(`data/${id}`);
    } else if (reader.type === IFLA_INFO_SLAVE_DATA) {
      const kind = KINDS.get(decoded.portKind ?? '');
      const table = decodeTable(kind?.port ?? {}, reader.nested('IFLA_INFO_SLAVE_DATA'));
      if (reader.error === undefined) kind?.finishPort?.(table.detail);
      decoded.portAttributes = formatDetail(table.detail);
      for (const id of table.unknown.keys()) decoded.unknown.push(`port/${id}`);
    }
  }
  const kind = KINDS.get(decoded.kind ?? '');
  if (kind !== undefined) {
    decoded.refs = refsOf(kind, detail, face);
    decoded.facts = factsOf({
      kind: kind.kind,
      attributes: decoded.attributes,
      ...(kind.typed !== undefined && { [kind.typed.field]: kind.typed.message(detail) }),
    }).map(({ name, value }) => `${name} ${value}`);
  }
  return reader.error === undefined ? decoded : { ...decoded, error: reader.error };
}
