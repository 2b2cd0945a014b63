// What is wrong with a namespace, a table or a row, as gaps: one sentence each that says what, where and what to do.
import type { DiscoveryProblem, FoundNetns } from '../discover/types.js';
import { statusOfErrno } from '../model/gaps.js';
import { formatNetnsId } from '../model/ids.js';
import type { Gap, Ifindex, ReadStatus, Table } from '../model/types.js';
import type { NetnsReadProblem } from '../native/types.js';
import { errnoName } from '../netlink/errno.js';
import type { DecodeError } from '../netlink/error.js';

/** A row that cannot be decoded. */
export function decodeGap(found: FoundNetns, table: Table, { message, detail: { ifindex } }: DecodeError): Gap {
  const gap = tableGap(found, table, 'MALFORMED', `a row could not be decoded (${message}); please report it`, {
    operation: 'decode',
  });
  return ifindex === undefined ? gap : { ...gap, ifindex: ifindex as Ifindex };
}

/** What was tried and how it failed. */
export interface GapDetail {
  readonly errno?: string;
  readonly operation: string;
}

/** Something about one table of a namespace. */
export function tableGap(found: FoundNetns, table: Table, status: ReadStatus, what: string, detail: GapDetail): Gap {
  return {
    netnsId: formatNetnsId(found.ino),
    table,
    status,
    ...detail,
    message: `${describe(found)}: ${table.toLowerCase()}: ${what}`,
  };
}

/** A namespace that could not be read through a path. */
export function problemGap(found: FoundNetns, problem: NetnsReadProblem, path: string): Gap {
  const errno = problem.errno === 0 ? undefined : errnoName(problem.errno);
  const status = statusOfProblem(problem, errno);
  return {
    netnsId: formatNetnsId(found.ino),
    path,
    status,
    ...(errno !== undefined && { errno }),
    operation: problem.operation,
    message: `${describe(found)}: ${problemWords(status, problem, errno)}`,
  };
}

/** A namespace to which no path leads any more, though it is there. */
export function unopenableGap(found: FoundNetns): Gap {
  return {
    netnsId: formatNetnsId(found.ino),
    status: 'FAILED',
    operation: 'open',
    message: `${describe(found)}: cannot be opened, for the file under its mount was removed; the mount keeps the namespace alive`,
  };
}

function statusOfProblem({ problem }: NetnsReadProblem, errno: string | undefined): ReadStatus {
  switch (problem) {
    case 'denied':
      return 'DENIED';
    case 'timeout':
      return 'TIMED_OUT';
    case 'failed':
      return statusOfErrno(errno);
    default:
      // It was a network namespace when it was found, and this path does not lead to it any more.
      return 'VANISHED';
  }
}

function problemWords(status: ReadStatus, problem: NetnsReadProblem, errno: string | undefined): string {
  const why = errno === undefined ? '' : ` (${errno})`;
  switch (status) {
    case 'DENIED':
      return problem.operation === 'enter'
        ? `cannot be entered${why}: CAP_SYS_ADMIN is missing, so only this process’s own namespace can be read; run as root`
        : `cannot be opened${why}: its directory is closed to this user (CAP_DAC_READ_SEARCH is missing; for a process CAP_SYS_PTRACE), and to enter it would take CAP_SYS_ADMIN; run as root`;
    case 'TIMED_OUT':
      return 'did not answer within the time limit (--time-limit)';
    case 'VANISHED':
      return 'was gone before it could be read';
    default:
      return `${problem.operation} failed${why}: ${problem.detail}`;
  }
}

/** "net:[4026532287] (/run/docker/netns/1-x8sn2ys3vd)" */
export function describe(found: FoundNetns): string {
  const where = found.paths[0] ?? (found.pids[0] === undefined ? undefined : `process ${found.pids[0]}`);
  const id = formatNetnsId(found.ino);
  return where === undefined ? id : `${id} (${where})`;
}

const PROBLEM_STATUS: Readonly<Record<DiscoveryProblem['kind'], ReadStatus>> = {
  'not-a-netns': 'NOT_A_NETNS',
  denied: 'DENIED',
  vanished: 'VANISHED',
  timeout: 'TIMED_OUT',
  failed: 'FAILED',
};

/** A place that was looked at and could not be used. */
export function discoveryGap(problem: DiscoveryProblem): Gap {
  return {
    path: problem.path,
    status: PROBLEM_STATUS[problem.kind],
    ...(problem.errno !== undefined && { errno: problem.errno }),
    operation: problem.operation,
    message: problem.message,
  };
}
