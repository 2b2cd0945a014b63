// Reads the frames of native/netns/frames.h and calls the visitor.
import { endianness } from 'node:os';
import type { Addon } from './binding.js';
import { NativeError } from './errors.js';
import type { NetnsReadProblem, ReadVisitor } from './types.js';

const LITTLE_ENDIAN = endianness() === 'LE';
const HEADER_BYTES = 16;
/** struct RowsFrame and RowHead, native/netns/frames.h */
const ROWS_HEAD_BYTES = 8;
const ROW_HEAD_BYTES = 8;

/** enum class FrameKind, native/netns/frames.h */
const TARGET = 1;
const DATAGRAM = 2;
const REQUEST_END = 3;
const TARGET_END = 4;
const JOB_END = 5;
const ROWS_REMOVED = 6;
const ROWS_ADDED = 7;
const ROW_ORDER = 8;
/** By kind: what is there of the payload at least, the struct of native/netns/frames.h. */
const PAYLOAD_BYTES: readonly number[] = [Infinity, 32, 8, 8, 16, 16, ROWS_HEAD_BYTES, ROWS_HEAD_BYTES, ROWS_HEAD_BYTES];

/** How a job ended. `failure` is absent when it was carried out. */
export interface JobEnd {
  readonly failure: NetnsReadProblem | undefined;
}

/** Frames in bytes 0..length of `view`, and who gets what they say. */
export interface Batch {
  readonly view: DataView;
  readonly length: number;
  /** Of the addon that wrote them. */
  readonly names: Pick<Addon, 'problems' | 'operations'>;
  readonly visitor: ReadVisitor;
  /** Asked before each frame and row: true ends the walk (the reader was closed by its own visitor). */
  readonly isOver: () => boolean;
}

/**
 * Walks the frames of a batch, in order.
 * @returns the job's end when the batch holds it
 * @throws NativeError ERR_NSATLAS_FRAME when the bytes are no frames, and whatever the visitor throws
 */
export function parseFrames(batch: Batch): JobEnd | undefined {
  const { view, length, isOver } = batch;
  if (length > view.byteLength) throw malformed(0, 'batch longer than its buffer');
  let at = 0;
  while (at < length && !isOver()) {
    if (length - at < HEADER_BYTES) throw malformed(at, 'cut header');
    const size = view.getUint32(at, LITTLE_ENDIAN);
    if (size < HEADER_BYTES || size % 8 !== 0 || size > length - at) throw malformed(at, `size ${size}`);
    const end = visitFrame(batch, at, at + size);
    if (end !== undefined) return end;
    at += size;
  }
  return undefined;
}

function visitFrame(batch: Batch, at: number, end: number): JobEnd | undefined {
  const { view, names, visitor, isOver } = batch;
  const kind = view.getUint32(at + 4, LITTLE_ENDIAN);
  const target = view.getUint32(at + 8, LITTLE_ENDIAN);
  const request = view.getUint32(at + 12, LITTLE_ENDIAN);
  const body = at + HEADER_BYTES;
  if (end - body < (PAYLOAD_BYTES[kind] ?? Infinity)) throw malformed(at, `kind ${kind} of ${end - body} bytes`);
  switch (kind) {
    case TARGET: {
      const identity = { dev: view.getFloat64(body, LITTLE_ENDIAN), ino: view.getFloat64(body + 8, LITTLE_ENDIAN) };
      const hasCookie = view.getBigUint64(body + 24, LITTLE_ENDIAN) !== 0n;
      visitor.target?.(target, identity, hasCookie ? view.getBigUint64(body + 16, LITTLE_ENDIAN) : undefined);
      break;
    }
    case DATAGRAM: {
      const length = view.getUint32(body, LITTLE_ENDIAN);
      if (length > end - body - 8) throw malformed(at, `datagram of ${length} bytes`);
      visitor.datagram?.(target, request, view, body + 8, body + 8 + length);
      break;
    }
    case REQUEST_END: {
      const operation = nameIn(names.operations, view.getUint32(body + 4, LITTLE_ENDIAN), at);
      visitor.requestEnd?.(target, request, view.getInt32(body, LITTLE_ENDIAN), operation);
      break;
    }
    case TARGET_END:
      visitor.targetEnd?.(target, readFailure(batch, body, end));
      break;
    case JOB_END:
      return { failure: readFailure(batch, body, end) };
    case ROWS_ADDED:
      visitRows(batch, target, request, body, end);
      break;
    case ROWS_REMOVED:
      for (const slot of slotsIn(view, body, end)) {
        if (isOver()) break;
        visitor.rowRemoved?.(target, request, slot);
      }
      break;
    case ROW_ORDER:
      visitor.rowOrder?.(target, request, slotsIn(view, body, end));
  }
  return undefined;
}

/** Thousands in a frame: nothing is made for each of them. */
function visitRows({ view, visitor, isOver }: Batch, target: number, request: number, body: number, end: number): void {
  let at = body + ROWS_HEAD_BYTES;
  for (let left = view.getUint32(body, LITTLE_ENDIAN); left > 0 && !isOver(); left--) {
    if (end - at < ROW_HEAD_BYTES) throw malformed(at, 'cut row');
    const start = at + ROW_HEAD_BYTES;
    const length = view.getUint32(at + 4, LITTLE_ENDIAN);
    if (length > end - start) throw malformed(at, `row of ${length} bytes`);
    visitor.rowAdded?.(target, request, view.getUint32(at, LITTLE_ENDIAN), view, start, start + length);
    at = start + ((length + 3) & ~3);
  }
}

function slotsIn(view: DataView, body: number, end: number): number[] {
  const count = view.getUint32(body, LITTLE_ENDIAN);
  const start = body + ROWS_HEAD_BYTES;
  if (count > (end - start) / 4) throw malformed(body, `${count} slots`);
  const slots: number[] = [];
  for (let at = 0; at < count; at++) slots.push(view.getUint32(start + 4 * at, LITTLE_ENDIAN));
  return slots;
}

function readFailure({ view, names }: Batch, body: number, end: number): NetnsReadProblem | undefined {
  const problem = nameIn(names.problems, view.getUint32(body, LITTLE_ENDIAN), body);
  const operation = nameIn(names.operations, view.getUint32(body + 4, LITTLE_ENDIAN), body);
  const errno = view.getInt32(body + 8, LITTLE_ENDIAN);
  const length = view.getUint32(body + 12, LITTLE_ENDIAN);
  if (length > end - body - 16) throw malformed(body, `detail of ${length} bytes`);
  if (problem === 'none') return undefined;
  const detail = Buffer.from(view.buffer, view.byteOffset + body + 16, length).toString('utf8');
  return { problem, operation, errno, detail };
}

function nameIn<Name extends string>(names: readonly Name[], index: number, at: number): Name {
  const name = names[index];
  if (name === undefined) throw malformed(at, `unknown number ${index}`);
  return name;
}

function malformed(at: number, what: string): NativeError {
  return new NativeError('ERR_NSATLAS_FRAME', `the addon's batch is malformed at byte ${at}: ${what}`);
}
