import { under, WireError } from './error.js';
import { fieldsOf, type FieldSchema, type ValueSchema } from './schema.js';
import { scalarFromWire, scalarToWire, wrong } from './scalars.js';

/** An object by field name: a part of the model, or what protobufjs encodes and decodes. */
export type Fields = Record<string, unknown>;

/**
 * A part of the model as protobufjs encodes it. Fields that the message does not have are left out.
 * @throws WireError naming the field that is missing or not of its type
 */
export function toMessage(name: string, model: unknown): Fields {
  if (typeof model !== 'object' || model === null) wrong('an object', model);
  const message: Fields = {};
  for (const field of fieldsOf(name)) {
    const value = (model as Fields)[field.name];
    if (field.kind === 'optional' && value === undefined) continue;
    message[field.name] = under(field.name, () => convertField(field, value, valueToWire));
  }
  return message;
}

/**
 * What protobufjs decoded as a part of the model: empty lists and zero scalars present, absent optionals absent.
 * @throws WireError when a message that has to be there is not
 */
export function fromMessage(name: string, message: Fields): Fields {
  const model: Fields = {};
  for (const field of fieldsOf(name)) {
    // The classes' prototypes hold the zero values of what was not on the wire; for an optional field that is no value.
    if (field.kind === 'optional' && !Object.hasOwn(message, field.name)) continue;
    model[field.name] = under(field.name, () => convertField(field, message[field.name], valueFromWire));
  }
  return model;
}

type ConvertValue = (schema: ValueSchema, value: unknown) => unknown;

/** Converts a field's value, or each of its values. */
export function convertField(field: FieldSchema, value: unknown, convert: ConvertValue): unknown {
  switch (field.kind) {
    case 'list':
      if (!Array.isArray(value)) wrong('a list', value);
      return value.map((item: unknown, at) => under(at, () => convert(field, item)));
    case 'map':
      if (typeof value !== 'object' || value === null || Array.isArray(value)) wrong('an object', value);
      return mapOf(Object.entries(value).map(([key, item]) => [key, under(key, () => convert(field, item))]));
    default:
      return convert(field, value);
  }
}

/** An object with these entries; a label named "__proto__" is one like any other. */
export function mapOf(entries: readonly (readonly [string, unknown])[]): Fields {
  const map: Fields = {};
  for (const [key, value] of entries) {
    if (key === '__proto__') Object.defineProperty(map, key, { value, enumerable: true, configurable: true, writable: true });
    else map[key] = value;
  }
  return map;
}

function valueToWire(schema: ValueSchema, value: unknown): unknown {
  return schema.type === 'message' ? toMessage(schema.of ?? '', value) : scalarToWire(schema, value);
}

function valueFromWire(schema: ValueSchema, value: unknown): unknown {
  if (value === undefined || value === null) throw new WireError('is missing');
  return schema.type === 'message' ? fromMessage(schema.of ?? '', value as Fields) : scalarFromWire(schema, value);
}
