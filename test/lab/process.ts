import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { waitFor } from './wait.js';

/**
 * A long-running program on a lab host. It is a grandchild: nsenter stays in between, because a PID namespace can only be
 * entered by a child, and does not pass signals on.
 */
export class LabProcess {
  private constructor(
    /** nsenter, with the program's standard streams. Ends when the program does, with its status. */
    readonly child: ChildProcess,
    /** The program's PID as the machine counts; undefined when it had ended before one could look. */
    readonly pid: number | undefined,
  ) {}

  /** Starts `command`, which begins with nsenter (LabHost.command()). */
  static async start(command: readonly string[], options: SpawnOptions & { readonly host?: string }): Promise<LabProcess> {
    const child = spawn(command[0] ?? '', command.slice(1), options);
    const failed = once(child, 'error').then(([error]) => Promise.reject(error as Error));
    // Only the race below wants to know; later errors have their own listeners.
    failed.catch(() => undefined);
    const look = (): { pid?: number } | undefined => {
      if (hasEnded(child)) return {};
      const pid = childOf(child.pid);
      return pid === undefined ? undefined : { pid };
    };
    const patience = { timeoutMs: 5000, everyMs: 5, ...(options.host !== undefined && { host: options.host }) };
    const { pid } = await Promise.race([waitFor('nsenter to start the program', look, patience), failed]);
    return new LabProcess(child, pid);
  }

  /** Whether it has ended. */
  get hasEnded(): boolean {
    return hasEnded(this.child);
  }

  /** Sends a signal to the program itself. Does nothing when it has ended. */
  kill(signal: NodeJS.Signals = 'SIGTERM'): void {
    // The PID stays the program's own as long as nsenter, its parent, has not ended.
    if (this.hasEnded || this.pid === undefined) return;
    try {
      process.kill(this.pid, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }

  /** Signals the program and waits until it has ended; SIGKILL after `timeoutMs`. Resolves to its exit status. */
  async stop(signal: NodeJS.Signals = 'SIGTERM', timeoutMs = 10_000): Promise<number | undefined> {
    if (!this.hasEnded) {
      const ended = once(this.child, 'exit');
      this.child.ref();
      this.kill(signal);
      const timer = setTimeout(() => this.kill('SIGKILL'), timeoutMs);
      await ended;
      clearTimeout(timer);
    }
    return this.child.exitCode ?? undefined;
  }
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

function childOf(pid: number | undefined): number | undefined {
  if (pid === undefined) return undefined;
  const first = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ')[0];
  return first === undefined || first === '' ? undefined : Number(first);
}
