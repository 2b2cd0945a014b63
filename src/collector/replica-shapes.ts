import { isDeepStrictEqual } from 'node:util';
import type { FdbEntry, Neighbor, Route } from '../model/types.js';
import type { Row, RowSection } from '../wire/watch-rows.js';
import { type Addresses, type Family, ipText, macText, parseIp, parseMac } from './replica-addresses.js';
import { type Budget, weigh } from './replica-budget.js';

/** A row as it is kept: its addresses as bits, and the number of the shape that has everything else. */
export interface Cell extends Addresses {
  shape: number;
  family: Family;
}

/** What many rows have in common. Everything of a row but its own addresses and ids: nothing of a row is lost, however odd it is. */
interface Shape {
  readonly number: number;
  readonly key: string;
  readonly rest: Readonly<Fields>;
  readonly hasMac: boolean;
  readonly family: Family;
  /** What follows the address in its text: "/16" of a route's destination. */
  readonly suffix: string;
  readonly weight: number;
  /** Rows that have this shape. */
  refs: number;
}

type Fields = Record<string, unknown>;
type Names<Of> = Readonly<Record<Exclude<keyof Of, 'rowId' | 'netnsId' | 'mac'>, true>>;

// By name, so that a field that is added to the model does not compile until it is here: rows are told apart by these.
const FDB: Names<FdbEntry> = {
  ifindex: true,
  ifname: true,
  dst: true,
  state: true,
  rawState: true,
  flags: true,
  masterIfindex: true,
  masterName: true,
  vlan: true,
  vni: true,
  srcVni: true,
  dstPort: true,
  viaIfindex: true,
  linkNsid: true,
  nexthopId: true,
  protocol: true,
  usedSeconds: true,
  updatedSeconds: true,
  host: true,
  netnsName: true,
};
const NEIGHBORS: Names<Neighbor> = {
  ifindex: true,
  ifname: true,
  ip: true,
  state: true,
  rawState: true,
  flags: true,
  probes: true,
  protocol: true,
  confirmedSeconds: true,
  usedSeconds: true,
  updatedSeconds: true,
  host: true,
  netnsName: true,
};
const ROUTES: Names<Route> = {
  ifindex: true,
  ifname: true,
  family: true,
  table: true,
  dst: true,
  src: true,
  tos: true,
  gateway: true,
  prefsrc: true,
  metric: true,
  type: true,
  scope: true,
  protocol: true,
  flags: true,
  nextHops: true,
  nexthopId: true,
  metrics: true,
  expiresSeconds: true,
  preference: true,
  inputIfindex: true,
  encapsulation: true,
  congestionControl: true,
  host: true,
  netnsName: true,
};

/** The address of each row that is kept as bits, and the names of everything else. */
const SECTIONS: Readonly<Record<RowSection, { readonly address: string; readonly names: readonly string[] }>> = {
  fdb: { address: 'dst', names: namesOf(FDB, 'dst') },
  neighbors: { address: 'ip', names: namesOf(NEIGHBORS, 'ip') },
  routes: { address: 'dst', names: namesOf(ROUTES, 'dst') },
};

function namesOf(fields: object, address: string): string[] {
  return Object.keys(fields).filter((name) => name !== address);
}

/** What the bookkeeping of a shape takes besides its texts, in bytes. */
const SHAPE_BYTES = 256;

/** The shapes of the rows of one host, each kept as long as a row has it. */
export class ShapePool {
  readonly #budget: Budget;
  readonly #shapes: (Shape | undefined)[] = [undefined];
  readonly #numbers = new Map<string, Shape>();
  readonly #free: number[] = [];
  /** Of the last row: the next one mostly has the same. */
  readonly #last: Record<RowSection, Shape | undefined> = { fdb: undefined, neighbors: undefined, routes: undefined };
  readonly #cell: Cell = { shape: 0, family: 0, macHigh: 0, macLow: 0, ip: [0, 0, 0, 0] };

  constructor(budget: Budget) {
    this.#budget = budget;
  }

  /** How many different ones there are. */
  get count(): number {
    return this.#numbers.size;
  }

  /**
   * A row as it is kept, valid until the next call. Its shape is held: whoever does not keep the row releases it.
   * @returns undefined when there is no room for another shape
   */
  encode(section: RowSection, row: Row): Cell | undefined {
    const fields = row as unknown as Fields;
    const cell = this.#cell;
    cell.macHigh = cell.macLow = 0;
    const { mac } = fields;
    const hasMac = typeof mac === 'string' && parseMac(mac, cell);
    const address = fields[SECTIONS[section].address];
    const slash = typeof address === 'string' ? address.indexOf('/') : -1;
    const end = typeof address !== 'string' ? 0 : slash < 0 ? address.length : slash;
    cell.family = typeof address === 'string' ? parseIp(address, end, cell) : 0;
    // What was begun to be read of a text that is no address after all.
    if (cell.family === 0) cell.ip.fill(0);
    const suffix = cell.family === 0 ? '' : (address as string).slice(end);
    const shape = this.#shapeOf(section, fields, { hasMac, family: cell.family, suffix });
    if (shape === undefined) return undefined;
    shape.refs++;
    cell.shape = shape.number;
    return cell;
  }

  /** The row of a cell, whole. */
  decode(section: RowSection, cell: Cell, netnsId: string, rowId: number): Row {
    const { rest, hasMac, family, suffix } = this.#mustHave(cell.shape);
    const row: Fields = { ...rest, netnsId, rowId };
    if (hasMac) row['mac'] = macText(cell.macHigh, cell.macLow);
    if (family !== 0) row[SECTIONS[section].address] = ipText(family, cell.ip) + suffix;
    // It is what encode() was given, field by field.
    return row as unknown as Row;
  }

  /** A row is no longer kept. */
  release(number: number): void {
    const shape = this.#mustHave(number);
    if (--shape.refs > 0) return;
    this.#numbers.delete(shape.key);
    this.#shapes[number] = undefined;
    this.#free.push(number);
    this.#budget.give(shape.weight);
    for (const section of ['fdb', 'neighbors', 'routes'] as const)
      if (this.#last[section] === shape) this.#last[section] = undefined;
  }

  /** How the addresses of a shape's rows are kept. */
  familyOf(number: number): Family {
    return this.#mustHave(number).family;
  }

  #shapeOf(section: RowSection, fields: Fields, form: Pick<Shape, 'hasMac' | 'family' | 'suffix'>): Shape | undefined {
    const last = this.#last[section];
    if (last !== undefined && fits(section, last, fields, form)) return last;
    const key = keyOf(section, fields, form);
    const known = this.#numbers.get(key) ?? this.#add(section, key, fields, form);
    this.#last[section] = known;
    return known;
  }

  #add(section: RowSection, key: string, fields: Fields, form: Pick<Shape, 'hasMac' | 'family' | 'suffix'>): Shape | undefined {
    const rest: Fields = { ...fields };
    delete rest['rowId'];
    delete rest['netnsId'];
    if (form.hasMac) delete rest['mac'];
    if (form.family !== 0) delete rest[SECTIONS[section].address];
    const weight = SHAPE_BYTES + 2 * key.length + weigh(rest);
    if (!this.#budget.take(weight)) return undefined;
    const number = this.#free.pop() ?? this.#shapes.length;
    const shape: Shape = { number, key, rest, ...form, weight, refs: 0 };
    this.#shapes[number] = shape;
    this.#numbers.set(key, shape);
    return shape;
  }

  #mustHave(number: number): Shape {
    const shape = this.#shapes[number];
    if (shape === undefined) throw new RangeError(`no shape has the number ${number}`);
    return shape;
  }
}

/** Whether a row has a shape: the same as comparing keys, without making one. */
function fits(section: RowSection, shape: Shape, fields: Fields, form: Pick<Shape, 'hasMac' | 'family' | 'suffix'>): boolean {
  if (shape.hasMac !== form.hasMac || shape.family !== form.family || shape.suffix !== form.suffix) return false;
  const { rest } = shape;
  const { address, names } = SECTIONS[section];
  if (!form.hasMac && rest['mac'] !== fields['mac']) return false;
  if (form.family === 0 && rest[address] !== fields[address]) return false;
  for (const name of names) {
    const [a, b] = [rest[name], fields[name]];
    if (a !== b && (typeof a !== 'object' || !isDeepStrictEqual(a, b))) return false;
  }
  return true;
}

function keyOf(
  section: RowSection,
  fields: Fields,
  { hasMac, family, suffix }: Pick<Shape, 'hasMac' | 'family' | 'suffix'>,
): string {
  const { address, names } = SECTIONS[section];
  const own = [section, hasMac ? true : fields['mac'], family === 0 ? fields[address] : family, suffix];
  return JSON.stringify([...own, ...names.map((name) => fields[name])]);
}
