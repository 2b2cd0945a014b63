import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { waitFor } from '../lab/index.js';
import { run } from '../lab/run.js';

/**
 * What a lab has on this machine, one line each: processes, its folder, its cgroups. Other labs may run at the same time, so
 * it is told by the name of the lab's folder, which is in the command line or in the mounts of every process of a lab.
 */
export function tracesOf(dir: string): string[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid);
  const processes = pids.filter((pid) =>
    [`/proc/${pid}/cmdline`, `/proc/${pid}/mountinfo`].some((file) => read(file).includes(dir)),
  );
  return [
    ...processes.map((pid) => `process ${pid}: ${read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ')}`),
    ...(existsSync(dir) ? [`folder ${dir}`] : []),
    ...cgroupsOf(dir).map((path) => `cgroup ${path}`),
  ];
}

/** The lab's cgroups are named after its folder. */
function cgroupsOf(dir: string): string[] {
  const root = '/sys/fs/cgroup';
  if (!existsSync(root)) return [];
  return [root, ...readdirSync(root).map((name) => join(root, name))]
    .map((hierarchy) => join(hierarchy, basename(dir)))
    .filter((path) => existsSync(path));
}

/** Text of a file in /proc; "" when the process has ended meanwhile. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/**
 * Sees network namespaces die. Their inode numbers are given to new ones at once, so a number proves nothing; but a veth pair
 * goes with either end's namespace, and one end is here.
 */
export class Witness {
  private readonly holder = spawn('unshare', ['--net', 'sleep', 'infinity'], { stdio: 'ignore' });
  private watched = 0;

  /** Watches the namespace of a process. */
  async watch(pid: number): Promise<void> {
    await this.link(['nsenter', '-t', String(pid), '-n']);
  }

  /**
   * Watches every namespace that is mounted on a lab host, but for the host's own, which Docker mounts as "default" and never takes off. The
   * path is the host's, the PID is the machine's: mounts only.
   */
  async watchMounts(hostPid: number): Promise<void> {
    const mountinfo = readFileSync(`/proc/${hostPid}/mountinfo`, 'utf8').split('\n');
    const paths = mountinfo.filter((line) => line.includes(' - nsfs ')).map((line) => line.split(' ')[4] ?? '');
    for (const path of paths.filter((each) => basename(each) !== 'default'))
      await this.link(['nsenter', '-t', String(hostPid), '-m', 'nsenter', `--net=${path}`]);
  }

  /** Watches the namespace of a process that is known by its number on a lab host. */
  async watchOn(hostPid: number, pid: number): Promise<void> {
    await this.link(['nsenter', '-t', String(hostPid), '-m', 'nsenter', `--net=/proc/${pid}/ns/net`]);
  }

  /** How many namespaces live that were watched. */
  async alive(): Promise<number> {
    const { stdout } = await run(['nsenter', '-t', String(this.pid), '-n', 'ip', '-o', 'link', 'show', 'type', 'veth']);
    return stdout.split('\n').filter((line) => line !== '').length;
  }

  end(): void {
    this.holder.kill('SIGKILL');
  }

  private get pid(): number {
    return this.holder.pid ?? 0;
  }

  private async link(enter: readonly string[]): Promise<void> {
    await waitFor('unshare to unshare', () => (this.isApart() ? true : undefined), { timeoutMs: 5000, everyMs: 5 });
    this.watched += 1;
    await run([
      ...enter,
      'ip',
      'link',
      'add',
      `seen${this.watched}`,
      'type',
      'veth',
      'peer',
      'name',
      `w${this.watched}`,
      'netns',
      String(this.pid),
    ]);
  }

  private isApart(): boolean {
    return read(`/proc/${this.pid}/cmdline`).startsWith('sleep');
  }
}

/** The processes that hold a lab's namespaces, as one line of JSON can carry them. */
export interface LabPids {
  readonly dir: string;
  readonly fabricPid: number;
  readonly hostPids: readonly number[];
}

/** Watches the fabric, the hosts and everything mounted on them. */
export async function watchLab(witness: Witness, { fabricPid, hostPids }: LabPids): Promise<number> {
  await witness.watch(fabricPid);
  for (const pid of hostPids) {
    await witness.watch(pid);
    await witness.watchMounts(pid);
  }
  return witness.alive();
}
