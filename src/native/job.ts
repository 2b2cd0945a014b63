// Writes a job as the bytes that native/job.cc reads: numbers in host order, every record padded to 8 bytes.
import { endianness } from 'node:os';
import { ArgumentError } from './errors.js';
import type { NetlinkRequest, NetnsIdentity, ReadTarget } from './types.js';

const NO_DESCRIPTOR = 0xffffffff;
const LITTLE_ENDIAN = endianness() === 'LE';

/** A job with its defaults filled in. `enter` false: open and prove only. */
export interface JobPlan {
  readonly enter: boolean;
  readonly timeLimitMs: number;
  readonly batchBytes: number;
  readonly requests: readonly NetlinkRequest[];
  readonly targets: readonly ReadTarget[];
}

/** Grows as it is written. */
class ImageWriter {
  #bytes = new Uint8Array(4096);
  #view = new DataView(this.#bytes.buffer);
  #length = 0;

  u32(value: number): void {
    const at = this.#advance(4);
    this.#view.setUint32(at, value, LITTLE_ENDIAN);
  }

  f64(value: number): void {
    const at = this.#advance(8);
    this.#view.setFloat64(at, value, LITTLE_ENDIAN);
  }

  block(bytes: Uint8Array): void {
    const at = this.#advance(padded(bytes.length));
    this.#bytes.set(bytes, at);
  }

  text(bytes: number, text: string): void {
    const at = this.#advance(padded(bytes));
    Buffer.from(this.#bytes.buffer, at, bytes).write(text, 'utf8');
  }

  finish(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  #advance(length: number): number {
    const at = this.#length;
    this.#length += length;
    if (this.#length > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(this.#length, 2 * this.#bytes.length));
      larger.set(this.#bytes);
      this.#bytes = larger;
      this.#view = new DataView(larger.buffer);
    }
    return at;
  }
}

/**
 * Encodes a job.
 * @throws ArgumentError for what can be seen to be wrong here; the addon checks the rest (paths, request bytes, indexes)
 */
export function encodeJob(plan: JobPlan): Uint8Array {
  const writer = new ImageWriter();
  writer.u32(plan.enter ? 1 : 0);
  writer.u32(checkedCount('timeLimitMs', plan.timeLimitMs));
  writer.u32(checkedCount('batchBytes', plan.batchBytes));
  writer.u32(0);
  writer.u32(plan.requests.length);
  writer.u32(plan.targets.length);
  for (const request of plan.requests) writeRequest(writer, request);
  for (const target of plan.targets) writeTarget(writer, target);
  return writer.finish();
}

function writeRequest(writer: ImageWriter, request: NetlinkRequest): void {
  if (!(request.bytes instanceof Uint8Array)) throw new ArgumentError('the bytes of a request must be a Uint8Array');
  const place = request.netnsFd;
  writer.u32(request.bytes.length);
  writer.u32(place === undefined ? NO_DESCRIPTOR : checkedCount('netnsFd.offset', place.offset));
  writer.block(request.bytes);
  if (place !== undefined) writePlace(writer, place.path, place.expect);
}

function writeTarget(writer: ImageWriter, target: ReadTarget): void {
  writePlace(writer, target.path, target.expect);
  const count = target.requests.length;
  writer.u32(count);
  writer.u32(0);
  for (const index of target.requests) writer.u32(checkedCount('a request index', index));
  if (count % 2 === 1) writer.u32(0);
}

function writePlace(writer: ImageWriter, path: string, expect: NetnsIdentity | undefined): void {
  if (typeof path !== 'string') throw new ArgumentError('a path must be a string');
  const length = Buffer.byteLength(path);
  writer.u32(length);
  writer.u32(expect === undefined ? 0 : 1);
  writer.f64(expect?.dev ?? 0);
  writer.f64(expect?.ino ?? 0);
  writer.text(length, path);
}

function checkedCount(what: string, value: number): number {
  if (Number.isInteger(value) && value >= 0 && value < NO_DESCRIPTOR) return value;
  throw new ArgumentError(`${what} must be a whole number, not ${String(value)}`);
}

function padded(length: number): number {
  return (length + 7) & ~7;
}
