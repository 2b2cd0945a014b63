// Starts native-child.js, alone or under a command, with or without the shim.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { ChildPlan, ChildReport } from './native-child.js';

const CHILD = fileURLToPath(new URL('./native-child.js', import.meta.url));

export interface RunOptions {
  /** The command before `node …`. */
  readonly under?: readonly string[];
  /** native-shim.so, and its variables without NSATLAS_SHIM_. */
  readonly shim?: string;
  readonly variables?: Readonly<Record<string, string>>;
}

/** What a child printed and how it ended. */
export interface Ended {
  readonly status: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly ms: number;
}

/** Runs a plan in a process of its own; kills it after a minute. */
export async function runChild(plan: ChildPlan, options: RunOptions = {}): Promise<Ended> {
  // The sanitizer's libraries, when there, have to stay first.
  const preload = [process.env['LD_PRELOAD'], options.shim].filter((entry) => entry !== undefined).join(' ');
  const env: NodeJS.ProcessEnv = { ...process.env, ...(preload === '' ? {} : { LD_PRELOAD: preload }) };
  for (const [name, value] of Object.entries(options.variables ?? {})) env[`NSATLAS_SHIM_${name}`] = value;
  const [command, ...args] = [...(options.under ?? []), process.execPath, CHILD, JSON.stringify(plan)];
  if (command === undefined) throw new Error('no command');
  const begin = performance.now();
  const child = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'pipe'], timeout: 60_000, killSignal: 'SIGKILL' });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (status, signal) => resolve({ status, signal, stdout, stderr, ms: performance.now() - begin }));
  });
}

/** Runs a plan and returns its report. */
export async function reportOf(plan: ChildPlan, options: RunOptions = {}): Promise<ChildReport> {
  const ended = await runChild(plan, options);
  if (ended.status !== 0) throw new Error(`child ended with ${ended.status ?? ended.signal}: ${ended.stderr}`);
  return JSON.parse(ended.stdout) as ChildReport;
}
