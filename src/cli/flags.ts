import { type Command, InvalidArgumentError, Option } from 'commander';

/** A flag, with its environment variable; in it, commas separate the items of a list. */
export function option(flags: string, description: string): Option {
  const [, name = ''] = /--([a-z-]+)/.exec(flags) ?? [];
  return new Option(flags, description).env(`NSATLAS_${name.replaceAll('-', '_').toUpperCase()}`);
}

/** A flag that may be repeated. */
export function listOption(flags: string, description: string): Option {
  return option(flags, `${description} (repeatable)`).argParser((value: string, previous: string[] | undefined) => [
    ...(previous ?? []),
    value,
  ]);
}

/** What a server logs, and what a command reports about its own work. */
export function logLevelOption(level: string): Option {
  return option('--log-level <level>', 'log level on stderr').choices(['error', 'warn', 'info', 'debug']).default(level);
}

/** Where a server listens. @param address the default */
export function addListenOption(command: Command, address: string): Command {
  return command
    .addOption(
      listOption(
        '--listen <address>',
        'address to serve on: HOST:PORT or unix:PATH; serving other machines needs --tls-* or --insecure',
      ).default(undefined, address),
    )
    .hook('preAction', (_, action) => {
      if (action.getOptionValue('listen') === undefined) action.setOptionValue('listen', [address]);
    });
}

/** Splits lists that come from the environment; flags are taken as they are. */
export function splitEnvironmentLists(command: Command): void {
  for (const [name, value] of Object.entries(command.opts())) {
    if (command.getOptionValueSource(name) !== 'env' || !Array.isArray(value)) continue;
    const parts = value.flatMap((part) => String(part).split(',')).filter((part) => part !== '');
    command.setOptionValueWithSource(name, parts, 'env');
  }
}

/** @throws InvalidArgumentError */
export function parsePositive(text: string): number {
  const value = Number(text);
  if (!Number.isFinite(value) || value <= 0) throw new InvalidArgumentError('not a positive number.');
  return value;
}
