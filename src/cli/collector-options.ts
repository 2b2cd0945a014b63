import type { Command } from 'commander';
import type { Roster } from '../collector/follow/roster.js';
import type { AgentSource } from '../collector/follow/sources/types.js';
import type { Table } from '../model/types.js';
import type { ClientTls, Log } from '../rpc/types.js';
import { ALL_TABLES } from '../tables/index.js';
import { listOption, option, parsePositive } from './flags.js';
import { tablesOf } from './options.js';
import { UsageError } from './report.js';
import { addBothTlsOptions, agentsTls, type ClientTlsFlags } from './tls-options.js';

/** Flags of the servers that follow agents. */
export interface CollectorFlags extends ClientTlsFlags {
  agent?: string[];
  agentsFile?: string;
  forget: number;
  table?: string[];
}

/** Which agents to follow, and how. */
export function addCollectorOptions(command: Command): Command {
  return addBothTlsOptions(command)
    .addOption(
      listOption(
        '--agent <address>',
        'an agent to follow: HOST:PORT or unix:PATH; dns:NAME:PORT for every address of a DNS name; swarm:SOCKET:PORT for every node that a Swarm manager lists',
      ),
    )
    .addOption(option('--agents-file <path>', 'a YAML or JSON file with addresses of agents; reloaded when it changes'))
    .addOption(
      option('--forget <seconds>', 'how long to keep a host after its agent was removed from all sources')
        .default(600)
        .argParser(parsePositive),
    )
    .addOption(listOption('--table <table>', `follow only this table: ${ALL_TABLES.join(', ').toLowerCase()}`));
}

/** The parsed flags, checked before anything is started. */
export interface Following {
  readonly sources: readonly AgentSource[];
  readonly tables: readonly Table[];
  readonly forgetMs: number;
  /** Towards the agents. */
  readonly tls: ClientTls | undefined;
}

/** @throws UsageError naming the flag; InvalidArgumentError */
export async function followingOf(flags: CollectorFlags): Promise<Following> {
  const { agentSource, agentsFile, SourceError } = await import('../collector/follow/sources/index.js');
  const tables = tablesOf(flags.table);
  try {
    const files = flags.agentsFile === undefined ? [] : [agentsFile(flags.agentsFile)];
    const sources = [...(flags.agent ?? []).map((text) => agentSource(text)), ...files];
    return { sources, tables, forgetMs: flags.forget * 1000, tls: await agentsTls(flags) };
  } catch (cause) {
    if (cause instanceof SourceError) throw new UsageError(`--agent ${cause.message}`);
    throw cause;
  }
}

/**
 * Limit of one message of an agent, in bytes: parts are 256 KiB, but all gaps and all networks are one message each. gRPC reads some
 * messages ahead of its consumer, so a malicious agent can make the collector hold several times this.
 */
const MAX_MESSAGE_BYTES = 16 * 1024 * 1024;

/** The roster that follows them once it is started. */
export async function rosterOf({ sources, tables, forgetMs, tls }: Following, log: Log): Promise<Roster> {
  const [{ Roster }, { createAgentClient }] = await Promise.all([
    import('../collector/follow/roster.js'),
    import('../client/agent.js'),
  ]);
  const warn = (message: string): void => log.warn({}, message);
  return new Roster({
    sources,
    connect: (address) => createAgentClient(address, { tls, warn, maxMessageBytes: MAX_MESSAGE_BYTES }),
    tables,
    log,
    forgetMs,
  });
}
