import type { AttributeReader } from '../netlink/attributes.js';

/** A decoded value. Byte strings are copies. */
export type DetailValue = string | number | bigint | boolean | Uint8Array;

/** What IFLA_INFO_DATA or IFLA_INFO_SLAVE_DATA held, by the names of the kind's table. */
export type Detail = Readonly<Record<string, DetailValue>>;

/** Takes details besides an attribute's own. They come after those of the table. */
export interface Further {
  put(name: string, value: DetailValue): void;
}

/** Reads one attribute's value; reports a wrong length through the reader. undefined: the attribute says that there is nothing. */
export type Codec = (attribute: AttributeReader, further: Further) => DetailValue | undefined;

/**
 * The attributes of a kind as data: attribute id to [name, codec]. Names are those that `ip -d -j link` prints, for they
 * are what users know. Being data, the same table tells the native reader which attributes are wanted.
 *
 * 'volatile' changes by itself, without anybody doing anything (timers, counts of learned addresses). It is read for a snapshot and left out of what is
 * remembered between reads, or nothing would ever be equal to the last time.
 */
export type AttributeTable = Readonly<Record<number, readonly [name: string, codec: Codec, change?: 'volatile']>>;

/** A reference to another interface that a link's attributes make, not yet resolved. */
export interface LinkReference {
  /** peer: the other end of a pair. lower: what it is stacked on. underlay: what a tunnel sends through. */
  readonly role: 'peer' | 'lower' | 'underlay';
  readonly ifindex: number;
  /** Relative to the namespace of the link; absent means that same namespace. */
  readonly nsid?: number;
}

/** What a kind may ask of the link it belongs to. */
export interface LinkFace {
  readonly ifindex: number;
  /** IFLA_LINK as it is. */
  readonly iflaLink?: number;
  /** IFLA_LINK_NETNSID as it is. */
  readonly linkNsid?: number;
}

/** One kind of link. One file each, named by its IFLA_INFO_KIND string, found through registry.gen.ts. */
export interface LinkKind {
  /** IFLA_INFO_KIND. */
  readonly kind: string;
  /** IFLA_INFO_DATA. */
  readonly data: AttributeTable;
  /** IFLA_INFO_SLAVE_DATA of the ports of a master of this kind. */
  readonly port?: AttributeTable;
  /** For what attributes alone cannot say: derives, renames or drops details after the table was applied. */
  finish?(detail: Record<string, DetailValue>): void;
  /** Same for a port's details. */
  finishPort?(detail: Record<string, DetailValue>): void;
  /** What the link refers to. */
  refs(detail: Detail, link: LinkFace): readonly LinkReference[];
  /** A few words for one line of a table: "vni 4097 port 4789 nolearning". */
  summary(detail: Detail): string;
}
