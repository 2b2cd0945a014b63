import type { Terminal } from './terminal.js';

/** What a command gets from its caller. */
export interface Context {
  readonly terminal: Terminal;
  readonly env: NodeJS.ProcessEnv;
  /** One line on stderr. */
  warn(line: string): void;
}
