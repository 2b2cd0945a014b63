// Scratch namespaces and C helpers for the native tests. Everything lives in processes and folders that end with the test.
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { ROOT } from './root.js';

/** A folder that anybody may look into. The caller removes it. */
export function scratchFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'nsatlas-native-'));
  execFileSync('chmod', ['755', folder]);
  return folder;
}

export function removeFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
}

/** Compiles test/support/NAME.c into `folder` and returns the program's, or with `shared` the library's, path. */
export function compileHelper(folder: string, name: string, shared = false): string {
  const output = join(folder, shared ? `${name}.so` : name);
  const flags = shared ? ['-shared', '-fPIC'] : [];
  const source = join(ROOT, 'test', 'support', `${name}.c`);
  execFileSync('cc', ['-O1', '-Wall', '-Wextra', '-Werror', ...flags, '-o', output, source, '-ldl'], { env: withoutPreload() });
  return output;
}

/** The environment without LD_PRELOAD: a compiler, ip or unshare need no sanitizer. */
export function withoutPreload(): NodeJS.ProcessEnv {
  const { LD_PRELOAD: _, ...rest } = process.env;
  return rest;
}

/** Namespaces, each with lo up, held open by a helper process. */
export class Namespaces {
  readonly paths: readonly string[];
  readonly #helper: ChildProcess;
  readonly #lines: Interface;

  private constructor(helper: ChildProcess, lines: Interface, paths: readonly string[]) {
    this.#helper = helper;
    this.#lines = lines;
    this.paths = paths;
  }

  /** Makes `count` namespaces with the helper `program` (native-namespaces.c). */
  static async make(program: string, count: number): Promise<Namespaces> {
    const helper = spawn(program, [String(count)], { stdio: ['pipe', 'pipe', 'inherit'], env: withoutPreload() });
    const lines = createInterface({ input: helper.stdout });
    const paths: string[] = [];
    await new Promise<void>((resolve, reject) => {
      lines.on('line', (line) => (line === 'ready' ? resolve() : paths.push(line)));
      helper.once('exit', (status) => reject(new Error(`native-namespaces ended with ${status}`)));
    });
    return new Namespaces(helper, lines, paths);
  }

  path(index: number): string {
    const path = this.paths[index];
    if (path === undefined) throw new Error(`no namespace ${index}`);
    return path;
  }

  /** Runs lines of `ip -batch` in a namespace. */
  ip(index: number, batch: readonly string[]): void {
    execFileSync('nsenter', [`--net=${this.path(index)}`, 'ip', '-batch', '-'], {
      input: batch.join('\n'),
      env: withoutPreload(),
    });
  }

  /** What `ip -j ARGS` says in a namespace. */
  ipJson(index: number, ...args: string[]): unknown[] {
    const command = [`--net=${this.path(index)}`, 'ip', '-j', ...args];
    return JSON.parse(
      execFileSync('nsenter', command, { encoding: 'utf8', maxBuffer: 1 << 28, env: withoutPreload() }),
    ) as unknown[];
  }

  /** Lets the helper's descriptor of a namespace go. */
  async release(index: number): Promise<void> {
    const fd = this.path(index).split('/').pop();
    const closed = new Promise<void>((resolve) => this.#lines.once('line', () => resolve()));
    this.#helper.stdin?.write(`close ${fd}\n`);
    await closed;
  }

  /** Ends the helper, and with it every namespace that nothing else holds. */
  async end(): Promise<void> {
    if (this.#helper.exitCode !== null || this.#helper.signalCode !== null) return;
    const ended = new Promise((resolve) => this.#helper.once('exit', resolve));
    this.#helper.stdin?.end();
    await ended;
    this.#lines.close();
  }
}
