import type { status } from '@grpc/grpc-js';

/** An address that cannot be served. The message is one line for people: what, why and what to do. */
export class ListenError extends Error {
  readonly code = 'ERR_NSATLAS_LISTEN';
  readonly address: string;

  constructor(address: string, message: string, options: ErrorOptions = {}) {
    super(`cannot listen on ${address}: ${message}`, options);
    this.name = 'ListenError';
    this.address = address;
  }
}

/** A file of certificates that cannot be used. The message is one line for people: which, why and what to do. */
export class TlsFileError extends Error {
  readonly code = 'ERR_NSATLAS_TLS_FILE';
  readonly path: string;

  constructor(path: string, message: string, options: ErrorOptions = {}) {
    super(`cannot use ${path} for TLS: ${message}`, options);
    this.name = 'TlsFileError';
    this.path = path;
  }
}

/** A call that ends with an error status. The message is for the client. */
export class CallError extends Error {
  readonly code = 'ERR_NSATLAS_CALL';
  readonly status: status;

  constructor(code: status, message: string, options: ErrorOptions = {}) {
    super(message, options);
    this.name = 'CallError';
    this.status = code;
  }
}
