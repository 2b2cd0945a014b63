import type { AttributeReader } from '../netlink/attributes.js';
import type { Interface } from '../proto/gen/types.js';

/** The fields of Interface that hold a message of a kind: one for the link's kind, or none. Of other kinds the public model has attributes, names and texts. */
export type KindMessages = Pick<Interface, 'vxlan'>;

/** A decoded value. Byte strings are copies. */
export type DetailValue = string | number | bigint | boolean | Uint8Array;

/** The content of IFLA_INFO_DATA or IFLA_INFO_SLAVE_DATA, by the names of the kind's table. */
export type Detail = Readonly<Record<string, DetailValue>>;

/** Takes details besides an attribute's own. They come after those of the table. */
export interface Further {
  put(name: string, value: DetailValue): void;
}

/** Reads one attribute's value; reports a wrong length through the reader. undefined: the attribute means none. */
export type Codec = (attribute: AttributeReader, further: Further) => DetailValue | undefined;

/**
 * The attributes of a kind as data: attribute id to [name, codec]; attributes() of codecs.ts makes it. Names are those that `ip -d -j link`
 * prints, because users know them. The native reader uses the same table to decide which attributes it copies.
 *
 * 'volatile' attributes change by themselves (timers, counts of learned addresses). They are read for a snapshot, but not
 * remembered between reads; otherwise no read would ever equal the previous one.
 */
export type AttributeTable = Readonly<Record<number, readonly [name: string, codec: Codec, change?: 'volatile']>>;

/** A reference to another interface from a link's attributes, not yet resolved. */
export interface LinkReference {
  /** peer: the other end of a pair. lower: what it is stacked on. underlay: what a tunnel sends through. */
  readonly role: 'peer' | 'lower' | 'underlay';
  readonly ifindex: number;
  /** Relative to the namespace of the link; absent means that same namespace. */
  readonly nsid?: number;
}

/** The properties of a link that a kind may use. */
export interface LinkFace {
  readonly ifindex: number;
  /** IFLA_LINK, raw. */
  readonly iflaLink?: number;
  /** IFLA_LINK_NETNSID, raw. */
  readonly linkNsid?: number;
}

/** A property of a link that people want to see. The value of a flag that is on is "true". */
export interface Fact {
  readonly name: string;
  readonly value: string;
}

/** The input of facts: the link in the public model, which is all that is known of a link on another host. */
export interface Described extends Readonly<KindMessages> {
  readonly attributes: Readonly<Record<string, string>>;
}

/** How a kind with a message of its own fills it. */
interface Typed<Field extends keyof KindMessages> {
  /** The message's field in Interface. */
  readonly field: Field;
  /** The message, of a finished detail. */
  message(detail: Detail): NonNullable<KindMessages[Field]>;
  /** Names of the details that the message has no field for; they stay attributes. */
  readonly others: readonly string[];
}

/** One kind of link. One file each, named by its IFLA_INFO_KIND string, found through registry.gen.ts. */
export interface LinkKind {
  /** IFLA_INFO_KIND. */
  readonly kind: string;
  /** IFLA_INFO_DATA; empty when the driver sends none. */
  readonly data: AttributeTable;
  /** IFLA_INFO_SLAVE_DATA of the ports of a master of this kind. */
  readonly port?: AttributeTable;
  /** For details that need more than one attribute: derives, renames or drops details after the table was applied. */
  finish?(detail: Record<string, DetailValue>): void;
  /** Same for a port's details. */
  finishPort?(detail: Record<string, DetailValue>): void;
  /** Links of the kind come in pairs: IFLA_LINK is the other end. */
  readonly pair?: true;
  /** References of the link besides the other end of a pair; absent if there are none. */
  refs?(detail: Detail, link: LinkFace): readonly LinkReference[];
  /** The kind has a message of its own in the public model; without one the details are attributes. */
  readonly typed?: { readonly [Field in keyof KindMessages]-?: Typed<Field> }[keyof KindMessages];
  /** Properties that people want to see, the most important first: lists and watch lines show them. Required for a kind with attributes. */
  facts?(link: Described): readonly Fact[];
  /** Most interfaces of a container host are of this kind, so that lines about one do not name it. */
  readonly usual?: true;
}
