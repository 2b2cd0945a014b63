import { isSame } from '../../model/same.js';
import { eachSection, type Row, type Section, tableOf } from '../../tables/index.js';
import { fieldsOf } from '../../wire/schema.js';
import { type Addresses, type Family, ipText, macText, parseIp, parseMac } from './addresses.js';
import type { Budget } from './budget.js';
import { compact, exactly, Pool, type Pooled, Recent } from './pool.js';

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
interface SectionFields {
  /** The address of each row that is kept as bits; absent in a table without one. */
  readonly address: string | undefined;
  /** Names of all other fields, which distinguish rows. */
  readonly names: readonly string[];
}

/** Fields that are a row's own beside its address. */
const OWN: ReadonlySet<string> = new Set(['rowId', 'netnsId', 'mac']);

/** Every field of the message is here, because the names are those of the .proto files. */
const FIELDS = eachSection((section): SectionFields => {
  const { address } = tableOf(section);
  const message = fieldsOf('nsatlas.v1.Netns').find(({ name }) => name === section)?.of ?? '';
  const names = fieldsOf(message).map(({ name }) => name);
  return { address, names: names.filter((name) => name !== address && !OWN.has(name)) };
});

/** How many shapes are compared with before one is looked up. */
const RECENT = 4;

/** The shapes of the rows of one host. */
export class ShapePool {
  readonly #pool: Pool<Shape>;
  /** Of the last rows: the next one mostly has one of them. */
  readonly #recent = eachSection(() => new Recent<Shape>(RECENT));
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
  encode(section: Section, row: Row): Cell | undefined {
    const fields = row as unknown as Fields;
    const cell = this.#cell;
    cell.macHigh = cell.macLow = 0;
    const { mac } = fields;
    const hasMac = typeof mac === 'string' && parseMac(mac, cell);
    const address = valueAt(fields, FIELDS[section].address);
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

  /** The complete row of a cell. */
  decode(section: Section, cell: Cell, netnsId: string, rowId: number): Row {
    const { rest, form } = this.#pool.get(cell.shape).value;
    const row: Fields = { ...rest };
    row['netnsId'] = netnsId;
    row['rowId'] = rowId;
    if (form.hasMac) row['mac'] = macText(cell.macHigh, cell.macLow);
    const { address } = FIELDS[section];
    if (form.family !== 0 && address !== undefined) row[address] = ipText(form.family, cell.ip) + form.suffix;
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

  #shapeOf(section: Section, fields: Fields, form: Form): Pooled<Shape> | undefined {
    const recent = this.#recent[section];
    const known = recent.find((shape) => fits(section, shape, fields, form));
    if (known !== undefined) return known;
    const shape = this.#pool.entry(keyOf(section, fields, form), () => shapeOf(section, fields, form));
    if (shape !== undefined) recent.add(shape);
    return shape;
  }
}

function valueAt(fields: Readonly<Fields>, name: string | undefined): unknown {
  return name === undefined ? undefined : fields[name];
}

function shapeOf(section: Section, fields: Fields, form: Form): Shape {
  const { address, names } = FIELDS[section];
  const rest: Fields = { netnsId: null, rowId: null };
  for (const name of [...names, 'mac', ...(address === undefined ? [] : [address])])
    if (fields[name] !== undefined) rest[name] = fields[name];
  if (form.hasMac) rest['mac'] = null;
  if (form.family !== 0 && address !== undefined) rest[address] = null;
  return { rest: compact(rest), form };
}

/** Whether a row has a shape: the same as comparing keys, without making one. */
function fits(section: Section, { rest, form: own }: Shape, fields: Fields, form: Form): boolean {
  if (own.hasMac !== form.hasMac || own.family !== form.family || own.suffix !== form.suffix) return false;
  const { address, names } = FIELDS[section];
  if (!form.hasMac && rest['mac'] !== fields['mac']) return false;
  if (form.family === 0 && valueAt(rest, address) !== valueAt(fields, address)) return false;
  // A list or an object for which this does not find out has its key compared.
  for (const name of names) if (!isSame(rest[name], fields[name])) return false;
  return true;
}

function keyOf(section: Section, fields: Fields, { hasMac, family, suffix }: Form): string {
  const { address, names } = FIELDS[section];
  const own = [section, hasMac ? true : fields['mac'], family === 0 ? valueAt(fields, address) : family, suffix];
  return JSON.stringify([...own, ...names.map((name) => fields[name])], exactly);
}
