// Writes a job as the bytes that native/netns/job.cc reads: numbers in host order, every record padded to 8 bytes.
import { ArgumentError } from './errors.js';
import { checked, ImageWriter } from './image-writer.js';
import type { NetnsIdentity, Protocol, ReadRequest, ReadTarget, RowRequest } from './types.js';

const NO_DESCRIPTOR = 0xffffffff;
/** MAX_ERRNO, linux/err.h */
const LARGEST_ERRNO = 4095;
const LARGEST_KEY = 0x7fffffff;

/** enum class Protocol, native/netlink/read_only.h: the number in an image is the index here; a file comes after them. */
const PROTOCOLS: readonly Protocol[] = ['ROUTE', 'SOCK_DIAG', 'XFRM', 'NETFILTER', 'GENERIC'];
const FILE = PROTOCOLS.length;
const NO_BYTES = new Uint8Array(0);

/** Flags of a row request, native/netns/job.cc. */
const IS_ROWS = 1;
const HAS_IFINDEX = 2;
const MORE = 4;
const ACCEPT_INTERRUPTED = 8;

/** A job with its defaults filled in. `enter` false: open and prove only. */
export interface JobPlan {
  readonly enter: boolean;
  readonly timeLimitMs: number;
  readonly batchBytes: number;
  readonly requests: readonly ReadRequest[];
  readonly targets: readonly ReadTarget[];
  readonly observer?: NetnsIdentity | undefined;
}

/**
 * Encodes a job.
 * @throws ArgumentError for what can be seen to be wrong here; the addon checks the rest (paths, request bytes, indexes, that rows have a key)
 */
export function encodeJob(plan: JobPlan): Uint8Array {
  const writer = new ImageWriter();
  writer.u32(plan.enter ? 1 : 0);
  writer.u32(checked('timeLimitMs', plan.timeLimitMs));
  writer.u32(checked('batchBytes', plan.batchBytes));
  writer.u32(plan.observer === undefined ? 0 : 1);
  writer.u32(plan.requests.length);
  writer.u32(plan.targets.length);
  if (plan.observer !== undefined) writeIdentity(writer, plan.observer);
  for (const request of plan.requests) writeRequest(writer, request);
  for (const target of plan.targets) writeTarget(writer, target);
  return writer.finish();
}

function writeRequest(writer: ImageWriter, request: ReadRequest): void {
  const [bytes, number, name] =
    'file' in request ? [NO_BYTES, FILE, request.file] : [request.bytes, protocolNumber(request.protocol), request.family ?? ''];
  if (!(bytes instanceof Uint8Array)) throw new ArgumentError('the bytes of a request must be a Uint8Array');
  if (typeof name !== 'string') throw new ArgumentError('a file and the name of a family must be strings');
  const place = request.netnsFd;
  const nameLength = Buffer.byteLength(name);
  writer.u32(bytes.length);
  writer.u32(place === undefined ? NO_DESCRIPTOR : checked('netnsFd.offset', place.offset));
  writer.u32(number);
  writer.u32(nameLength);
  writeRows(writer, request.rows);
  writer.text(nameLength, name);
  writer.block(bytes);
  if (place !== undefined) writePlace(writer, place.path, place.expect);
}

function protocolNumber(protocol: Protocol = 'ROUTE'): number {
  const number = PROTOCOLS.indexOf(protocol);
  if (number >= 0) return number;
  throw new ArgumentError(`there is no protocol ${protocol}`);
}

function writeRows(writer: ImageWriter, rows: RowRequest | undefined): void {
  if (rows === undefined) {
    for (let word = 0; word < 4; word++) writer.u32(0);
    return;
  }
  const { ifindex, emptyErrno = 0 } = rows;
  if (ifindex !== undefined && (ifindex | 0) !== ifindex)
    throw new ArgumentError(`an ifindex has 32 bits, not ${String(ifindex)}`);
  const flags = [ifindex !== undefined && HAS_IFINDEX, rows.more && MORE, rows.acceptInterrupted && ACCEPT_INTERRUPTED];
  writer.u32(flags.reduce<number>((sum, flag) => sum | (flag || 0), IS_ROWS));
  writer.u32(checked('a row format', rows.format));
  writer.u32(ifindex ?? 0);
  writer.u32(checked('emptyErrno', emptyErrno, LARGEST_ERRNO));
}

function writeTarget(writer: ImageWriter, target: ReadTarget): void {
  writePlace(writer, target.path, target.expect);
  const count = target.requests.length;
  writer.u32(count);
  writer.u32(target.key === undefined ? 0 : checkedKey(target.key));
  for (const index of target.requests) writer.u32(checked('a request index', index));
  if (count % 2 === 1) writer.u32(0);
}

function writePlace(writer: ImageWriter, path: string, expect: NetnsIdentity | undefined): void {
  if (typeof path !== 'string') throw new ArgumentError('a path must be a string');
  const length = Buffer.byteLength(path);
  writer.u32(length);
  writer.u32(expect === undefined ? 0 : 1);
  writeIdentity(writer, expect ?? NOWHERE);
  writer.text(length, path);
}

const NOWHERE: NetnsIdentity = { dev: 0, ino: 0 };

function writeIdentity(writer: ImageWriter, { dev, ino }: NetnsIdentity): void {
  writer.f64(dev);
  writer.f64(ino);
}

/** The key under which a namespace's rows are remembered: a positive number of 31 bits. @throws ArgumentError */
export function checkedKey(key: number): number {
  return checked('a key', key, LARGEST_KEY, 1);
}
