import { isFailure } from '../model/gaps.js';
import type { Freshness, Gap } from '../model/types.js';
import type { ListedHost } from '../outputs/contract.js';
import { hostNames } from '../outputs/host-columns.js';
import { duration } from '../text/duration.js';
import { NsatlasError } from '../text/error.js';
import { printable } from '../text/printable.js';

/** A mistake in how the command was used; exit status 2. */
export class UsageError extends NsatlasError<'ERR_NSATLAS_USAGE'> {
  constructor(message: string) {
    super('ERR_NSATLAS_USAGE', message);
  }
}

/** Exit statuses (docs/cli.md). */
export const EXIT = { ok: 0, incomplete: 1, usage: 2 } as const;

/** More similar gaps than this are counted, not listed. */
const LISTED = 5;

/**
 * Reports on stderr what is missing from the answer: one line per gap, or one line for many similar ones.
 * @param hosts of the answer, if there can be several: each line then names its host
 * @returns the exit status: 1 if something that exists could not be read
 */
export function reportGaps(gaps: readonly Gap[], warn: (line: string) => void, hosts: readonly ListedHost[] = []): number {
  const failures = gaps.filter(isFailure);
  const names = hostNames(hosts);
  const textOf = ({ host, status, message }: Gap): string => {
    const name = host === undefined || status === 'STALE_HOST' ? undefined : names.get(host);
    return printable(name === undefined ? message : `${name}: ${message}`);
  };
  const sorts = new Map<string, Gap[]>();
  for (const gap of failures) {
    const sort = [gap.status, gap.operation, gap.errno, gap.table].join(' ');
    const same = sorts.get(sort);
    if (same === undefined) sorts.set(sort, [gap]);
    else same.push(gap);
  }
  for (const same of sorts.values()) {
    const shown = same.length > LISTED ? same.slice(0, 1) : same;
    for (const gap of shown) warn(textOf(gap));
    if (same.length > shown.length) warn(`… and ${same.length - shown.length} more like this (-o json lists them)`);
  }
  return failures.length > 0 ? EXIT.incomplete : EXIT.ok;
}

/** Reports on stderr that an agent has no events, because its answers are then behind the kernel. */
export function reportFreshness(freshness: Freshness | undefined, warn: (line: string) => void): void {
  if (freshness?.mode !== 'POLLING') return;
  const { ageMs, rescanMs, reason } = freshness;
  const age = `${duration(ageMs)} old`;
  warn(
    printable(
      `no events: polling every ${duration(rescanMs)}, this answer is ${age}${reason === undefined ? '' : ` (${reason})`}`,
    ),
  );
}
