import { Metadata, type ServiceError, status } from '@grpc/grpc-js';
import { type CallCode, CODES, isCode } from '../text/error.js';

/** The key of the trailing metadata that carries the code of what a call failed of. */
export const CODE_KEY = 'nsatlas-code';

/** What a code looks like, of whatever release: 64 characters at most, none that does anything to a terminal. */
const CODE = /^ERR_NSATLAS_[A-Z0-9_]{1,52}$/;

/** What a peer sent with the status of a call that failed. */
export interface Trailer {
  /** The peer's code, where this release knows it and it goes with the status: what is decided by. */
  readonly code?: CallCode;
  /** The peer's code, known or not, for people and logs. */
  readonly shown?: string;
  /** Whether a gRPC server or proxy sent the status; false where grpc-js made it, or where that cannot be seen. */
  readonly answered: boolean;
}

/** The gRPC status that goes with a code. */
export function statusOf(code: CallCode): status {
  return status[CODES[code].status];
}

/** The trailing metadata of a call that fails. */
export function trailerOf(code: CallCode): Metadata {
  const metadata = new Metadata();
  metadata.set(CODE_KEY, code);
  return metadata;
}

/** Reads what came with a failed call's status. It may be of a release that sends no code, of a proxy, or of anyone else. */
export function readTrailer(failed: Partial<Pick<ServiceError, 'code' | 'metadata'>>): Trailer {
  const values = failed.metadata?.get(CODE_KEY) ?? [];
  const [shown] = values.length === 1 ? values : [];
  if (typeof shown === 'string' && CODE.test(shown)) {
    const isBelieved = isCallCode(shown) && statusOf(shown) === failed.code;
    return { ...(isBelieved && { code: shown }), shown, answered: true };
  }
  // Where status and headers come as one, grpc-js leaves the headers in the metadata; a page of a web server is text/html.
  const [type] = failed.metadata?.get('content-type') ?? [];
  return { answered: String(type).startsWith('application/grpc') };
}

/** Whether a code is one that servers send. */
export function isCallCode(code: string | undefined): code is CallCode {
  return isCode(code) && 'status' in CODES[code];
}
