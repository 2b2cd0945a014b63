import { WireError } from './error.js';
import { enumNumber, type EnumTable } from './schema.js';

const RANGES = {
  int32: [-(2 ** 31), 2 ** 31 - 1],
  uint32: [0, 2 ** 32 - 1],
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

/** Text that is valid UTF-8 once encoded: half of a surrogate pair would make other clients refuse the message. */
export function wellFormed(text: string): string {
  return text.isWellFormed() ? text : text.replace(LONE_SURROGATE, '\u{fffd}');
}

/** The same bytes as a Buffer, which shares their memory. */
export function toBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** @throws WireError unless it is an integer within the type's range */
export function checkInteger(type: 'int32' | 'uint32', value: unknown): number {
  if (typeof value === 'number' && (type === 'int32' ? value | 0 : value >>> 0) === value) return value;
  return wrongInteger(type, value);
}

/** @throws WireError unless it is a bigint within the type's range */
export function checkBigint(type: 'int64' | 'uint64', value: unknown): bigint {
  const fits = typeof value === 'bigint' && (type === 'int64' ? BigInt.asIntN(64, value) : BigInt.asUintN(64, value)) === value;
  return fits ? value : wrongInteger(type, value);
}

/** The number of an enum's value. @throws WireError when this release knows none of this name */
export function enumValue(table: EnumTable, name: unknown): number {
  if (typeof name !== 'string') wrong(`a ${shortName(table.name)}`, name);
  return enumNumber(table, name) ?? wrong(`a ${shortName(table.name)} of this release`, name);
}

/** @throws WireError always, saying what was wanted and what there was */
export function wrong(wanted: string, value: unknown): never {
  throw new WireError(value === undefined || value === null ? 'is missing' : `has to be ${wanted}, not ${brief(value)}`);
}

/** @throws WireError always, saying which numbers the type has */
export function wrongInteger(type: keyof typeof RANGES, value: unknown): never {
  const [min, max] = RANGES[type];
  wrong(`an integer from ${min} to ${max}`, value);
}

/** The last part of a full name. */
export function shortName(of: string): string {
  return of.split('.').at(-1) ?? of;
}

function brief(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value);
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean') return String(value);
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

const RFC_3339 = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)$/;
const NANOS_PER_MS = 1_000_000;

/** @throws WireError unless it is an RFC 3339 time */
export function checkTimestamp(value: unknown): string {
  if (typeof value !== 'string' || !RFC_3339.test(value) || Number.isNaN(Date.parse(value)))
    wrong('a time like 2026-01-31T12:00:00.000Z', value);
  return value;
}

/** The numbers of a google.protobuf.Timestamp. @throws WireError unless it is an RFC 3339 time */
export function timestampParts(value: unknown): { seconds: number; nanos: number } {
  const text = checkTimestamp(value);
  // Whole seconds, rounded down also before 1970, and the fraction as it is written: Date knows no more than milliseconds.
  const seconds = Math.floor(Date.parse(text.replace(/\.\d+/, '')) / 1000);
  const fraction = /\.(\d+)/.exec(text)?.[1] ?? '';
  return { seconds, nanos: Number(fraction.padEnd(9, '0')) };
}

/** A google.protobuf.Timestamp as text. @throws WireError when its nanoseconds are none, and beyond what a Date holds */
export function timestampText(seconds: bigint, nanos: number): string {
  if (nanos < 0 || nanos >= 1000 * NANOS_PER_MS) throw new WireError(`is a time with ${nanos} nanoseconds`);
  const date = new Date(Number(seconds) * 1000);
  if (Number.isNaN(date.getTime())) throw new WireError('is a time beyond the year 275760');
  const digits = nanos % NANOS_PER_MS === 0 ? String(nanos / NANOS_PER_MS).padStart(3, '0') : String(nanos).padStart(9, '0');
  return date.toISOString().replace('.000Z', `.${digits}Z`);
}
