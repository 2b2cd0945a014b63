import type { Netns } from '../model/types.js';
import { netnsName } from '../model/ids.js';

/** Display name of the namespace with an id. */
export type NameOf = (netnsId: string) => string;

/** One property that a line shows. */
export interface Fact {
  /** Word before the value. */
  readonly label: string;
  /** Distinguishes it from others of the same label. */
  readonly key?: string;
  /** A list is compared item by item. */
  readonly value: string | readonly string[] | undefined;
  /** Shown when the item is added, not when it changes. */
  readonly onlyNew?: boolean;
  /** Shown only when it changes; with `inBoth`, only if it was present before and still is. */
  readonly onlyChanges?: boolean;
  readonly inBoth?: boolean;
}

/** "eth0@web": the interface of a row, and the namespace where it is. */
export function deviceOf({ ifname, ifindex }: { ifname?: string; ifindex?: number }, netns: Netns): string {
  return `${ifname ?? ifindex ?? '-'}@${netnsName(netns)}`;
}
