import { Command, CommanderError } from 'commander';
import { LIST_VIEWS } from '../outputs/lists/index.js';
import { codesOf } from '../text/error.js';
import { doctorCommand } from './doctor-command.js';
import { splitEnvironmentLists } from './flags.js';
import { EXIT, UsageError } from './report.js';
import { agentCommand, collectorCommand, upCommand } from './server-commands.js';
import { listCommand, snapshotCommand } from './show-commands.js';
import type { Context } from './terminal.js';
import { VERSION } from './version.js';
import { watchCommand } from './watch-command.js';

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
    ...LIST_VIEWS.map((list) => listCommand(list, context, finish)),
    snapshotCommand(context, finish),
    watchCommand(context),
    agentCommand(context),
    collectorCommand(context),
    upCommand(context),
    doctorCommand(context, finish),
  ];
  for (const command of commands) {
    command.copyInheritedSettings(program).exitOverride();
    command.hook('preAction', (_, action) => splitEnvironmentLists(action));
    program.addCommand(command);
  }
  return program;
}

/** Every error ends here, as one line that says what went wrong and what to do. */
function failureStatus(cause: unknown, context: Context): number {
  // Help and version are "errors" with status 0; usage errors have been printed already.
  if (cause instanceof CommanderError) {
    if (cause.code === 'commander.invalidArgument' && cause.message !== '' && !cause.message.startsWith('error:'))
      context.warn(cause.message);
    return cause.exitCode === 0 ? EXIT.ok : EXIT.usage;
  }
  const codes = codesOf(cause);
  const shown = codes.length === 0 || cause instanceof UsageError ? '' : ` [${codes.join(', ')}]`;
  context.warn(`${cause instanceof Error ? cause.message : String(cause)}${shown}`);
  if (!(cause instanceof UsageError) && context.env['NSATLAS_LOG_LEVEL'] === 'debug' && cause instanceof Error)
    context.warn(cause.stack ?? '');
  return cause instanceof UsageError ? EXIT.usage : EXIT.incomplete;
}
