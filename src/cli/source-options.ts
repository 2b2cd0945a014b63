import type { Command } from 'commander';
import { listOption, option } from './flags.js';
import { UsageError } from './report.js';
import { addClientTlsOptions, type ClientTlsFlags } from './tls-options.js';

/** Where the answer comes from; without any of them, this host is read. */
export interface SourceFlags extends ClientTlsFlags {
  agent?: string;
  from?: string[];
  collector?: string;
  host?: string[];
}

/** Flags that exclude each other. */
const SOURCES = ['agent', 'from', 'collector'] as const;

/** Flags that choose where the answer comes from. @param files whether saved snapshots are accepted */
export function addSourceOptions(command: Command, { files }: { readonly files: boolean }): Command {
  command
    .addOption(option('--agent <address>', 'ask the agent at HOST:PORT or unix:PATH instead of reading this host'))
    .addOption(option('--collector <address>', 'ask the collector at HOST:PORT or unix:PATH: all its hosts'));
  addClientTlsOptions(command);
  if (files) command.addOption(option('--from <file...>', 'read saved snapshots instead of this host (- is standard input)'));
  const several = files ? '--collector or --from' : '--collector';
  return command
    .addOption(listOption('--host <name>', `with ${several}: only this host, by name, id or id prefix`))
    .hook('preAction', (_, action) => settleSource(action, several));
}

/** A flag on the command line overrides the environment, and there can be only one source. @throws UsageError */
function settleSource(action: Command, several: string): void {
  const isGiven = (name: string): boolean => action.getOptionValue(name) !== undefined;
  const isTyped = (name: string): boolean => action.getOptionValueSource(name) === 'cli';
  if (SOURCES.some(isTyped)) for (const name of SOURCES) if (!isTyped(name)) action.setOptionValue(name, undefined);
  const given = SOURCES.filter(isGiven);
  if (given.length > 1) {
    const names = given.map((name) => `--${name}`).join(' and ');
    throw new UsageError(`${names} exclude each other: give one of them`);
  }
  if (!isGiven('host') || given.includes('collector') || given.includes('from')) return;
  if (isTyped('host')) throw new UsageError(`--host selects among several hosts: use it with ${several}`);
  action.setOptionValue('host', undefined);
}
