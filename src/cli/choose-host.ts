import type { ListedHost } from '../outputs/contract.js';
import { printable } from '../text/printable.js';
import { UsageError } from './report.js';

interface Choice<Item> {
  readonly hostOf: (item: Item) => ListedHost;
  /** All hosts there are to choose from. */
  readonly known: readonly ListedHost[];
  /** What else would help, appended to "give --host NAME". */
  readonly otherwise?: string;
}

/** Most hosts that a message names. */
const NAMED = 20;

/** The one host that is left. @throws UsageError if there is none, or if there are several, naming them */
export function chooseHost<Item>(left: readonly Item[], { hostOf, known, otherwise = '' }: Choice<Item>): Item {
  const [first, ...others] = left;
  if (first === undefined) throw new UsageError(`--host matches no host; known hosts: ${names(known)}`);
  if (others.length > 0)
    throw new UsageError(`snapshot shows one host: give --host with one of ${names(left.map(hostOf))}${otherwise}`);
  return first;
}

function names(hosts: readonly ListedHost[]): string {
  if (hosts.length === 0) return 'none yet';
  const shown = hosts.slice(0, NAMED).map(({ host, hostName }) => printable(`${hostName} (${host})`));
  if (hosts.length > NAMED) shown.push(`${hosts.length - NAMED} more`);
  return shown.join(', ');
}
