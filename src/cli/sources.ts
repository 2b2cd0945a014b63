import type { LiveHost } from '../live/types.js';
import type { Table } from '../model/types.js';
import type { ListDocument } from '../outputs/contract.js';
import type { ClientTls } from '../rpc/types.js';
import { ALL_TABLES } from '../tables/index.js';
import { fabricList, isFabricName, tablesOfList } from './fabric-lists.js';
import { hostOptions } from './host.js';
import type { ShowFlags } from './options.js';
import type { Source } from './source.js';
import { openFiles } from './source-files.js';
import { openCollector } from './source-collector.js';
import { UsageError } from './report.js';
import { listHost, snapshotOf } from '../serve/view.js';
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
  return openHost(flags);
}

/** This host, read once for the answer. */
function openHost(flags: ShowFlags): Source {
  const read = async (tables: readonly Table[]): Promise<LiveHost> => {
    // Loaded only where it is needed: it brings the addon with it.
    const { readHost } = await import('../live/index.js');
    return readHost(hostOptions(flags), tables);
  };
  return {
    doing: 'reading this host',
    list: async (name, selector) => {
      const host = await read(tablesOfList(name));
      // The name and the items belong together, which the compiler cannot follow through a union.
      if (!isFabricName(name)) return { name, listing: listHost(name, host, selector) } as ListDocument;
      return fabricList(
        name,
        [{ snapshot: snapshotOf(host, tablesOfList(name)), agent: 'local', source: 'this host' }],
        selector,
      );
    },
    snapshot: async () => snapshotOf(await read(ALL_TABLES)),
    close: () => undefined,
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
