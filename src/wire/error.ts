/** Something that is not of the model's shape: in a model to be sent, in a message that came, in a file. */
export class WireError extends Error {
  readonly code = 'ERR_NSATLAS_WIRE';
  /** Where, as in "namespaces[3].interfaces[0].mtu"; "" when it is the whole. */
  readonly path: string;
  /** What is wrong there, without the path. */
  readonly reason: string;

  constructor(reason: string, path = '', options: ErrorOptions = {}) {
    super(path === '' ? reason : `${path}: ${reason}`, options);
    this.name = 'WireError';
    this.reason = reason;
    this.path = path;
  }
}

/** Runs a step of a walk; what it throws is told to be under `segment`. Paths are put together only when something is wrong. */
export function under<Result>(segment: string | number, step: () => Result): Result {
  try {
    return step();
  } catch (cause) {
    if (!(cause instanceof WireError)) throw cause;
    const own = typeof segment === 'number' ? `[${segment}]` : segment;
    const path = cause.path === '' || cause.path.startsWith('[') ? own + cause.path : `${own}.${cause.path}`;
    throw new WireError(cause.reason, path, { cause: cause.cause });
  }
}
