import { spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { ROOT } from './root.js';

/** The command as it is installed. */
export const NSATLAS: string = join(ROOT, 'dist/bundle/cli/main.js');

/** How a command ended. */
export interface CliResult {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const LIMITS = { encoding: 'utf8', maxBuffer: 1 << 30, timeout: 120_000 } as const;

/** Runs `nsatlas` as a process of its own. @param prefix a command in front: `setpriv …`, `nsenter …` */
export function nsatlas(
  args: readonly string[],
  prefix: readonly string[] = [],
  env: NodeJS.ProcessEnv = process.env,
): CliResult {
  const [command = process.execPath, ...rest] = [...prefix, process.execPath, NSATLAS, ...args];
  const { status, stdout, stderr } = spawnSync(command, rest, { ...LIMITS, env });
  return { status, stdout, stderr };
}

/** The same without waiting in the way: for tests that do something meanwhile. */
export function nsatlasAsync(args: readonly string[]): Promise<CliResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [NSATLAS, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
    child.on('error', reject);
    child.on('close', (status) =>
      resolve({ status, stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString() }),
    );
  });
}

/** What a list command printed with -o json. @throws when it is no JSON */
export function items<Item>(result: CliResult): { items: Item[]; gaps: Record<string, unknown>[] } {
  const parsed = JSON.parse(result.stdout) as { items?: Item[]; gaps?: Record<string, unknown>[] };
  return { items: parsed.items ?? [], gaps: parsed.gaps ?? [] };
}
