import { isSame } from '../../model/same.js';
import type { FdbEntry, Neighbor, Route } from '../../model/types.js';
import type { Row, RowSection } from '../../wire/watch-rows.js';
import { type Addresses, type Family, ipText, macText, parseIp, parseMac } from './addresses.js';
import type { Budget } from './budget.js';
import { compact, Pool, type Pooled, Recent } from './pool.js';

/** A row as it is kept: its addresses as bits, and the number of the shape that has everything else. */
export interface Cell extends Addresses {
  shape: number;
  family: Family;
}

/** What many rows have in common: everything but their own addresses and ids, so that nothing of a row is lost, however odd it is. */
interface Shape {
  /** The row, with null where its own values belong. */
  readonly rest: Readonly<Fields>;
  readonly form: Form;
}

/** Which addresses are kept as bits. */
interface Form {
  readonly hasMac: boolean;
  readonly family: Family;
  /** What follows the address in its text: "/16" of a route's destination. */
  readonly suffix: string;
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

/** How many shapes are compared with before one is looked up. */
const RECENT = 4;

/** The shapes of the rows of one host. */
export class ShapePool {
  readonly #pool: Pool<Shape>;
  /** Of the last rows: the next one mostly has one of them. */
  readonly #recent: Readonly<Record<RowSection, Recent<Shape>>> = {
    fdb: new Recent(RECENT),
    neighbors: new Recent(RECENT),
    routes: new Recent(RECENT),
  };
  readonly #cell: Cell = { shape: 0, family: 0, macHigh: 0, macLow: 0, ip: [0, 0, 0, 0] };

  constructor(budget: Budget) {
    this.#pool = new Pool(budget);
  }

  /** How many different ones there are. */
  get count(): number {
    return this.#pool.count;
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
    const suffix = cell.family === 0 || slash < 0 ? '' : (address as string).slice(end);
    const shape = this.#shapeOf(section, fields, { hasMac, family: cell.family, suffix });
    if (shape === undefined) return undefined;
    this.#pool.hold(shape);
    cell.shape = shape.number;
    return cell;
  }

  /** The row of a cell, whole. */
  decode(section: RowSection, cell: Cell, netnsId: string, rowId: number): Row {
    const { rest, form } = this.#pool.get(cell.shape).value;
    const row: Fields = { ...rest };
    row['netnsId'] = netnsId;
    row['rowId'] = rowId;
    if (form.hasMac) row['mac'] = macText(cell.macHigh, cell.macLow);
    if (form.family !== 0) row[SECTIONS[section].address] = ipText(form.family, cell.ip) + form.suffix;
    // It is what encode() was given, field by field.
    return row as unknown as Row;
  }

  /** A row is no longer kept. */
  release(number: number): void {
    const shape = this.#pool.get(number);
    if (this.#pool.release(shape)) for (const recent of Object.values(this.#recent)) recent.delete(shape);
  }

  /** How the addresses of a shape's rows are kept. */
  familyOf(number: number): Family {
    return this.#pool.get(number).value.form.family;
  }

  #shapeOf(section: RowSection, fields: Fields, form: Form): Pooled<Shape> | undefined {
    const recent = this.#recent[section];
    const known = recent.find((shape) => fits(section, shape, fields, form));
    if (known !== undefined) return known;
    const shape = this.#pool.entry(keyOf(section, fields, form), () => shapeOf(section, fields, form));
    if (shape !== undefined) recent.add(shape);
    return shape;
  }
}

function shapeOf(section: RowSection, fields: Fields, form: Form): Shape {
  const { address, names } = SECTIONS[section];
  const rest: Fields = { netnsId: null, rowId: null };
  for (const name of [...names, 'mac', address]) if (fields[name] !== undefined) rest[name] = fields[name];
  if (form.hasMac) rest['mac'] = null;
  if (form.family !== 0) rest[address] = null;
  return { rest: compact(rest), form };
}

/** Whether a row has a shape: the same as comparing keys, without making one. */
function fits(section: RowSection, { rest, form: own }: Shape, fields: Fields, form: Form): boolean {
  if (own.hasMac !== form.hasMac || own.family !== form.family || own.suffix !== form.suffix) return false;
  const { address, names } = SECTIONS[section];
  if (!form.hasMac && rest['mac'] !== fields['mac']) return false;
  if (form.family === 0 && rest[address] !== fields[address]) return false;
  // A list or an object for which this does not find out has its key compared.
  for (const name of names) if (!isSame(rest[name], fields[name])) return false;
  return true;
}

function keyOf(section: RowSection, fields: Fields, { hasMac, family, suffix }: Form): string {
  const { address, names } = SECTIONS[section];
  const own = [section, hasMac ? true : fields['mac'], family === 0 ? fields[address] : family, suffix];
  return JSON.stringify([...own, ...names.map((name) => fields[name])]);
}
