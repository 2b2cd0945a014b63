import { execFileSync, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { namespaceMounts } from './hygiene.js';

/** What of a test is needed: where to register what has to be done when the test is over. */
interface Cleaner {
  after(fn: () => void): void;
}

/** A command that failed, with what it said. */
export class CommandError extends Error {
  readonly code = 'ERR_TEST_COMMAND';

  constructor(argv: readonly string[], status: number | null, said: string, cause?: Error) {
    super(`${argv.join(' ')} ended with ${status ?? 'no status'}: ${said.trim()}`, { cause });
    this.name = 'CommandError';
  }
}

/**
 * Runs a program and gives its standard output.
 * @param input handed to its standard input
 * @throws CommandError when it does not end with status 0
 */
export function exec(argv: readonly string[], input = ''): string {
  const [command = '', ...args] = argv;
  const result = spawnSync(command, args, { input, encoding: 'utf8', maxBuffer: 256 * 1024 * 1024 });
  if (result.status !== 0) throw new CommandError(argv, result.status, result.stderr, result.error);
  return result.stdout;
}

/** A name that no other test has: 8 hex digits after the prefix, so at most 15 characters (IFNAMSIZ - 1) with a prefix of 7. */
export function randomName(prefix = 't'): string {
  return `${prefix}${randomBytes(4).toString('hex')}`;
}

/** One scratch namespace: a file that a namespace is mounted on, as Docker and `ip netns` do it. */
export class ScratchNetns {
  /** The mount. */
  readonly path: string;
  readonly dev: number;
  readonly ino: number;

  constructor(path: string) {
    this.path = path;
    const { dev, ino } = statSync(path);
    this.dev = dev;
    this.ino = ino;
  }

  /** As `readlink /proc/PID/ns/net` prints it: "net:[4026532287]". */
  get id(): string {
    return `net:[${this.ino}]`;
  }

  /** Runs a program inside and gives its output. */
  exec(argv: readonly string[], input = ''): string {
    return exec(['nsenter', `--net=${this.path}`, ...argv], input);
  }

  /** Runs `ip` inside with the words of one line: `netns.ip('link add br0 type bridge')`. */
  ip(line: string): string {
    return this.exec(['ip', ...line.split(' ')]);
  }

  /** Runs many `ip` commands inside at once. */
  ipBatch(lines: readonly string[]): void {
    this.exec(['ip', '-batch', '-'], lines.map((line) => `${line}\n`).join(''));
  }

  /** What `ip -d -j` prints inside: `netns.ipJson('addr')`. */
  ipJson(line: string): unknown {
    return JSON.parse(this.exec(['ip', '-d', '-j', ...line.split(' ')]) || '[]');
  }

  /** Removes the mount and the file. The namespace dies when nothing else holds it. */
  remove(): void {
    spawnSync('umount', ['-l', this.path]);
    rmSync(this.path, { force: true });
  }
}

/** Scratch namespaces of one test, in a folder of their own; all gone when the test is over, however it ends. */
export class Scratch {
  /** The folder with the mounts, which a test may fill with anything else. */
  readonly dir: string;
  #made: ScratchNetns[] = [];
  #links: string[] = [];
  readonly #atExit = (): void => this.remove();

  private constructor(dir: string) {
    this.dir = dir;
    // When the test process ends early there is no after(): mounts outlive processes.
    process.once('exit', this.#atExit);
  }

  /**
   * @param t the test, at whose end everything goes
   * @param dir a folder that exists (/run/netns to be seen by `ip netns`); default: a new one under the system's temporary folder
   */
  static create(t: Cleaner, dir?: string): Scratch {
    const scratch = new Scratch(dir ?? mkdtempSync(join(tmpdir(), 'nsatlas-netns-')));
    t.after(() => scratch.remove());
    return scratch;
  }

  /** A new namespace with lo up. The file's name is random unless it matters; it may be in a folder ("a/b"). */
  netns(name: string = randomName()): ScratchNetns {
    const path = join(this.dir, name);
    mkdirSync(join(path, '..'), { recursive: true });
    closeSync(openSync(path, 'wx', 0o444));
    try {
      exec(['unshare', `--net=${path}`, 'ip', 'link', 'set', 'lo', 'up']);
    } catch (error) {
      rmSync(path, { force: true });
      throw error;
    }
    const made = new ScratchNetns(path);
    this.#made.push(made);
    return made;
  }

  /** Many at once, in one shell: about 2 ms each instead of 10. lo stays down. */
  many(count: number, name: (index: number) => string = () => randomName()): ScratchNetns[] {
    const paths = Array.from({ length: count }, (_, index) => join(this.dir, name(index)));
    exec(['sh', '-ec', 'for path; do : > "$path"; unshare --net="$path" true; done', 'sh', ...paths]);
    const made = paths.map((path) => new ScratchNetns(path));
    this.#made.push(...made);
    return made;
  }

  /** A veth pair with the ends in two namespaces; undefined is the test's own. Both ends are up. */
  veth(a: { netns: ScratchNetns | undefined; name: string }, b: { netns: ScratchNetns | undefined; name: string }): void {
    const place = (netns: ScratchNetns | undefined): string[] => ['netns', netns?.path ?? `${process.pid}`];
    exec(['ip', 'link', 'add', a.name, ...place(a.netns), 'type', 'veth', 'peer', 'name', b.name, ...place(b.netns)]);
    for (const { netns, name } of [a, b]) {
      if (netns === undefined) {
        this.#links.push(name);
        exec(['ip', 'link', 'set', name, 'up']);
      } else netns.ip(`link set ${name} up`);
    }
  }

  /**
   * A veth end in the test's own namespace that dies with `netns`: the only way to see from outside that a namespace is
   * held by a socket somewhere (a kept fd or mount shows in /proc, a socket does not).
   * @returns whether the namespace still lives
   */
  canary(netns: ScratchNetns): () => boolean {
    const name = randomName('cn');
    this.veth({ netns: undefined, name }, { netns, name: randomName('cp') });
    // /proc/self/net is of this process's namespace; /sys/class/net is of whoever mounted it.
    return () => readFileSync('/proc/self/net/dev', 'utf8').includes(`${name}:`);
  }

  get #isOurs(): boolean {
    return this.dir.startsWith(join(tmpdir(), 'nsatlas-netns-'));
  }

  /** Harmless when repeated. */
  remove(): void {
    process.off('exit', this.#atExit);
    for (const name of this.#links.splice(0)) spawnSync('ip', ['link', 'del', name]);
    const made = this.#made.splice(0);
    // Whatever else a test mounted in the folder goes, too: what is mounted cannot be removed.
    const below = namespaceMounts().filter((path) => path.startsWith(`${this.dir}/`));
    const mounts = new Set([...made.map(({ path }) => path), ...(this.#isOurs ? below : [])]);
    if (mounts.size > 0) spawnSync('xargs', ['-0', 'umount', '-l'], { input: [...mounts].map((path) => `${path}\0`).join('') });
    for (const { path } of made) rmSync(path, { force: true });
    // Only what mkdtemp made; a folder that was handed in is its owner's.
    if (this.#isOurs) rmSync(this.dir, { recursive: true, force: true });
  }
}

/** Whether this process may make network namespaces; live tests run under `unshare -Urnm` otherwise. */
export function canMakeNetns(): boolean {
  try {
    execFileSync('unshare', ['-n', 'true'], { stdio: 'ignore' });
    return true;
  } catch {
    // EPERM, or no unshare: either way the answer is no.
    return false;
  }
}
