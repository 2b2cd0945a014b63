import { type Command, InvalidArgumentError, type Option } from 'commander';
import type { Selector } from '../model/select.js';
import type { Role, Table } from '../model/types.js';
import type { RowFlag } from '../outputs/lists/contract.js';
import { OUTPUTS } from '../outputs/registry.gen.js';
import { ALL_TABLES } from '../tables/index.js';
import { canonicalIp } from '../serve/ip.js';
import { addListenOption, listOption, logLevelOption, option, parsePositive } from './flags.js';
import { addSourceOptions, type SourceFlags } from './source-options.js';

/** Flags of the commands that read this host. */
export interface HostFlags {
  netnsDir?: string[];
  dockerSocket?: string[];
  procRoot: string;
  hostId?: string;
  hostName?: string;
  timeLimit: number;
  logLevel: string;
}

/** Flags of the commands that show something. */
export interface ShowFlags extends HostFlags, SelectorFlags, SourceFlags {
  output: string;
  counters?: boolean;
}

/** Flags that select namespaces and rows. */
export type SelectorFlags = { [Flag in SelectorFlag]?: string[] };

type SelectorFlag = 'host' | (typeof NETNS_SELECTORS | typeof ROW_SELECTORS)[number][0];

export function addHostOptions(command: Command, { logLevel = 'warn' } = {}): Command {
  return command
    .addOption(listOption('--netns-dir <dir>', 'read only the namespaces in this directory'))
    .addOption(
      listOption(
        '--docker-socket <path>',
        'Docker socket to query for names and owners; default: /var/run/docker.sock if it exists',
      ),
    )
    .addOption(option('--proc-root <dir>', 'mount point of the host’s proc file system').default('/proc'))
    .addOption(option('--host-id <id>', 'id of this host; default: Swarm node id, Docker engine id or a hash of the machine id'))
    .addOption(option('--host-name <name>', 'name of this host; default: its host name'))
    .addOption(
      option('--time-limit <ms>', 'time limit for each namespace, in milliseconds').default(2000).argParser(parsePositive),
    )
    .addOption(logLevelOption(logLevel));
}

/** Where an agent listens, and `nsatlas up`. */
const DEFAULT_LISTEN = '127.0.0.1:7117';

/** Flags of the servers that read this host. */
export function addAgentOptions(command: Command): Command {
  return addListenOption(command, DEFAULT_LISTEN).addOption(
    option('--max-age <ms>', 'maximum age of a read that may be used for an answer, in milliseconds')
      .default(1000)
      .argParser(parsePositive),
  );
}

/** Flags of the commands that keep live state of this host. */
export interface LiveFlags {
  events: boolean;
  rescan: number;
  poll: number;
  maxAge?: number;
}

export function addLiveOptions(command: Command): Command {
  return command
    .addOption(option('--rescan <seconds>', 'interval of full reads in addition to events').default(60).argParser(parsePositive))
    .addOption(option('--poll <seconds>', 'interval of full reads without events').default(5).argParser(parsePositive))
    .addOption(option('--no-events', 'do not follow the kernel’s events: poll'));
}

/** Asks an agent for values that change all the time, too. */
export function addCountersOption(command: Command): Command {
  return command.addOption(
    option(
      '--counters',
      'with --agent: include counters, timers and ages, from a fresh read; always included when reading this host',
    ),
  );
}

/** Flags of `nsatlas watch`. */
export interface WatchFlags extends HostFlags, LiveFlags, SelectorFlags, Omit<SourceFlags, 'from'> {
  output: string;
  table?: string[];
  initial?: boolean;
  timestamps?: boolean;
  untilSynced?: boolean;
}

export function addWatchOptions(command: Command): Command {
  const live = addSelectors(addLiveOptions(addHostOptions(command)), NETNS_SELECTORS);
  return addSourceOptions(live, { files: false })
    .addOption(
      option('-o, --output <format>', 'table: one line per change, for people; json: one line per event, for programs')
        .choices(['table', 'json'])
        .default('table'),
    )
    .addOption(listOption('--table <table>', `only this table: ${TABLES.join(', ')}`))
    .addOption(option('--initial', 'also print the initial state, line by line'))
    .addOption(option('--timestamps', 'start each line with the time'))
    .addOption(option('--until-synced', 'exit after the initial state'));
}

/** Names of tables on the command line. */
const TABLES: readonly string[] = ALL_TABLES.map((table) => table.toLowerCase());

/** The tables of --table; all of them without. @throws InvalidArgumentError */
export function tablesOf(names: readonly string[] | undefined): readonly Table[] {
  return (names ?? TABLES).map((name) => {
    const table = TABLES.find((known) => known === name.toLowerCase());
    if (table === undefined) throw new InvalidArgumentError(`--table ${name}: unknown; one of ${TABLES.join(', ')}`);
    return table.toUpperCase() as Table;
  });
}

export function addShowOptions(command: Command): Command {
  const help = OUTPUTS.map((output) => `${output.format}: ${output.help}`).join('; ');
  return addSourceOptions(addHostOptions(command).addOption(outputOption(help)), { files: true });
}

/** The format of what is shown. */
export function outputOption(help: string): Option {
  return option('-o, --output <format>', help)
    .choices(OUTPUTS.map((output) => output.format))
    .default('table');
}

/** Flags that select, each with its field of the selector, its value and its help. */
const NETNS_SELECTORS = [
  ['netns', 'netns', '<id>', 'only this namespace: net:[INODE], a path or the name of its file'],
  ['role', 'roles', '<role>', 'only namespaces with this role: host, container, overlay, load_balancer, ingress, other'],
  ['network', 'networks', '<name>', 'only namespaces on this network, by name, id or id prefix'],
  ['container', 'containers', '<name>', 'only namespaces of this container, by name, id or id prefix'],
  ['service', 'services', '<name>', 'only namespaces of this Swarm service'],
] as const;
const ROW_SELECTORS = [
  ['kind', 'kinds', '<kind>', 'only interfaces of this kind: veth, vxlan, bridge, …'],
  ['interface', 'interfaces', '<name>', 'only interfaces with this name'],
  ['vni', 'vnis', '<number>', 'only VXLANs with this VNI'],
  ['mac', 'macs', '<address>', 'only this MAC address'],
  ['ip', 'ips', '<address>', 'only this IP address'],
] as const;

/** The flags that narrow a list. @param without those that select nothing in it: they are refused */
export function addSelectorOptions(command: Command, without: readonly RowFlag[] = []): Command {
  return addSelectors(command, [...NETNS_SELECTORS, ...ROW_SELECTORS.filter(([flag]) => !without.includes(flag))]);
}

function addSelectors(command: Command, selectors: readonly (readonly [string, string, string, string])[]): Command {
  for (const [flag, , value, help] of selectors) command.addOption(listOption(`--${flag} ${value}`, help));
  return command;
}

/** Checks of values, by field; values of other fields are taken as they are. */
const PARSERS: Partial<Record<keyof Selector, (text: string) => string | number>> = {
  roles: parseRole,
  vnis: parseVni,
  macs: parseMac,
  ips: parseIp,
};

/** @throws InvalidArgumentError naming the flag */
export function selectorOf(flags: SelectorFlags): Selector {
  const selectors = [['host', 'hosts'], ...NETNS_SELECTORS, ...ROW_SELECTORS] as const;
  const given = selectors.flatMap(([flag, field]) => {
    const values = flags[flag];
    return values === undefined ? [] : [[field, values.map(PARSERS[field] ?? String)]];
  });
  return Object.fromEntries(given) as Selector;
}

const ROLES: readonly Role[] = ['HOST', 'CONTAINER', 'OVERLAY', 'LOAD_BALANCER', 'INGRESS', 'OTHER'];

function parseRole(text: string): Role {
  const role = ROLES.find((known) => known.toLowerCase() === text.toLowerCase().replaceAll('-', '_'));
  if (role === undefined) throw new InvalidArgumentError(`--role ${text}: unknown; one of ${ROLES.join(', ').toLowerCase()}`);
  return role;
}

function parseVni(text: string): number {
  const vni = Number(text);
  if (!/^\d+$/.test(text) || vni > 0xffffff) throw new InvalidArgumentError(`--vni ${text}: not a number from 0 to 16777215`);
  return vni;
}

function parseIp(text: string): string {
  const ip = canonicalIp(text);
  if (ip === undefined) throw new InvalidArgumentError(`--ip ${text}: not an IP address like 10.0.1.7 or fd00::7`);
  return ip;
}

function parseMac(text: string): string {
  if (!/^([0-9a-f]{2}:)+[0-9a-f]{2}$/i.test(text))
    throw new InvalidArgumentError(`--mac ${text}: not of the form 02:42:0a:00:01:02`);
  return text.toLowerCase();
}
