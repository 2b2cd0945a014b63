import type { Selector } from '../model/select.js';
import type { ClientTls } from '../rpc/types.js';
import type { ListDocument, ListedName } from '../outputs/contract.js';
import { chooseHost } from './choose-host.js';
import type { Source } from './source.js';

/** A collector: all its hosts. */
export async function openCollector(address: string, tls: ClientTls | undefined): Promise<Source> {
  // Loaded only when asked for: gRPC takes longer to load than a host to read.
  const { createCollectorClient } = await import('../collector/client.js');
  const client = createCollectorClient(address, { tls });
  return {
    doing: `asking the collector at ${address}`,
    list: async (name, selector) => {
      const listing = await client.list(name, selector);
      // The name and the items belong together, which the compiler cannot follow through a union.
      return { name, listing, hosts: listing.fabric?.hosts ?? [] } as ListDocument;
    },
    snapshot: async ({ hosts = [] }) => {
      const entries = await knownHosts();
      const left = hosts.length === 0 ? entries : await knownHosts({ hosts });
      const { host } = chooseHost(left, {
        hostOf: ({ host: id, hostName: name }) => ({ id, name }),
        known: entries.map(({ host: id, hostName: name }) => ({ id, name })),
      });
      return client.snapshot(host);
    },
    close: () => client.close(),
  };

  /** Each once, though several agents may say that they are it. */
  async function knownHosts(selector: Selector = {}): Promise<{ host: string; hostName: string }[]> {
    const { items } = await client.list('hosts' satisfies ListedName, selector);
    const known = new Map(
      items.flatMap(({ host, hostName = host }) =>
        host === undefined || hostName === undefined ? [] : [[host, { host, hostName }] as const],
      ),
    );
    return [...known.values()];
  }
}
