import { Command, CommanderError } from 'commander';
import type { ListedName } from '../outputs/contract.js';
import { agentCommand } from './agent-command.js';
import { collectorCommand } from './collector-command.js';
import type { Context } from './context.js';
import { doctorCommand } from './doctor-command.js';
import { listCommand } from './list-command.js';
import { splitEnvironmentLists } from './flags.js';
import { EXIT, UsageError } from './report.js';
import { snapshotCommand } from './snapshot-command.js';
import { upCommand } from './up-command.js';
import { VERSION } from './version.js';
import { watchCommand } from './watch-command.js';

/** One list command each: its word, what it says, and an example that helps. */
const LIST_COMMANDS: readonly { readonly name: ListedName; readonly help: string; readonly example: string }[] = [
  {
    name: 'netns',
    help: 'network namespaces: role, owner, network, how a container is attached',
    example: 'nsatlas netns --role overlay',
  },
  { name: 'interfaces', help: 'interfaces of every namespace', example: 'nsatlas interfaces --container web' },
  { name: 'vxlans', help: 'VXLAN interfaces: VNI, network, forwarding entries', example: 'nsatlas vxlans --vni 4097 -o json' },
  { name: 'veths', help: 'which veth is paired with which, across namespaces', example: 'nsatlas veths --container web' },
  {
    name: 'fdb',
    help: 'forwarding tables of bridges and VXLANs: which MAC is behind which VTEP',
    example: 'nsatlas fdb --network app_net --kind vxlan',
  },
  { name: 'neighbors', help: 'ARP and ND tables', example: 'nsatlas neighbors --ip 10.0.1.7' },
  { name: 'routes', help: 'routes of all tables', example: 'nsatlas routes --container web' },
  {
    name: 'hosts',
    help: 'the hosts of a collector: which are heard, how old what is known of the others is',
    example: 'nsatlas hosts --collector 127.0.0.1:7127',
  },
  {
    name: 'overlays',
    help: 'overlay networks across hosts: VTEPs, endpoints, where the forwarding entries lead',
    example: 'nsatlas overlays --collector 127.0.0.1:7127 --network app_net',
  },
  {
    name: 'endpoints',
    help: 'what is attached to overlay networks: address, host, container, service',
    example: 'nsatlas endpoints --from node-1.json node-2.json --ip 10.0.1.7',
  },
];

/** Runs the command line. @returns the exit status */
export async function run(argv: readonly string[], context: Context): Promise<number> {
  const state = { status: EXIT.ok as number };
  const finish = (status: number): void => {
    state.status = status;
  };
  const program = buildProgram(context, finish);
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return state.status;
  } catch (cause) {
    return failureStatus(cause, context);
  }
}

function buildProgram(context: Context, finish: (status: number) => void): Command {
  const program = new Command('nsatlas')
    .description(
      'Maps the network namespaces of Docker and Swarm hosts: interfaces, veth pairs, VXLANs, forwarding tables. It only reads.',
    )
    .version(VERSION)
    .showHelpAfterError('(add --help for the flags and an example)')
    .configureOutput({
      writeOut: (text) => context.terminal.stdout.write(text),
      writeErr: (text) => context.terminal.stderr.write(text),
    })
    .exitOverride();
  const commands = [
    ...LIST_COMMANDS.map((list) => listCommand(list, context, finish)),
    snapshotCommand(context, finish),
    watchCommand(context, finish),
    agentCommand(context, finish),
    collectorCommand(context, finish),
    upCommand(context, finish),
    doctorCommand(context, finish),
  ];
  for (const command of commands) {
    command.copyInheritedSettings(program).exitOverride();
    command.hook('preAction', (_, action) => splitEnvironmentLists(action));
    program.addCommand(command);
  }
  return program;
}

/** Everything that can go wrong ends here, as one line that says what and what to do. */
function failureStatus(cause: unknown, context: Context): number {
  // Help and version are "errors" with status 0; what was wrong with the usage has been said already.
  if (cause instanceof CommanderError) {
    if (cause.code === 'commander.invalidArgument' && cause.message !== '' && !cause.message.startsWith('error:'))
      context.warn(cause.message);
    return cause.exitCode === 0 ? EXIT.ok : EXIT.usage;
  }
  context.warn(cause instanceof Error ? cause.message : String(cause));
  if (!(cause instanceof UsageError) && context.env['NSATLAS_LOG_LEVEL'] === 'debug' && cause instanceof Error)
    context.warn(cause.stack ?? '');
  return cause instanceof UsageError ? EXIT.usage : EXIT.incomplete;
}
