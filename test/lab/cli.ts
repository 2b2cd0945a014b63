// npm run lab -- up [N] [--stack] | exec HOST [COMMAND…] | status | down
//
// A lab to play with: `up` leaves it in the background, where a process of its own ("keep") holds it until `down`.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { NSATLAS } from '../support/cli.js';
import { isKeeper, openLog, readLog, readState, removeState, type LabState, writeState } from './cli-state.js';
import { LabError, messageOf } from './error.js';
import { enterCommand } from './host.js';
import { CLEAN_ENV } from './keeper.js';
import { Lab } from './lab.js';
import { labObstacle } from './machine.js';
import { tryRun } from './run.js';
import { personFlags, PORTS, startStack } from './stack.js';
import { Hopeless, waitFor } from './wait.js';

const USAGE = `A real Docker Swarm on this machine, each host in namespaces of its own. Needs root.

  npm run lab -- up [N] [--stack]       starts N hosts (2) named h1, h2, …: a swarm, with the image localhost:1/busybox:1;
                                        --stack: builds the project's image and deploys deploy/stack.yml
  npm run lab -- exec HOST [COMMAND…]   runs a command on a host; a shell when none is given
  npm run lab -- status                 what runs
  npm run lab -- down                   ends it; nothing remains

  npm run lab -- exec h1 docker service create --endpoint-mode dnsrr --no-resolve-image --mode global --name web localhost:1/busybox:1`;

/** More hosts than this are a mistake in typing. */
const MAX_HOSTS = 20;

/** How long the lab may take to come up and to go, in milliseconds; with the stack an image is built first. */
const UP_MS = 180_000;
const UP_WITH_STACK_MS = 900_000;
const DOWN_MS = 60_000;

async function up(args: readonly string[]): Promise<number> {
  const withStack = args.includes('--stack');
  const [argument, ...others] = args.filter((arg) => arg !== '--stack');
  if (others.length > 0) throw new LabError('BAD_USAGE', `what is "${others.join(' ')}"?`);
  const count = Number(argument ?? 2);
  if (!Number.isInteger(count) || count < 1 || count > MAX_HOSTS)
    throw new LabError('BAD_USAGE', `"${argument}" is no number of hosts (1 to ${MAX_HOSTS})`);
  if (readState() !== undefined) throw new LabError('BAD_USAGE', 'a lab is up already; "npm run lab -- down" ends it');
  const started = performance.now();
  const log = openLog();
  const keep = ['keep', String(count), ...(withStack ? ['--stack'] : [])];
  const keeper = spawn(process.execPath, [fileURLToPath(import.meta.url), ...keep], {
    detached: true,
    stdio: ['ignore', log.fd, log.fd],
  });
  log.close();
  const look = (): LabState | undefined => {
    if (keeper.exitCode !== null || keeper.signalCode !== null) throw new Hopeless(readLog() || 'it was told to end');
    return readState();
  };
  const stop = (): void => void keeper.kill('SIGTERM');
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.once(signal, stop);
  let state: LabState;
  try {
    if (withStack) console.error('building the image, which takes a minute or two when something has changed …');
    state = await waitFor('the lab', look, { timeoutMs: withStack ? UP_WITH_STACK_MS : UP_MS });
  } catch (error) {
    stop();
    removeState();
    throw error;
  }
  for (const signal of signals) process.removeListener(signal, stop);
  keeper.unref();
  console.error(
    `${count} hosts are up after ${((performance.now() - started) / 1000).toFixed(1)} s; their folder is ${state.dir}`,
  );
  if (withStack) console.error(stackHelp(state));
  return status();
}

/** How what was deployed is asked. */
function stackHelp({ dir, hosts: [manager] }: LabState): string {
  const ask = `${process.execPath} ${NSATLAS} overlays --collector ${manager?.address}:${PORTS.collector} ${personFlags(dir, 'collector').join(' ')}`;
  return `the services start within half a minute; ask the collector, for example:\n  npm run lab -- exec ${manager?.name} ${ask}`;
}

/** The process in the background. */
async function keep(count: number, withStack: boolean): Promise<number> {
  const told = Promise.race([once(process, 'SIGTERM'), once(process, 'SIGINT'), once(process, 'SIGHUP')]);
  const lab = await Lab.create({ name: 'cli' });
  // The lab itself keeps no process alive.
  const alive = setInterval(() => undefined, 60_000);
  try {
    const start = async (): Promise<void> => {
      await lab.addDockerHosts(...Array.from({ length: count }, (_, index) => `h${index + 1}`));
      await lab.swarm();
      if (withStack) await startStack(lab);
      writeState(lab);
    };
    // "down" may come before it is up.
    await Promise.race([start(), told]);
    await told;
  } finally {
    await lab.destroy();
    clearInterval(alive);
  }
  return 0;
}

async function exec(name: string | undefined, argv: readonly string[]): Promise<number> {
  const { hosts } = running();
  const host = hosts.find((candidate) => candidate.name === name);
  if (host === undefined)
    throw new LabError('BAD_USAGE', `there is no host "${name ?? ''}"; the lab has ${hosts.map((each) => each.name).join(', ')}`);
  const [command = '', ...args] = enterCommand(host.pid, argv.length > 0 ? argv : ['bash']);
  const env = { ...CLEAN_ENV, ...(process.env.TERM !== undefined && { TERM: process.env.TERM }) };
  const child = spawn(command, args, { stdio: 'inherit', env });
  // Ctrl-C is the command's, which shares the terminal.
  process.on('SIGINT', () => undefined);
  const [code] = (await once(child, 'exit')) as [number | null];
  return code ?? 1;
}

async function status(): Promise<number> {
  const state = readState();
  if (state === undefined) {
    console.log('no lab is up');
    return 1;
  }
  const [manager] = state.hosts;
  const nodes = new Map<string, string>();
  if (manager !== undefined) {
    const list = [
      'docker',
      '--host',
      `unix://${manager.dockerSocket}`,
      'node',
      'ls',
      '--format',
      '{{.Hostname}} {{.Status}} {{.ManagerStatus}}',
    ];
    const { stdout } = await tryRun(list, { env: CLEAN_ENV });
    for (const line of stdout.trim().split('\n')) nodes.set(line.split(' ')[0] ?? '', line.split(' ').slice(1).join(' ').trim());
  }
  console.log('HOST  ADDRESS         PID      NODE           DOCKER SOCKET');
  for (const { name, address, pid, dockerSocket } of state.hosts) {
    console.log(
      `${name.padEnd(5)} ${address.padEnd(15)} ${String(pid).padEnd(8)} ${(nodes.get(name) ?? 'unknown').padEnd(14)} ${dockerSocket}`,
    );
  }
  return 0;
}

async function down(): Promise<number> {
  const state = readState();
  if (state === undefined) {
    console.error('no lab is up');
    return 0;
  }
  process.kill(state.keeperPid, 'SIGTERM');
  await waitFor('the lab to end', () => (isKeeper(state.keeperPid) ? undefined : true), { timeoutMs: DOWN_MS });
  removeState();
  return 0;
}

function running(): LabState {
  const state = readState();
  if (state === undefined) throw new LabError('BAD_USAGE', 'no lab is up; "npm run lab -- up" starts one');
  return state;
}

async function main([command, ...args]: readonly string[]): Promise<number> {
  if (command === undefined || command === 'help' || command === '--help') {
    console.log(USAGE);
    return command === undefined ? 2 : 0;
  }
  const obstacle = labObstacle();
  if (obstacle !== undefined) throw new LabError('MISSING_TOOL', obstacle);
  if (command === 'up') return up(args);
  if (command === 'keep') return keep(Number(args[0]), args.includes('--stack'));
  if (command === 'exec') return exec(args[0], args.slice(1));
  if (command === 'status') return status();
  if (command === 'down') return down();
  throw new LabError('BAD_USAGE', `there is no command "${command}"\n\n${USAGE}`);
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  console.error(`lab: ${messageOf(error)}`);
  process.exitCode = error instanceof LabError && error.code === 'BAD_USAGE' ? 2 : 1;
}
