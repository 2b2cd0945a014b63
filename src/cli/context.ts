import type { Terminal } from './terminal.js';

/** What a command is told, and where its exit status goes. */
export interface Context {
  readonly terminal: Terminal;
  readonly env: NodeJS.ProcessEnv;
  /** One line on stderr. */
  warn(line: string): void;
}
