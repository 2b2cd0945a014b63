import type { Selector } from '../model/select.js';
import type { HostSnapshot } from '../model/types.js';
import type { ListDocument } from '../outputs/contract.js';
import type { ListedName } from '../wire/messages.js';

/** Where a command's answer comes from: this host, an agent, a collector, or saved snapshots. */
export interface Source {
  /** For progress: "reading this host". */
  readonly doing: string;
  list(name: ListedName, selector: Selector): Promise<ListDocument>;
  /** One host. @throws UsageError when there are several to choose from, naming them */
  snapshot(selector: Pick<Selector, 'hosts'>): Promise<HostSnapshot>;
  close(): void;
}
