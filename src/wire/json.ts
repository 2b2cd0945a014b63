import type { HostSnapshot } from '../model/types.js';
import { under, WireError } from './error.js';
import { type Fields, setKey } from './fields.js';
import { type EscapeText, JsonWriter } from './json-writer.js';
import { checkBigint, enumValue, checkInteger, checkTimestamp, shortName, wellFormed, wrong } from './scalars.js';
import { enumName, enumOf, type EnumTable, fieldsOf, type FieldSchema, type ValueSchema } from './schema.js';

/**
 * The model as proto3 JSON: 64-bit numbers as strings, bytes as base64. Absent optionals and empty lists and maps are left
 * out, but the lists of the outermost message are always written: an empty answer says so. Numbers, texts and booleans that
 * are always present are written even when zero, as `buf curl --emit-defaults` does: readers find `rawFlags` or `rows` in every
 * row. No line break at the end.
 */
export function toJson(model: object): string {
  return [...jsonPieces(model)].join('');
}

/** The same in pieces of about 64 KiB, each made when it is asked for: a host can have 100 MB of JSON. */
export function jsonPieces(model: object, escape?: EscapeText): Generator<string, void, undefined> {
  return new JsonWriter(escape).document(model);
}

/**
 * Reads what toJson (or any other writer of proto3 JSON) wrote of a full HostSnapshot. Fields that this release does not
 * know are ignored; what is left out has its zero value.
 * @throws WireError naming the field that is not of its type; for text that is no JSON with the SyntaxError as its cause
 */
export function parseSnapshotJson(text: string): HostSnapshot {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new WireError(`is not JSON: ${cause instanceof Error ? cause.message : String(cause)}`, '', { cause });
  }
  const snapshot = fromJson('nsatlas.v1.HostSnapshot', json);
  if (snapshot['host'] === undefined) throw new WireError('is missing', 'host');
  // The table and the types come from the same .proto, which test/unit/wire/parity.test.ts holds together.
  return snapshot as unknown as HostSnapshot;
}

/** A message of any type from its proto3 JSON. @throws WireError as parseSnapshotJson */
export function fromJson(name: string, json: unknown): Fields {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) wrong(`a ${shortName(name)} object`, json);
  const fields: Fields = {};
  for (const field of fieldsOf(name)) {
    const value = Object.hasOwn(json, field.name) ? (json as Fields)[field.name] : undefined;
    const isAbsent = value === undefined || value === null;
    if (isAbsent && field.kind === 'optional') continue;
    try {
      fields[field.name] = isAbsent ? zero(field) : fieldFromJson(field, value);
    } catch (cause) {
      throw under(field.name, cause);
    }
  }
  return fields;
}

/** Converts a field's value, or each of its values. */
function fieldFromJson(field: FieldSchema, value: unknown): unknown {
  if (field.kind === 'list') return listFromJson(field, value);
  return field.kind === 'map' ? mapFromJson(field, value) : valueFromJson(field, value);
}

function listFromJson(schema: ValueSchema, value: unknown): unknown[] {
  if (!Array.isArray(value)) wrong('a list', value);
  const list: unknown[] = [];
  try {
    for (const item of value as unknown[]) list.push(valueFromJson(schema, item));
  } catch (cause) {
    throw under(list.length, cause);
  }
  return list;
}

function mapFromJson(schema: ValueSchema, value: unknown): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) wrong('an object', value);
  const map: Fields = {};
  for (const key of Object.keys(value)) {
    try {
      setKey(map, wellFormed(key), valueFromJson(schema, (value as Fields)[key]));
    } catch (cause) {
      throw under(key, cause);
    }
  }
  return map;
}

function zero(field: FieldSchema): unknown {
  if (field.kind === 'list') return [];
  if (field.kind === 'map') return {};
  switch (field.type) {
    case 'string':
      return '';
    case 'bool':
      return false;
    case 'int64':
    case 'uint64':
      return 0n;
    case 'bytes':
      return new Uint8Array();
    case 'enum':
      return enumName(enumOf(field.of ?? ''), 0);
    case 'message':
    case 'timestamp':
      throw new WireError('is missing');
    default:
      return 0;
  }
}

function valueFromJson(schema: ValueSchema, value: unknown): unknown {
  switch (schema.type) {
    case 'message':
      return fromJson(schema.of ?? '', value);
    case 'string':
      return typeof value === 'string' ? wellFormed(value) : wrong('a string', value);
    case 'bool':
      return typeof value === 'boolean' ? value : wrong('a boolean', value);
    case 'double':
      return parseDouble(value);
    case 'int32':
    case 'uint32':
      return checkInteger(schema.type, isDecimal(value) ? Number(value) : value);
    case 'int64':
    case 'uint64':
      return checkBigint(schema.type, isDecimal(value) || Number.isSafeInteger(value) ? BigInt(value as string | number) : value);
    case 'bytes':
      return parseBase64(value);
    case 'timestamp':
      return checkTimestamp(value);
    case 'enum':
      return parseEnum(enumOf(schema.of ?? ''), value);
  }
}

function isDecimal(value: unknown): value is string {
  return typeof value === 'string' && /^-?\d{1,20}$/.test(value);
}

function parseDouble(value: unknown): number {
  if (typeof value === 'number') return value;
  if (value === 'NaN' || value === 'Infinity' || value === '-Infinity') return Number(value);
  if (typeof value === 'string' && /^-?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(value)) return Number(value);
  return wrong('a number', value);
}

/** With the standard alphabet or the one for URLs, padded or not, as proto3 JSON allows. */
function parseBase64(value: unknown): Uint8Array {
  if (typeof value !== 'string' || !/^[A-Za-z0-9+/_-]*={0,2}$/.test(value) || value.replace(/=+$/, '').length % 4 === 1)
    wrong('base64', value);
  return Uint8Array.from(Buffer.from(value, 'base64'));
}

function parseEnum(table: EnumTable, value: unknown): string {
  if (typeof value === 'number') return enumName(table, checkInteger('int32', value));
  return enumName(table, enumValue(table, value));
}
