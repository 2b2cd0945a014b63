import { LISTS } from '../model/lists.js';
import type { ListDocument } from '../outputs/contract.js';
import type { ClientTls } from '../rpc/types.js';
import { ALL_TABLES } from '../tables/index.js';
import type { HostSource } from '../live/source.js';
import { fabricList, isFabricName, tablesOfList } from './fabric-lists.js';
import { hostSource } from './host.js';
import type { ShowFlags } from './options.js';
import type { Source } from './source.js';
import { openFiles } from './source-files.js';
import { openCollector } from './source-collector.js';
import { UsageError } from './report.js';
import { clientTls } from './tls-options.js';

/** The source that the flags ask for. */
export async function openSource(flags: ShowFlags): Promise<Source> {
  if (flags.counters === true && flags.collector !== undefined)
    throw new UsageError(
      '--counters: a collector has no counters; ask the host’s agent with --agent (`nsatlas hosts` lists the addresses)',
    );
  if (flags.from !== undefined) return openFiles(flags.from);
  if (flags.agent !== undefined)
    return openAgent(flags.agent, { counters: flags.counters === true }, await clientTls(flags, flags.agent));
  if (flags.collector !== undefined) return openCollector(flags.collector, await clientTls(flags, flags.collector));
  return openHost(hostSource(flags));
}

function openHost(host: HostSource): Source {
  return {
    doing: 'reading this host',
    list: async (name, selector) => {
      const snapshot = await host.read(tablesOfList(name));
      if (isFabricName(name)) return fabricList(name, [{ snapshot, agent: 'local', source: 'this host' }], selector);
      // Name and items come from the same entry of LISTS, which the compiler cannot follow through a union.
      return { name, listing: LISTS[name].list(snapshot, selector) } as ListDocument;
    },
    snapshot: () => host.read(ALL_TABLES),
    close: () => host.close(),
  };
}

async function openAgent(address: string, options: { readonly counters: boolean }, tls: ClientTls | undefined): Promise<Source> {
  // Loaded only if needed: loading gRPC takes longer than reading a host.
  const { createAgentClient } = await import('../client/agent.js');
  const client = createAgentClient(address, { tls });
  return {
    doing: `asking the agent at ${address}`,
    list: async (name, selector) => {
      if (!isFabricName(name)) return { name, listing: await client.list(name, selector, options) } as ListDocument;
      const snapshot = await client.snapshot({}, tablesOfList(name));
      return fabricList(name, [{ snapshot, agent: address, source: '--agent' }], selector);
    },
    snapshot: () => client.snapshot({}, ALL_TABLES, options),
    close: () => client.close(),
  };
}
