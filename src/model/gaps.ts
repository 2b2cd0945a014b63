import type { Gap, ReadStatus } from './types.js';

/** Whether a gap means that the answer lacks something that exists. A namespace that is gone is a fact, not a failure. */
export function isFailure(gap: Gap): boolean {
  return gap.status !== 'VANISHED';
}

/** What the kernel's refusal means for whoever asked. */
export function statusOfErrno(errno: string | undefined): ReadStatus {
  switch (errno) {
    case 'EPERM':
    case 'EACCES':
      return 'DENIED';
    case 'ENOENT':
    case 'ESRCH':
    case 'ENODEV':
      return 'VANISHED';
    case 'ETIMEDOUT':
      return 'TIMED_OUT';
    default:
      return 'FAILED';
  }
}
