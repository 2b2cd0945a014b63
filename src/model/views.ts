import { noRows } from '../tables/index.js';
import type { HostSnapshot, Interface, Netns, NetnsId, Section, Table } from './types.js';

/** Rows of a namespace: all of them, or those of one part. */
export type Rows = Pick<Netns, 'interfaces' | Section>;

/** A namespace as the input of lists: its rows are taken in parts, so that a large one needs neither much memory nor much time at once. */
export interface NetnsView {
  /** Without its rows. */
  readonly head: Netns;
  /** While it is the same, so are the rows, and the head except for the numbers of rows. Absent: unknown. */
  readonly revision?: string;
  /**
   * The rows of these tables, part by part; LINKS stands for the interfaces, which have their addresses with ADDRESSES. Other rows may
   * be there, too. Can be called again. Whoever takes them writes into them where they come from (`host`, `netnsName`).
   */
  readonly take: (tables: readonly Table[]) => Iterable<Rows>;
}

/** A host as the input of lists. */
export interface HostView {
  readonly hostId: string;
  namespaces(): Iterable<NetnsView>;
  /** The current state of an interface. Absent if everything is from one moment anyway. */
  interfaceOf?(netnsId: NetnsId, ifindex: number): Interface | undefined;
}

/** A snapshot, each namespace in one part. */
export function viewOf(snapshot: HostSnapshot): HostView {
  return {
    hostId: snapshot.host.id,
    *namespaces() {
      for (const netns of snapshot.namespaces) yield { head: { ...netns, interfaces: [], ...noRows() }, take: () => [netns] };
    },
  };
}
