import { isSame } from '../../model/same.js';
import type { Interface } from '../../model/types.js';
import { fieldsOf, type ValueSchema } from '../../wire/schema.js';
import { type Budget, weigh } from './budget.js';
import { compact, Pool, type Pooled, Recent } from './pool.js';

type Fields = Record<string, unknown>;

/** What many interfaces have in common, with null where the values of one belong. */
interface LinkBase {
  readonly fields: Readonly<Fields>;
  readonly attributes: Readonly<Fields>;
  readonly portAttributes: Readonly<Fields>;
  readonly unknownAttributes: Interface['unknownAttributes'];
}

/** An interface as it is kept: what it has in common with others, and its own values as the JSON of a list; or itself where it is odd. */
export type KeptLink =
  | { readonly base: Pooled<LinkBase>; readonly own: string }
  | { readonly base: undefined; readonly own: Interface };

/** Fields that are one interface's own. Only the size of what is kept depends on this list. */
const OWN = [
  'netnsId',
  'ifindex',
  'name',
  'altnames',
  'alias',
  'mac',
  'permanentMac',
  'carrierChanges',
  'carrierUpCount',
  'carrierDownCount',
  'masterIfindex',
  'masterName',
  'linkIfindex',
  'linkNsid',
  'linkNetnsId',
  'vxlan',
  'addresses',
  'addressDetails',
  'veth',
] as const satisfies readonly (keyof Interface)[];

/** Fields of which the base has a copy of its own. */
const MAPS: readonly string[] = ['attributes', 'portAttributes', 'unknownAttributes'];

const FIELDS = fieldsOf('nsatlas.v1.Interface');
const isInJson = ({ type, of = '' }: ValueSchema): boolean =>
  !['bytes', 'int64', 'uint64'].includes(type) && (type !== 'message' || fieldsOf(of).every(isInJson));
const namesOf = (fields: readonly { readonly name: string }[]): (keyof Interface)[] =>
  fields.map(({ name }) => name as keyof Interface).filter((name) => !MAPS.includes(name));

/** Fields that JSON cannot represent: an interface with one of these is kept as it is. Watch sends no counters, and invalid names are rare. */
const ODD = namesOf(FIELDS.filter((field) => !isInJson(field)));
/** All other fields, shared by many. What mostly differs is compared first. */
const SHARED = [...new Set<keyof Interface>(['kind', 'portKind', 'operState', 'mtu', ...namesOf(FIELDS)])].filter(
  (name) => !ODD.includes(name) && !(OWN as readonly string[]).includes(name),
);

/** Attributes that differ between bridges and between the ports of a bridge. Only the size of what is kept depends on these lists. */
const OWN_ATTRIBUTES = ['bridge_id', 'root_id', 'root_port'];
const OWN_PORT_ATTRIBUTES = ['bridge_id', 'root_id', 'designated_port', 'id', 'no'];

/** How many bases are compared with before one is looked up: those of a bridge, its ports and what is at their other ends, up and down. */
const RECENT = 8;

/** The interfaces of one host: some 500 bytes each instead of an object of 7,000, and hardly anything for the garbage collector to walk. */
export class LinkPool {
  readonly #pool: Pool<LinkBase>;
  readonly #recent = new Recent<LinkBase>(RECENT);

  constructor(budget: Budget) {
    this.#pool = new Pool(budget);
  }

  /** How many different kinds of interfaces there are. */
  get count(): number {
    return this.#pool.count;
  }

  /** An interface as it is kept. What it shares is held: whoever does not keep it releases it. @returns undefined when there is no room */
  encode(link: Interface): KeptLink | undefined {
    if (ODD.some((name) => link[name] !== undefined)) return { base: undefined, own: link };
    const base = this.#recent.find((some) => fits(some, link)) ?? this.#lookUp(link);
    if (base === undefined) return undefined;
    this.#pool.hold(base);
    const own: unknown[] = [];
    takeOwn(own, link, OWN);
    takeOwn(own, link.attributes, OWN_ATTRIBUTES);
    takeOwn(own, link.portAttributes, OWN_PORT_ATTRIBUTES);
    return { base, own: JSON.stringify(own) };
  }

  /** The complete interface. A new object for each call, whose shared parts must not be changed. */
  decode({ base, own }: KeptLink): Interface {
    if (base === undefined) return own;
    const { fields, attributes, portAttributes, unknownAttributes } = base.value;
    const values = (JSON.parse(own) as unknown[])[Symbol.iterator]();
    const link = filled(fields, OWN, values);
    link['attributes'] = filled(attributes, OWN_ATTRIBUTES, values);
    link['portAttributes'] = filled(portAttributes, OWN_PORT_ATTRIBUTES, values);
    link['unknownAttributes'] = unknownAttributes;
    // It is what encode() was given, field by field.
    return link as unknown as Interface;
  }

  release({ base }: KeptLink): void {
    if (base !== undefined && this.#pool.release(base)) this.#recent.delete(base);
  }

  /** What it takes beyond what it shares, in bytes. */
  weightOf({ own }: KeptLink): number {
    return weigh(own);
  }

  #lookUp(link: Interface): Pooled<LinkBase> | undefined {
    const base = this.#pool.entry(keyOf(link), () => baseOf(link));
    if (base !== undefined) this.#recent.add(base);
    return base;
  }
}

function keyOf(link: Interface): string {
  return JSON.stringify([
    SHARED.map((name) => link[name]),
    OWN.map((name) => (link[name] === undefined ? 0 : 1)),
    emptied(link.attributes, OWN_ATTRIBUTES),
    emptied(link.portAttributes, OWN_PORT_ATTRIBUTES),
    Object.entries(link.unknownAttributes).map(([name, value]) => [name, Buffer.from(value).toString('base64')]),
  ]);
}

/** Whether an interface has a base: the same as comparing keys, without making one. */
function fits({ fields, attributes, portAttributes, unknownAttributes }: LinkBase, link: Interface): boolean {
  for (const name of SHARED) if (!isSame(fields[name], link[name])) return false;
  for (const name of OWN) if ((fields[name] === null) !== (link[name] !== undefined)) return false;
  const isSameText = (shared: unknown, value: unknown): boolean => shared === value || shared === null;
  return (
    isSameRecord(attributes, link.attributes, isSameText) &&
    isSameRecord(portAttributes, link.portAttributes, isSameText) &&
    isSameRecord(unknownAttributes, link.unknownAttributes, (a, b) => Buffer.compare(a, b) === 0)
  );
}

function isSameRecord<A, B>(
  shared: Readonly<Record<string, A>>,
  record: Readonly<Record<string, B>>,
  same: (a: A, b: B) => boolean,
): boolean {
  let count = 0;
  for (const name in record) {
    if (!Object.hasOwn(shared, name) || !same(shared[name] as A, record[name] as B)) return false;
    count++;
  }
  return count === Object.keys(shared).length;
}

function baseOf(link: Interface): LinkBase {
  const fields: Fields = { attributes: null, portAttributes: null, unknownAttributes: null };
  for (const name of OWN) if (link[name] !== undefined) fields[name] = null;
  for (const name of SHARED) if (link[name] !== undefined) fields[name] = link[name];
  return {
    fields: compact(fields),
    attributes: compact(emptied(link.attributes, OWN_ATTRIBUTES)),
    portAttributes: compact(emptied(link.portAttributes, OWN_PORT_ATTRIBUTES)),
    unknownAttributes: link.unknownAttributes,
  };
}

/** With null for the values that are its own. No attribute is null, so that this says which ones it has. */
function emptied(record: Readonly<Record<string, string>>, own: readonly string[]): Fields {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, own.includes(name) ? null : value]));
}

/** Appends the values that there are, in the order of the names. */
function takeOwn<Name extends string>(
  values: unknown[],
  record: Readonly<Partial<Record<Name, unknown>>>,
  own: readonly Name[],
): void {
  for (const name of own) {
    const value = record[name];
    if (value !== undefined) values.push(value);
  }
}

/** A copy with the next values where null is, in the order of the names. */
function filled(record: Readonly<Fields>, own: readonly string[], values: Iterator<unknown>): Fields {
  const copy = { ...record };
  for (const name of own) if (copy[name] === null) copy[name] = values.next().value;
  return copy;
}

/** Whether two are the same interface, field by field. Both of one pool. */
export function isSameLink(a: KeptLink, b: KeptLink): boolean {
  return a.base === b.base && (a.own === b.own || (a.base === undefined && isSame(a.own, b.own)));
}
