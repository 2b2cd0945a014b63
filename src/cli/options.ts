import { type Command, InvalidArgumentError } from 'commander';
import type { Selector } from '../model/select.js';
import type { Role, Table } from '../model/types.js';
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
export interface SelectorFlags {
  host?: string[];
  netns?: string[];
  role?: string[];
  network?: string[];
  container?: string[];
  service?: string[];
  kind?: string[];
  interface?: string[];
  vni?: string[];
  mac?: string[];
  ip?: string[];
}

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

/** Flags of the servers. */
export interface ServerFlags {
  listen: string[];
  maxAge: number;
}

export function addServerOptions(command: Command): Command {
  return addListenOption(command, DEFAULT_LISTEN).addOption(
    option('--max-age <ms>', 'maximum age of a read that may be used for an answer, in milliseconds')
      .default(1000)
      .argParser(parsePositive),
  );
}

/** Where an agent listens, and `nsatlas up`. */
const DEFAULT_LISTEN = '127.0.0.1:7117';

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
  const live = addNetnsSelectorOptions(addLiveOptions(addHostOptions(command)));
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
  const formats = OUTPUTS.map((output) => output.format);
  const shown = addHostOptions(command).addOption(
    option('-o, --output <format>', OUTPUTS.map((output) => `${output.format}: ${output.help}`).join('; '))
      .choices(formats)
      .default('table'),
  );
  return addSourceOptions(shown, { files: true });
}

/** The flags that narrow a list; `links`: also by properties that only interfaces have. */
export function addSelectorOptions(command: Command, { links = true } = {}): Command {
  addNetnsSelectorOptions(command);
  if (links) {
    command
      .addOption(listOption('--kind <kind>', 'only interfaces of this kind: veth, vxlan, bridge, …'))
      .addOption(listOption('--interface <name>', 'only interfaces with this name'));
  }
  return command
    .addOption(listOption('--vni <number>', 'only VXLANs with this VNI'))
    .addOption(listOption('--mac <address>', 'only this MAC address'))
    .addOption(listOption('--ip <address>', 'only this IP address'));
}

function addNetnsSelectorOptions(command: Command): Command {
  return command
    .addOption(listOption('--netns <id>', 'only this namespace: net:[INODE], a path or the name of its file'))
    .addOption(
      listOption('--role <role>', 'only namespaces with this role: host, container, overlay, load_balancer, ingress, other'),
    )
    .addOption(listOption('--network <name>', 'only namespaces on this network, by name, id or id prefix'))
    .addOption(listOption('--container <name>', 'only namespaces of this container, by name, id or id prefix'))
    .addOption(listOption('--service <name>', 'only namespaces of this Swarm service'));
}

const ROLES: readonly Role[] = ['HOST', 'CONTAINER', 'OVERLAY', 'LOAD_BALANCER', 'INGRESS', 'OTHER'];

/** @throws InvalidArgumentError naming the flag */
export function selectorOf(flags: SelectorFlags): Selector {
  return {
    ...given('hosts', flags.host),
    ...given('netns', flags.netns),
    ...given('roles', flags.role?.map(parseRole)),
    ...given('networks', flags.network),
    ...given('containers', flags.container),
    ...given('services', flags.service),
    ...given('kinds', flags.kind),
    ...given('interfaces', flags.interface),
    ...given('vnis', flags.vni?.map(parseVni)),
    ...given('macs', flags.mac?.map(parseMac)),
    ...given('ips', flags.ip?.map(parseIp)),
  };
}

function given<Key extends keyof Selector>(key: Key, value: Selector[Key]): Selector {
  return value === undefined ? {} : { [key]: value };
}

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
