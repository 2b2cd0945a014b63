import { spawn } from 'node:child_process';
import { LabError } from './error.js';

/** How a program ended and what it said. */
export interface RunResult {
  /** Exit status; undefined when a signal ended it. */
  readonly status: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  /** Written to the program's standard input. */
  readonly input?: string;
  /** Killed after this long; milliseconds. */
  readonly timeoutMs?: number;
  readonly env?: NodeJS.ProcessEnv;
  /** The lab host concerned, for the error. */
  readonly host?: string;
}

/** Longest that any single command may take, in milliseconds, when nothing else is said. */
const DEFAULT_TIMEOUT_MS = 60_000;

/** Runs a program and resolves however it ended. Throws LabError when it cannot be started or takes too long. */
export function tryRun(argv: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  const [command, ...args] = argv;
  if (command === undefined) throw new LabError('BAD_USAGE', 'no command was given', options.host);
  const { timeoutMs = DEFAULT_TIMEOUT_MS } = options;
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'], env: options.env ?? process.env });
    const [stdout, stderr] = [collect(child.stdout), collect(child.stderr)];
    let timedOut = false;
    const timer = setTimeout(() => {
      timedOut = true;
      child.kill('SIGKILL');
      // A grandchild may hold the pipes open; nobody waits for it.
      child.stdout.destroy();
      child.stderr.destroy();
    }, timeoutMs);
    // EPIPE: the program ended without reading its input, which its exit status tells better.
    child.stdin.on('error', () => undefined);
    child.stdin.end(options.input);
    child.once('error', (error) => {
      clearTimeout(timer);
      reject(new LabError('MISSING_TOOL', `cannot run ${command}: ${error.message}`, options.host, error));
    });
    child.once('close', (code) => {
      clearTimeout(timer);
      if (timedOut)
        reject(
          new LabError(
            'TIMED_OUT',
            `${argv.join(' ')} took more than ${timeoutMs} ms; it said:\n${stdout()}${stderr()}`,
            options.host,
          ),
        );
      else resolve({ status: code ?? undefined, stdout: stdout(), stderr: stderr() });
    });
  });
}

/** Runs a program that has to succeed. Throws LabError with what it said when it does not. */
export async function run(argv: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  const result = await tryRun(argv, options);
  if (result.status === 0) return result;
  const end = result.status === undefined ? 'was killed' : `ended with status ${result.status}`;
  throw new LabError('COMMAND_FAILED', `${argv.join(' ')} ${end}:\n${result.stdout}${result.stderr}`.trimEnd(), options.host);
}

function collect(stream: NodeJS.ReadableStream): () => string {
  const chunks: Buffer[] = [];
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  return () => Buffer.concat(chunks).toString('utf8');
}
