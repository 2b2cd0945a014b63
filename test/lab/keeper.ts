import { type ChildProcess, spawn } from 'node:child_process';
import { LabError } from './error.js';

/** How long a script may take to get ready; it only mounts and makes links, but the machine may be busy. Milliseconds. */
const READY_MS = 30_000;

/** How long a script may take to clean up before it is killed, in milliseconds. */
const END_MS = 20_000;

/**
 * One of the lab's shell scripts, running in its own namespaces. It lives exactly as long as the pipe that is its standard
 * input: the kernel closes that pipe when this process dies, even by SIGKILL, and the script then cleans up by itself.
 * It is in a session of its own, so that Ctrl-C and the death of a process group do not hit it before that.
 */
export class Keeper {
  private constructor(
    private readonly child: ChildProcess,
    private readonly ended: Promise<void>,
    /** The process that holds the namespaces, as the machine counts. */
    readonly pid: number,
  ) {}

  /**
   * Starts a script and waits until it says "ready PID".
   * @param argv the whole command line
   * @param host the lab host it is for, for errors
   */
  static async start(argv: readonly string[], host?: string): Promise<Keeper> {
    const child = spawn(argv[0] ?? '', argv.slice(1), { stdio: ['pipe', 'pipe', 'pipe'], detached: true, env: CLEAN_ENV });
    const ended = new Promise<void>((resolve) => {
      child.once('exit', () => resolve());
      child.once('error', () => resolve());
    });
    const pid = await readiness(child, argv, host);
    const keeper = new Keeper(child, ended, pid);
    keeper.setReferenced(false);
    return keeper;
  }

  /** Ends the script and waits until it has cleaned up; kills it when that takes too long. May be called again. */
  async end(): Promise<void> {
    this.setReferenced(true);
    this.child.stdin?.end();
    const timer = setTimeout(() => this.child.kill('SIGKILL'), END_MS);
    await this.ended;
    clearTimeout(timer);
  }

  /** Whether the script has ended. */
  get hasEnded(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  /** A lab that nobody destroyed must not keep a test process alive: with it, the lab ends, too. */
  private setReferenced(referenced: boolean): void {
    const verb = referenced ? 'ref' : 'unref';
    this.child[verb]();
    for (const stream of [this.child.stdin, this.child.stdout, this.child.stderr])
      (stream as { ref?(): void; unref?(): void } | null)?.[verb]?.();
  }
}

/** What programs in the lab get as their environment: no proxies and no settings of the person who runs it. */
export const CLEAN_ENV: NodeJS.ProcessEnv = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  HOME: '/root',
  LC_ALL: 'C.UTF-8',
};

function readiness(child: ChildProcess, argv: readonly string[], host?: string): Promise<number> {
  return new Promise((resolve, reject) => {
    let said = '';
    const fail = (why: string, cause?: unknown): void => {
      clearTimeout(timer);
      child.kill('SIGKILL');
      reject(new LabError('START_FAILED', `${argv.join(' ')} ${why}${said === '' ? '' : `; it said:\n${said}`}`, host, cause));
    };
    const timer = setTimeout(() => fail(`was not ready after ${READY_MS} ms`), READY_MS);
    const listen = (chunk: Buffer): void => {
      said += chunk.toString('utf8');
      const ready = /^ready (\d+)$/m.exec(said);
      if (ready === null) return;
      clearTimeout(timer);
      child.removeListener('close', onClose);
      resolve(Number(ready[1]));
    };
    const onClose = (code: number | null): void => fail(`ended with status ${code ?? 'none'}`);
    child.once('error', (error) => fail(`cannot be started: ${error.message}`, error));
    child.once('close', onClose);
    // A script that is gone cannot be told to go.
    child.stdin?.on('error', () => undefined);
    child.stdout?.on('data', listen);
    child.stderr?.on('data', listen);
  });
}
