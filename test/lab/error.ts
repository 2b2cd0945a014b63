/** What went wrong, for programs. */
export type LabErrorCode =
  | 'MISSING_TOOL'
  | 'START_FAILED'
  | 'COMMAND_FAILED'
  | 'TIMED_OUT'
  | 'HOPELESS'
  | 'BAD_USAGE'
  | 'NOT_CLEAN';

/** Everything that the lab throws. `host` is the lab host concerned; the message ends with what the failed program said. */
export class LabError extends Error {
  constructor(
    readonly code: LabErrorCode,
    message: string,
    readonly host?: string,
    cause?: unknown,
  ) {
    super(host === undefined ? message : `${host}: ${message}`, cause === undefined ? undefined : { cause });
    this.name = 'LabError';
  }
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
