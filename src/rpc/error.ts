import { type CallCode, NsatlasError } from '../text/error.js';

/** An address that cannot be served. The message is one line for people: what, why and what to do. */
export class ListenError extends NsatlasError<'ERR_NSATLAS_LISTEN'> {
  readonly address: string;

  constructor(address: string, message: string, options?: ErrorOptions) {
    super('ERR_NSATLAS_LISTEN', `cannot listen on ${address}: ${message}`, options);
    this.address = address;
  }
}

/** A file of certificates that cannot be used. The message is one line for people: which, why and what to do. */
export class TlsFileError extends NsatlasError<'ERR_NSATLAS_TLS_FILE'> {
  readonly path: string;

  constructor(path: string, message: string, options?: ErrorOptions) {
    super('ERR_NSATLAS_TLS_FILE', `cannot use ${path} for TLS: ${message}`, options);
    this.path = path;
  }
}

/** A call that fails. The client gets the code, the status that goes with it, and the message. */
export class CallError extends NsatlasError<CallCode> {}
