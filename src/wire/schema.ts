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

/** Fields of a message, by its full name. @throws Error when there is none of this name */
export function fieldsOf(name: string): readonly FieldSchema[] {
  const fields = MESSAGES[name];
  if (fields === undefined) throw new Error(`no message ${name} in proto/`);
  return fields;
}

const NAMES = new Map(
  Object.entries(ENUMS).map(([name, values]) => [
    name,
    new Map(Object.entries(values).map(([value, number]) => [number, value])),
  ]),
);

/** A value's name; of a value that this release does not know, its number in decimal. */
export function enumName(of: string | undefined, number: number): string {
  return NAMES.get(of ?? '')?.get(number) ?? String(number);
}

/** The inverse of enumName; undefined when there is no such name. */
export function enumNumber(of: string | undefined, name: string): number | undefined {
  const values = ENUMS[of ?? ''] ?? {};
  if (Object.hasOwn(values, name)) return values[name];
  return /^-?\d{1,9}$/.test(name) ? Number(name) : undefined;
}
