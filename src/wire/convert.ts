import { under, WireError } from './error.js';
import { fieldsOf, type FieldSchema, type ValueSchema } from './schema.js';
import { scalarFromWire, scalarToWire, wellFormed, wrong } from './scalars.js';

/** An object by field name: a part of the model, or what protobufjs encodes and decodes. */
export type Fields = Record<string, unknown>;

/**
 * A part of the model as protobufjs encodes it. Fields that the message does not have are left out.
 * @throws WireError naming the field that is missing or not of its type
 */
export function toMessage(name: string, model: unknown): Fields {
  if (typeof model !== 'object' || model === null) wrong('an object', model);
  return eachField(name, (field) => {
    const value = (model as Fields)[field.name];
    return field.kind === 'optional' && value === undefined ? undefined : convertField(field, value, valueToWire);
  });
}

/**
 * What protobufjs decoded as a part of the model: empty lists and zero scalars present, absent optionals absent.
 * @throws WireError when a message that has to be there is not
 */
export function fromMessage(name: string, message: Fields): Fields {
  return eachField(name, (field) => {
    // The classes' prototypes hold the zero values of what was not on the wire; for an optional field that is no value.
    if (field.kind === 'optional' && !Object.hasOwn(message, field.name)) return undefined;
    return convertField(field, message[field.name], valueFromWire);
  });
}

/** The fields of a message for which there is a value. What goes wrong with one is told to be under its name. */
export function eachField(name: string, valueOf: (field: FieldSchema) => unknown): Fields {
  const fields: Fields = {};
  for (const field of fieldsOf(name)) {
    try {
      const value = valueOf(field);
      if (value !== undefined) fields[field.name] = value;
    } catch (cause) {
      throw under(field.name, cause);
    }
  }
  return fields;
}

type ConvertValue = (schema: ValueSchema, value: unknown) => unknown;

/** Converts a field's value, or each of its values. */
export function convertField(field: FieldSchema, value: unknown, convert: ConvertValue): unknown {
  if (field.kind === 'list') return convertList(field, value, convert);
  return field.kind === 'map' ? convertMap(field, value, convert) : convert(field, value);
}

function convertList(schema: ValueSchema, value: unknown, convert: ConvertValue): unknown[] {
  if (!Array.isArray(value)) wrong('a list', value);
  const list: unknown[] = [];
  try {
    for (const item of value as unknown[]) list.push(convert(schema, item));
  } catch (cause) {
    throw under(list.length, cause);
  }
  return list;
}

function convertMap(schema: ValueSchema, value: unknown, convert: ConvertValue): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) wrong('an object', value);
  const map: Fields = {};
  for (const key of Object.keys(value)) {
    try {
      setKey(map, wellFormed(key), convert(schema, (value as Fields)[key]));
    } catch (cause) {
      throw under(key, cause);
    }
  }
  return map;
}

/** Sets a property whose name a stranger chose: a label named "__proto__" is one like any other. */
export function setKey(map: Fields, key: string, value: unknown): void {
  if (key === '__proto__') Object.defineProperty(map, key, { value, enumerable: true, configurable: true, writable: true });
  else map[key] = value;
}

function valueToWire(schema: ValueSchema, value: unknown): unknown {
  return schema.type === 'message' ? toMessage(schema.of ?? '', value) : scalarToWire(schema, value);
}

function valueFromWire(schema: ValueSchema, value: unknown): unknown {
  if (value === undefined || value === null) throw new WireError('is missing');
  return schema.type === 'message' ? fromMessage(schema.of ?? '', value as Fields) : scalarFromWire(schema, value);
}
