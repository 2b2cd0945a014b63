import type { Command } from 'commander';
import type { Roster } from '../collector/roster.js';
import type { AgentSource } from '../collector/sources/types.js';
import type { Log } from '../rpc/types.js';
import { listOption, option, parsePositive } from './flags.js';
import { tablesOf } from './options.js';
import { UsageError } from './report.js';

/** Flags of the servers that follow agents. */
export interface CollectorFlags {
  agent?: string[];
  agentsFile?: string;
  forget: number;
  table?: string[];
  listen: string[];
  logLevel: string;
}

/** Which agents are followed, and how. */
export function addCollectorOptions(command: Command): Command {
  return command
    .addOption(
      listOption(
        '--agent <address>',
        'an agent to follow: HOST:PORT or unix:PATH; dns:NAME:PORT for every address of a name; swarm:SOCKET:PORT for every node of a Swarm manager',
      ),
    )
    .addOption(option('--agents-file <path>', 'a file with addresses of agents, YAML or JSON; read again when it changes'))
    .addOption(
      option('--forget <seconds>', 'how long a host is kept when nothing names its agent any more')
        .default(600)
        .argParser(parsePositive),
    )
    .addOption(listOption('--table <table>', 'follow only this table: links, addresses, nsids, fdb, neighbors or routes'));
}

/** What names the agents. @throws UsageError naming the flag */
export async function sourcesOf({ agent = [], agentsFile }: CollectorFlags): Promise<AgentSource[]> {
  const { agentSource, agentsFile: fileOfAgents, SourceError } = await import('../collector/sources/index.js');
  try {
    const files = agentsFile === undefined ? [] : [fileOfAgents(agentsFile)];
    return [...agent.map((text) => agentSource(text)), ...files];
  } catch (cause) {
    if (cause instanceof SourceError) throw new UsageError(`--agent ${cause.message}`);
    throw cause;
  }
}

/** The roster that the flags describe; it follows nobody yet. */
export async function rosterOf(flags: CollectorFlags, sources: readonly AgentSource[], log: Log): Promise<Roster> {
  const [{ createRoster }, { createAgentClient }] = await Promise.all([
    import('../collector/roster.js'),
    import('../agent/client.js'),
  ]);
  return createRoster({
    sources,
    connect: (address) => createAgentClient(address),
    tables: tablesOf(flags.table),
    log,
    forgetMs: flags.forget * 1000,
  });
}
