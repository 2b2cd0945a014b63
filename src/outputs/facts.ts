import type { Netns } from '../model/types.js';
import { netnsName } from '../model/ids.js';

/** What people call the namespace with an id. */
export type NameOf = (netnsId: string) => string;

/** Something that a line says of a thing. */
export interface Fact {
  /** What stands before the value. */
  readonly label: string;
  /** Distinguishes it from others of the same label. */
  readonly key?: string;
  /** A list is compared item by item. */
  readonly value: string | readonly string[] | undefined;
  /** Shown of something new, not when it changes. */
  readonly onlyNew?: boolean;
  /** Shown only when it changes, and with `inBoth` only when it was there before and is still. */
  readonly onlyChanges?: boolean;
  readonly inBoth?: boolean;
}

/** A fact with several values. @param key where the label is not enough */
export function listFact(label: string, value: readonly string[], key = label): Fact {
  return { label, key, value };
}

/** "eth0@web": the interface of a row, and the namespace where it is. */
export function deviceOf({ ifname, ifindex }: { ifname?: string; ifindex?: number }, netns: Netns): string {
  return `${ifname ?? ifindex ?? '-'}@${netnsName(netns)}`;
}
