/** What is known of a code. */
interface Facts {
  /** Of codes that a server sends: the gRPC status that they go with. */
  readonly status?: string;
  /** Another attempt, later, may succeed. */
  readonly transient?: true;
}

/** Every code of an error of nsatlas. Codes are stable, messages are not. docs/errors.md says what each means and what to do. */
export const CODES = {
  ERR_NSATLAS_ADDON: {},
  ERR_NSATLAS_AGENTS_FILE: {},
  ERR_NSATLAS_AGENT_FAILED: { transient: true },
  ERR_NSATLAS_AGENT_MALFORMED: {},
  ERR_NSATLAS_AGENT_REFUSED: {},
  ERR_NSATLAS_AGENT_TIMEOUT: { transient: true },
  ERR_NSATLAS_AGENT_UNREACHABLE: { transient: true },
  ERR_NSATLAS_ARGUMENT: {},
  ERR_NSATLAS_BUSY: {},
  ERR_NSATLAS_CANCELLED: { status: 'CANCELLED' },
  ERR_NSATLAS_CERTIFICATE: { status: 'UNAUTHENTICATED' },
  ERR_NSATLAS_CLOSED: {},
  ERR_NSATLAS_COLLECTOR_FAILED: { transient: true },
  ERR_NSATLAS_COLLECTOR_MALFORMED: {},
  ERR_NSATLAS_COLLECTOR_REFUSED: {},
  ERR_NSATLAS_COLLECTOR_TIMEOUT: { transient: true },
  ERR_NSATLAS_COLLECTOR_UNREACHABLE: { transient: true },
  ERR_NSATLAS_DECODE: {},
  ERR_NSATLAS_ENGINE_CLOSED: {},
  ERR_NSATLAS_ENGINE_DENIED: {},
  ERR_NSATLAS_ENGINE_MALFORMED: {},
  ERR_NSATLAS_ENGINE_NOT_ASKED: { transient: true },
  ERR_NSATLAS_ENGINE_NOT_FOUND: {},
  ERR_NSATLAS_ENGINE_REFUSED: {},
  ERR_NSATLAS_ENGINE_TIMEOUT: { transient: true },
  ERR_NSATLAS_ENGINE_TOO_LARGE: {},
  ERR_NSATLAS_ENGINE_UNREACHABLE: { transient: true },
  ERR_NSATLAS_FRAME: {},
  ERR_NSATLAS_HOME: {},
  ERR_NSATLAS_INTERNAL: { status: 'INTERNAL' },
  ERR_NSATLAS_LISTEN: {},
  ERR_NSATLAS_MEMORY: {},
  ERR_NSATLAS_NOTIFY: {},
  ERR_NSATLAS_NOT_ALLOWED: { status: 'PERMISSION_DENIED' },
  ERR_NSATLAS_OBSERVER: {},
  ERR_NSATLAS_OTHER_HOST: { status: 'NOT_FOUND' },
  ERR_NSATLAS_READ: { status: 'UNAVAILABLE', transient: true },
  ERR_NSATLAS_READ_TIMEOUT: { status: 'UNAVAILABLE', transient: true },
  ERR_NSATLAS_REQUEST: { status: 'INVALID_ARGUMENT' },
  ERR_NSATLAS_SESSION_MALFORMED: {},
  ERR_NSATLAS_SESSION_MOVED: { transient: true },
  ERR_NSATLAS_SESSION_SILENT: { transient: true },
  ERR_NSATLAS_SESSION_UNUSED: {},
  ERR_NSATLAS_SOURCE: {},
  ERR_NSATLAS_STALLED: { status: 'RESOURCE_EXHAUSTED' },
  ERR_NSATLAS_STOPPING: { status: 'UNAVAILABLE', transient: true },
  ERR_NSATLAS_THREAD: {},
  ERR_NSATLAS_TLS_FILE: {},
  ERR_NSATLAS_TOO_MANY_CALLS: { status: 'RESOURCE_EXHAUSTED', transient: true },
  ERR_NSATLAS_USAGE: {},
  ERR_NSATLAS_WIRE: {},
} as const satisfies Readonly<Record<`ERR_NSATLAS_${string}`, Facts>>;

/** A stable code: programs decide by it, never by a message. */
export type ErrorCode = keyof typeof CODES;

/** The codes that a server sends in the trailing metadata of a call that failed (src/rpc/trailer.ts). */
export type CallCode = { [Code in ErrorCode]: (typeof CODES)[Code] extends { status: string } ? Code : never }[ErrorCode];

/** What all errors of nsatlas have: a stable code. The message is one line for people. */
export abstract class NsatlasError<Code extends ErrorCode = ErrorCode> extends Error {
  readonly code: Code;

  constructor(code: Code, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }
}

/** The code of whatever was thrown, by the addon, too; undefined when it is none of ours. */
export function codeOf(cause: unknown): ErrorCode | undefined {
  const code: unknown = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  return isCode(code) ? code : undefined;
}

/** All codes of an error, for people, logs and JSON: its own, then that of the server that it came from. */
export function codesOf(cause: unknown): readonly string[] {
  const serverCode = cause instanceof Error && 'serverCode' in cause ? cause.serverCode : undefined;
  return [codeOf(cause), serverCode].filter((code) => typeof code === 'string');
}

/** Whether a value is a code of this release. */
export function isCode(value: unknown): value is ErrorCode {
  return typeof value === 'string' && Object.hasOwn(CODES, value);
}

/** Whether the same may succeed when it is tried again later. Everyone who tries again asks here. */
export function isTransient(cause: unknown): boolean {
  const code = codeOf(cause);
  return code !== undefined && 'transient' in CODES[code];
}
