// protobufjs over its reflection, with a walk over the schema to and from its messages: what the generated codec is held to.
import protobuf from 'protobufjs';
import 'protobufjs/ext/descriptor.js';
import { under, WireError } from '../../../src/wire/error.js';
import { type Fields, setKey } from '../../../src/wire/fields.js';
import { DESCRIPTORS } from '../../../src/wire/gen/descriptors.js';
import {
  checkBigint,
  checkInteger,
  enumValue,
  timestampParts,
  timestampText,
  wellFormed,
  wrong,
} from '../../../src/wire/scalars.js';
import { enumName, enumOf, fieldsOf, type FieldSchema, type ValueSchema } from '../../../src/wire/schema.js';

/** A 64-bit number as protobufjs takes and gives it (the shape of Long). A bigint would be written as 0. */
interface Halves {
  readonly low: number;
  readonly high: number;
  readonly unsigned: boolean;
}

const root = (protobuf.Root as unknown as { fromDescriptor(set: Uint8Array): protobuf.Root }).fromDescriptor(
  Buffer.from(DESCRIPTORS, 'base64'),
);

/** The bytes of protobufjs. @throws WireError naming the field that is missing or not of its type */
export function referenceEncode(name: string, model: unknown): Uint8Array {
  return root.lookupType(name).encode(toMessage(name, model)).finish();
}

/** The answer of protobufjs, as the model has it. @throws WireError when the bytes are no such message */
export function referenceDecode(name: string, bytes: Uint8Array): Fields {
  let message: Fields;
  try {
    message = root.lookupType(name).decode(bytes);
  } catch (cause) {
    throw new WireError(`is not a valid ${name}: ${String(cause)}`);
  }
  return fromMessage(name, message);
}

function toMessage(name: string, model: unknown): Fields {
  if (typeof model !== 'object' || model === null) wrong('an object', model);
  return eachField(name, (field) => {
    const value = (model as Fields)[field.name];
    return field.kind === 'optional' && value === undefined ? undefined : convert(field, value, toValue);
  });
}

function fromMessage(name: string, message: Fields): Fields {
  return eachField(name, (field) => {
    // The prototypes hold the zero values of what was not on the wire; for an optional field that is no value.
    if (field.kind === 'optional' && !Object.hasOwn(message, field.name)) return undefined;
    return convert(field, message[field.name], fromValue);
  });
}

function eachField(name: string, valueOf: (field: FieldSchema) => unknown): Fields {
  const fields: Fields = {};
  for (const field of fieldsOf(name)) {
    const value = within(field.name, () => valueOf(field));
    if (value !== undefined) fields[field.name] = value;
  }
  return fields;
}

function within<Value>(segment: string | number, make: () => Value): Value {
  try {
    return make();
  } catch (cause) {
    throw under(segment, cause);
  }
}

function convert(field: FieldSchema, value: unknown, one: (schema: ValueSchema, value: unknown) => unknown): unknown {
  if (field.kind === 'list') {
    if (!Array.isArray(value)) wrong('a list', value);
    return Array.from(value as unknown[], (item, at) => within(at, () => one(field, item)));
  }
  if (field.kind !== 'map') return one(field, value);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) wrong('an object', value);
  const map: Fields = {};
  for (const [key, item] of Object.entries(value))
    setKey(
      map,
      wellFormed(key),
      within(wellFormed(key), () => one(field, item)),
    );
  return map;
}

function toValue({ type, of = '' }: ValueSchema, value: unknown): unknown {
  switch (type) {
    case 'message':
      return toMessage(of, value);
    case 'string':
      return typeof value === 'string' ? wellFormed(value) : wrong('a string', value);
    case 'bool':
      return typeof value === 'boolean' ? value : wrong('a boolean', value);
    case 'double':
      return typeof value === 'number' ? value : wrong('a number', value);
    case 'int32':
    case 'uint32':
      return checkInteger(type, value);
    case 'int64':
    case 'uint64':
      return halves(checkBigint(type, value), type === 'uint64');
    case 'bytes':
      return value instanceof Uint8Array ? value : wrong('bytes', value);
    case 'timestamp': {
      const { seconds, nanos } = timestampParts(value);
      return { seconds: halves(BigInt(seconds), false), nanos };
    }
    case 'enum':
      return enumValue(enumOf(of), value);
  }
}

function fromValue({ type, of = '' }: ValueSchema, value: unknown): unknown {
  if (value === undefined || value === null) throw new WireError('is missing');
  switch (type) {
    case 'message':
      return fromMessage(of, value as Fields);
    case 'int64':
    case 'uint64':
      return bigintOf(value as Halves | number);
    case 'bytes':
      return Uint8Array.from(value as Uint8Array);
    case 'timestamp': {
      const { seconds, nanos } = value as { seconds: Halves | number; nanos: number };
      return timestampText(bigintOf(seconds), nanos);
    }
    case 'enum':
      return enumName(enumOf(of), value as number);
    default:
      return value;
  }
}

function halves(value: bigint, unsigned: boolean): Halves {
  return { low: Number(BigInt.asIntN(32, value)), high: Number(BigInt.asIntN(32, value >> 32n)), unsigned };
}

/** protobufjs gives the number 0 where nothing was on the wire. */
function bigintOf(value: Halves | number): bigint {
  if (typeof value === 'number') return BigInt(value);
  const bits = (BigInt(value.high >>> 0) << 32n) | BigInt(value.low >>> 0);
  return value.unsigned ? bits : BigInt.asIntN(64, bits);
}
