import { DecodeError } from '../../netlink/error.js';

/** The error of a message that is too short for its fixed header; undefined when it is long enough. */
export function shortHeader(path: string, start: number, end: number, wanted: number): DecodeError | undefined {
  if (end - start >= wanted) return undefined;
  return new DecodeError({
    path,
    offset: start,
    wanted: `at least ${wanted} bytes of header`,
    got: `${Math.max(end - start, 0)} bytes`,
  });
}
