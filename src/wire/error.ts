import { NsatlasError } from '../text/error.js';

/** Something that is not of the model's shape: in a model to be sent, in a message that came, in a file. */
export class WireError extends NsatlasError<'ERR_NSATLAS_WIRE'> {
  /** Where, as in "namespaces[3].interfaces[0].mtu"; "" when it is the message itself. */
  readonly path: string;
  /** What is wrong there, without the path. */
  readonly reason: string;

  constructor(reason: string, path = '', options?: ErrorOptions) {
    super('ERR_NSATLAS_WIRE', path === '' ? reason : `${path}: ${reason}`, options);
    this.reason = reason;
    this.path = path;
  }
}

/**
 * What was thrown inside a part, its path prefixed with that part's `segment`: a field's name, a key or a place in a list. Paths are
 * built only when something is wrong.
 */
export function under(segment: string | number, cause: unknown): unknown {
  if (!(cause instanceof WireError)) return cause;
  const own = typeof segment === 'number' ? `[${segment}]` : segment;
  const path = cause.path === '' || cause.path.startsWith('[') ? own + cause.path : `${own}.${cause.path}`;
  return new WireError(cause.reason, path, { cause: cause.cause });
}
