import { WireError } from './error.js';
import { enumName, enumNumber, type ValueSchema } from './schema.js';

/** A 64-bit number as protobufjs takes and gives it (the shape of Long). A bigint handed to it would be written as 0. */
export interface Halves {
  readonly low: number;
  readonly high: number;
  readonly unsigned: boolean;
}

const RANGES = {
  int32: [-0x80000000, 0x7fffffff],
  uint32: [0, 0xffffffff],
} as const;

const RANGES64 = {
  int64: [-(2n ** 63n), 2n ** 63n - 1n],
  uint64: [0n, 2n ** 64n - 1n],
} as const;

const LONE_SURROGATE = /\p{Surrogate}/gu;

/** Node has it from 20 on, TypeScript's library for es2023 not yet. */
declare global {
  interface String {
    isWellFormed(): boolean;
  }
}

/** Text that is valid UTF-8 once encoded: half of a surrogate pair would make other clients refuse the whole message. */
export function wellFormed(text: string): string {
  return text.isWellFormed() ? text : text.replace(LONE_SURROGATE, '\u{fffd}');
}

/** A value of the model as protobufjs encodes it. @throws WireError when it is not of its type, or out of range */
export function scalarToWire(schema: ValueSchema, value: unknown): unknown {
  switch (schema.type) {
    case 'string':
      return typeof value === 'string' ? wellFormed(value) : wrong('a string', value);
    case 'bool':
      return typeof value === 'boolean' ? value : wrong('a boolean', value);
    case 'double':
      return typeof value === 'number' ? value : wrong('a number', value);
    case 'int32':
    case 'uint32':
      return checkInteger(schema.type, value);
    case 'int64':
    case 'uint64':
      return halves(checkBigint(schema.type, value), schema.type === 'uint64');
    case 'bytes':
      return value instanceof Uint8Array ? value : wrong('bytes', value);
    case 'timestamp':
      return timestampToWire(value);
    default:
      return typeof value === 'string' ? checkEnum(schema.of, value) : wrong(`a ${shortName(schema.of)}`, value);
  }
}

/** What protobufjs decoded as a value of the model. */
export function scalarFromWire(schema: ValueSchema, value: unknown): unknown {
  switch (schema.type) {
    case 'int64':
    case 'uint64':
      return bigintOf(value, schema.type === 'uint64');
    case 'bytes':
      // A copy: protobufjs gives a view that keeps the whole message in memory.
      return Uint8Array.from(value as Uint8Array);
    case 'timestamp':
      return timestampFromWire(value as { seconds: unknown; nanos: number });
    case 'enum':
      return enumName(schema.of, value as number);
    default:
      return value;
  }
}

/** @throws WireError unless it is an integer within the type's range */
export function checkInteger(type: keyof typeof RANGES, value: unknown): number {
  const [min, max] = RANGES[type];
  return typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max
    ? value
    : wrong(`an integer from ${min} to ${max}`, value);
}

/** @throws WireError unless it is a bigint within the type's range */
export function checkBigint(type: keyof typeof RANGES64, value: unknown): bigint {
  const [min, max] = RANGES64[type];
  return typeof value === 'bigint' && value >= min && value <= max ? value : wrong(`an integer from ${min} to ${max}`, value);
}

/** The number of an enum's value. @throws WireError when this release knows none of this name */
export function checkEnum(of: string | undefined, name: string): number {
  return enumNumber(of, name) ?? wrong(`a ${shortName(of)} of this release`, name);
}

/** @throws WireError always, saying what was wanted and what there was */
export function wrong(wanted: string, value: unknown): never {
  throw new WireError(value === undefined || value === null ? 'is missing' : `has to be ${wanted}, not ${brief(value)}`);
}

/** The last part of a full name. */
export function shortName(of: string | undefined): string {
  return of?.split('.').at(-1) ?? 'value';
}

function brief(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value);
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean') return String(value);
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

function halves(value: bigint, unsigned: boolean): Halves {
  return { low: Number(BigInt.asIntN(32, value)), high: Number(BigInt.asIntN(32, value >> 32n)), unsigned };
}

/** protobufjs gives a Long, or the number 0 where nothing was on the wire. */
function bigintOf(value: unknown, unsigned: boolean): bigint {
  if (typeof value === 'number') return BigInt(value);
  const { low, high } = value as Halves;
  const bits = (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
  return unsigned ? bits : BigInt.asIntN(64, bits);
}

const RFC_3339 = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)$/;
const NANOS_PER_MS = 1_000_000;

/** @throws WireError unless it is an RFC 3339 time */
export function checkTimestamp(value: unknown): string {
  if (typeof value !== 'string' || !RFC_3339.test(value) || Number.isNaN(Date.parse(value)))
    wrong('a time like 2026-01-31T12:00:00.000Z', value);
  return value;
}

function timestampToWire(value: unknown): { seconds: Halves; nanos: number } {
  const { seconds, nanos } = timestampParts(value);
  return { seconds: halves(BigInt(seconds), false), nanos };
}

/** The numbers of a google.protobuf.Timestamp. @throws WireError unless it is an RFC 3339 time */
export function timestampParts(value: unknown): { seconds: number; nanos: number } {
  const text = checkTimestamp(value);
  // Whole seconds, rounded down also before 1970, and the fraction as it is written: Date knows no more than milliseconds.
  const seconds = Math.floor(Date.parse(text.replace(/\.\d+/, '')) / 1000);
  const fraction = /\.(\d+)/.exec(text)?.[1] ?? '';
  return { seconds, nanos: Number(fraction.padEnd(9, '0')) };
}

function timestampFromWire({ seconds, nanos }: { seconds: unknown; nanos: number }): string {
  return timestampText({ seconds: bigintOf(seconds, false), nanos });
}

/** A google.protobuf.Timestamp, read: `seconds` is a bigint, `nanos` a number. @throws WireError beyond what a Date holds */
export function timestampText({ seconds, nanos }: Readonly<Record<string, unknown>>): string {
  const date = new Date(Number(seconds) * 1000);
  if (Number.isNaN(date.getTime())) throw new WireError('is a time beyond the year 275760');
  const ms = (nanos as number) % NANOS_PER_MS === 0;
  const digits = ms ? String((nanos as number) / NANOS_PER_MS).padStart(3, '0') : String(nanos).padStart(9, '0');
  return date.toISOString().replace('.000Z', `.${digits}Z`);
}
