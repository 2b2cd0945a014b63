// Reads the frames of native/netns/frames.h and calls the visitor.
import { endianness } from 'node:os';
import { NativeError } from './errors.js';
import type { NetnsProblem, NetnsReadProblem, ReadVisitor } from './types.js';

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

/** enum class Problem, native/process/failure.h: the number in a frame is the index here. */
export const PROBLEMS: readonly (NetnsProblem | 'none')[] = [
  'none',
  'not-found',
  'dangling',
  'plain-file',
  'directory',
  'fifo',
  'socket',
  'device',
  'other-namespace',
  'not-nsfs',
  'changed',
  'denied',
  'timeout',
  'failed',
];

/** enum class Operation, native/process/failure.h. home and thread concern all of the job. */
export const OPERATIONS: readonly string[] = [
  'none',
  'open',
  'identify',
  'enter',
  'cookie',
  'socket',
  'restore',
  'time-limit',
  'send',
  'receive',
  'netns-fd',
  'home',
  'thread',
  'family',
  'file',
];

/** How a job ended. `failure` is absent when it was carried out. */
export interface JobEnd {
  readonly failure: NetnsReadProblem | undefined;
}

/**
 * Walks the frames in bytes 0..length of `view`, in order.
 * @param isOver asked before each frame and row: true ends the walk (the reader was closed by its own visitor)
 * @returns the job's end when the batch holds it
 * @throws NativeError ERR_NSATLAS_FRAME when the bytes are no frames, and whatever the visitor throws
 */
export function parseFrames(view: DataView, length: number, visitor: ReadVisitor, isOver: () => boolean): JobEnd | undefined {
  if (length > view.byteLength) throw malformed(0, 'batch longer than its buffer');
  let at = 0;
  while (at < length && !isOver()) {
    if (length - at < HEADER_BYTES) throw malformed(at, 'cut header');
    const size = view.getUint32(at, LITTLE_ENDIAN);
    const kind = view.getUint32(at + 4, LITTLE_ENDIAN);
    if (size < HEADER_BYTES || size % 8 !== 0 || size > length - at) throw malformed(at, `size ${size}`);
    const end = visitFrame(view, at, at + size, kind, visitor, isOver);
    if (end !== undefined) return end;
    at += size;
  }
  return undefined;
}

function visitFrame(
  view: DataView,
  at: number,
  end: number,
  kind: number,
  visitor: ReadVisitor,
  isOver: () => boolean,
): JobEnd | undefined {
  const target = view.getUint32(at + 8, LITTLE_ENDIAN);
  const request = view.getUint32(at + 12, LITTLE_ENDIAN);
  const body = at + HEADER_BYTES;
  switch (kind) {
    case TARGET:
      visitTarget(view, body, end, target, visitor);
      return undefined;
    case DATAGRAM: {
      if (end - body < 8) throw malformed(at, 'short datagram frame');
      const length = view.getUint32(body, LITTLE_ENDIAN);
      if (length > end - body - 8) throw malformed(at, `datagram of ${length} bytes`);
      visitor.datagram?.(target, request, view, body + 8, body + 8 + length);
      return undefined;
    }
    case REQUEST_END: {
      if (end - body < 8) throw malformed(at, 'short request end');
      const errno = view.getInt32(body, LITTLE_ENDIAN);
      visitor.requestEnd?.(target, request, errno, nameIn(OPERATIONS, view.getUint32(body + 4, LITTLE_ENDIAN), at));
      return undefined;
    }
    case TARGET_END:
      visitor.targetEnd?.(target, readFailure(view, body, end));
      return undefined;
    case JOB_END:
      return { failure: readFailure(view, body, end) };
    case ROWS_ADDED:
      visitRows(view, body, end, target, request, visitor, isOver);
      return undefined;
    case ROWS_REMOVED:
      for (const slot of slotsIn(view, body, end)) {
        if (isOver()) break;
        visitor.rowRemoved?.(target, request, slot);
      }
      return undefined;
    case ROW_ORDER:
      visitor.rowOrder?.(target, request, slotsIn(view, body, end));
      return undefined;
    default:
      throw malformed(at, `kind ${kind}`);
  }
}

function visitTarget(view: DataView, body: number, end: number, target: number, visitor: ReadVisitor): void {
  if (end - body < 32) throw malformed(body, 'short target frame');
  if (visitor.target === undefined) return;
  const identity = { dev: view.getFloat64(body, LITTLE_ENDIAN), ino: view.getFloat64(body + 8, LITTLE_ENDIAN) };
  const hasCookie = view.getUint8(body + (LITTLE_ENDIAN ? 24 : 31)) !== 0;
  visitor.target(target, identity, hasCookie ? view.getBigUint64(body + 16, LITTLE_ENDIAN) : undefined);
}

/** Thousands in a frame: nothing is made for each of them. */
function visitRows(
  view: DataView,
  body: number,
  end: number,
  target: number,
  request: number,
  visitor: ReadVisitor,
  isOver: () => boolean,
): void {
  const count = countIn(view, body, end);
  let at = body + ROWS_HEAD_BYTES;
  for (let left = count; left > 0 && !isOver(); left--) {
    if (end - at < ROW_HEAD_BYTES) throw malformed(at, 'cut row');
    const start = at + ROW_HEAD_BYTES;
    const length = view.getUint32(at + 4, LITTLE_ENDIAN);
    if (length > end - start) throw malformed(at, `row of ${length} bytes`);
    visitor.rowAdded?.(target, request, view.getUint32(at, LITTLE_ENDIAN), view, start, start + length);
    at = start + ((length + 3) & ~3);
  }
}

function slotsIn(view: DataView, body: number, end: number): number[] {
  const count = countIn(view, body, end);
  const start = body + ROWS_HEAD_BYTES;
  if (count > (end - start) / 4) throw malformed(body, `${count} slots`);
  const slots: number[] = [];
  for (let at = 0; at < count; at++) slots.push(view.getUint32(start + 4 * at, LITTLE_ENDIAN));
  return slots;
}

function countIn(view: DataView, body: number, end: number): number {
  if (end - body < ROWS_HEAD_BYTES) throw malformed(body, 'short rows frame');
  return view.getUint32(body, LITTLE_ENDIAN);
}

function readFailure(view: DataView, body: number, end: number): NetnsReadProblem | undefined {
  if (end - body < 16) throw malformed(body, 'short end frame');
  const problem = nameIn(PROBLEMS, view.getUint32(body, LITTLE_ENDIAN), body);
  const operation = nameIn(OPERATIONS, view.getUint32(body + 4, LITTLE_ENDIAN), body);
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
