import { Command } from 'commander';
import type { Context } from './program.js';
export function agentCommand(_context: Context, _finish: (status: number) => void): Command {
  return new Command('agent');
}
