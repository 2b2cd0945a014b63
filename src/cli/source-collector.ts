import type { Selector } from '../model/select.js';
import type { ClientTls } from '../rpc/types.js';
import type { HostEntry } from '../model/types.js';
import type { ListDocument, ListedHost } from '../outputs/contract.js';
import { chooseHost } from './choose-host.js';
import type { Source } from './source.js';

/** A collector: all its hosts. */
export async function openCollector(address: string, tls: ClientTls | undefined): Promise<Source> {
  // Loaded only if needed: loading gRPC takes longer than reading a host.
  const { createCollectorClient } = await import('../client/collector.js');
  const client = createCollectorClient(address, { tls });
  return {
    doing: `asking the collector at ${address}`,
    list: async (name, selector) => {
      const listing = await client.list(name, selector);
      // The list of hosts contains their names.
      const hosts = name === 'hosts' ? namesOf(listing.items as HostEntry[]) : (listing.fabric?.hosts ?? []);
      // Name and items belong together, which the compiler cannot follow through a union.
      return { name, listing, hosts } as ListDocument;
    },
    snapshot: async ({ hosts = [] }) => {
      const entries = await knownHosts();
      const left = hosts.length === 0 ? entries : await knownHosts({ hosts });
      const { host } = chooseHost(left, { hostOf: (entry) => entry, known: entries });
      return client.snapshot(host);
    },
    close: () => client.close(),
  };

  async function knownHosts(selector: Selector = {}): Promise<ListedHost[]> {
    return namesOf((await client.list('hosts', selector)).items);
  }
}

/** Each host once, though several agents may claim to be it. */
function namesOf(entries: readonly HostEntry[]): ListedHost[] {
  const known = entries.flatMap(({ host, hostName = host }): ListedHost[] =>
    host === undefined || hostName === undefined ? [] : [{ host, hostName }],
  );
  return [...new Map(known.map((host) => [host.host, host])).values()];
}
