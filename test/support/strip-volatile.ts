import type { AttributeTable } from '../../src/kinds/contract.js';
import { KINDS } from '../../src/kinds/registry.gen.js';

/** Properties of records and of the model that are made of attributes which are not remembered. */
const VOLATILE: ReadonlySet<string> = new Set([
  'counters',
  'validLifetimeSeconds',
  'preferredLifetimeSeconds',
  'probes',
  'confirmedSeconds',
  'usedSeconds',
  'updatedSeconds',
  'expiresSeconds',
  'unbalancedSeconds',
]);

/** What is volatile in a kind's table: names of details, and ids under which attributes of an unexpected width are kept. */
interface VolatileAttributes {
  readonly names: ReadonlySet<string>;
  readonly ids: readonly string[];
}

function volatileOf(table: AttributeTable): VolatileAttributes {
  const entries = Object.entries(table).filter(([, [, , change]]) => change === 'volatile');
  return { names: new Set(entries.map(([, [name]]) => name)), ids: entries.map(([id]) => id) };
}

const VOLATILE_DATA = new Map([...KINDS].map(([kind, { data }]) => [kind, volatileOf(data)]));
const VOLATILE_PORT = new Map([...KINDS].map(([kind, { port = {} }]) => [kind, volatileOf(port)]));

/** What stripVolatile() looks at in a link. */
interface LinkFaceOf {
  readonly kind?: string;
  readonly portKind?: string;
}

/**
 * A record, or the same row of the model, without what changes by itself, as it is decoded from a remembered row:
 * - a link without `counters`; without the entries of `attributes`, `portAttributes` and `unknownAttributes` that its kinds' tables call
 *   'volatile' (a bridge's timers, learned addresses and querier, a port's timers, groups and hosts); its `addressDetails` as addresses
 * - an address without lifetimes
 * - an FDB or a neighbour row without ages and probes
 * - a route without expiry
 */
export function stripVolatile<Row extends object>(row: Row): Row {
  const { kind = '', portKind = '' } = row as LinkFaceOf;
  const data = VOLATILE_DATA.get(kind);
  const port = VOLATILE_PORT.get(portKind);
  const rest: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(row)) {
    if (VOLATILE.has(name)) continue;
    if (name === 'attributes') rest[name] = without(value as object, (key) => data?.names.has(key) === true);
    else if (name === 'portAttributes') rest[name] = without(value as object, (key) => port?.names.has(key) === true);
    else if (name === 'unknownAttributes') rest[name] = withoutIds(value as object, data, port);
    else if (name === 'addressDetails') rest[name] = (value as object[]).map(stripVolatile);
    else rest[name] = value;
  }
  return rest as Row;
}

function withoutIds(attributes: object, data?: VolatileAttributes, port?: VolatileAttributes): object {
  const left = [...(data?.ids ?? []).map((id) => `data/${id}`), ...(port?.ids ?? []).map((id) => `port/${id}`)];
  return without(attributes, (key) => left.includes(key));
}

function without(object: object, isLeftOut: (key: string) => boolean): object {
  return Object.fromEntries(Object.entries(object).filter(([key]) => !isLeftOut(key)));
}
