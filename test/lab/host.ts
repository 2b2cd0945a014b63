import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SpawnOptions } from 'node:child_process';
import { Dockerd, type DockerdOptions } from './dockerd.js';
import { LabError } from './error.js';
import { CLEAN_ENV, Keeper } from './keeper.js';
import { LabProcess } from './process.js';
import { run, type RunOptions, type RunResult, tryRun } from './run.js';
import { cgroupVersion, script } from './machine.js';

/** What Lab gives a host. */
export interface HostPlan {
  /** The host's name; also that of its port on the fabric's bridge. */
  readonly name: string;
  /** Its address on the fabric, and the length of the prefix that all hosts share. */
  readonly address: string;
  readonly prefixLength: number;
  /** The fabric's own address. */
  readonly gateway: string;
  /** The process that holds the fabric's namespace. */
  readonly fabricPid: number;
  /** The lab's folder. */
  readonly labDir: string;
  /** The lab's cgroup, from the root of every hierarchy. */
  readonly labCgroup: string;
  /** The machine's own network instead of the fabric: it reaches what the machine reaches. */
  readonly onMachineNetwork: boolean;
}

/** A machine of the lab: namespaces of its own, held by an init whose death ends all that runs in it. */
export class LabHost {
  readonly name: string;
  /** Its IPv4 address on the fabric. */
  readonly address: string;
  /** Its folder, the same path on the machine and on the host. */
  readonly dir: string;
  /** The cgroup of its containers, from the root of every hierarchy. */
  readonly cgroup: string;
  /** Its daemons, in the order of their start. */
  readonly daemons: Dockerd[] = [];

  private constructor(
    plan: HostPlan,
    private readonly keeper: Keeper,
  ) {
    this.name = plan.name;
    this.address = plan.address;
    this.dir = hostDir(plan);
    this.cgroup = hostCgroup(plan);
  }

  /** Use Lab.addHost(). */
  static async start(plan: HostPlan): Promise<LabHost> {
    const dir = hostDir(plan);
    mkdirSync(dir, { mode: 0o700 });
    writeFileSync(join(dir, 'daemon.json'), '{}\n');
    const own = plan.onMachineNetwork ? [] : ['--net'];
    const namespaces = [...own, '--mount', '--uts', '--pid', '--fork', '--kill-child', '--propagation', 'private'];
    const init = ['bash', script('host.sh'), plan.name, dir, hostCgroup(plan), cgroupVersion()];
    let keeper: Keeper | undefined;
    try {
      keeper = await Keeper.start(['unshare', ...namespaces, ...init], plan.name);
      const host = new LabHost(plan, keeper);
      if (!plan.onMachineNetwork) await host.plugIn(plan);
      return host;
    } catch (error) {
      await keeper?.end();
      rmSync(dir, { recursive: true, force: true });
      throw error;
    }
  }

  /** The init of the host, as the machine counts: /proc/PID/ns/net is the host's network namespace. */
  get pid(): number {
    return this.keeper.pid;
  }

  /** The first daemon. Throws LabError when none was started. */
  get dockerd(): Dockerd {
    const [first] = this.daemons;
    if (first === undefined) throw new LabError('BAD_USAGE', 'has no Docker daemon; call startDockerd() first', this.name);
    return first;
  }

  /** The first daemon's socket as the machine sees it. On the host it is /run/docker.sock. */
  get dockerSocket(): string {
    return this.dockerd.socket;
  }

  /** The command line that runs `argv` on this host, from anywhere on the machine. */
  command(argv: readonly string[]): string[] {
    return enterCommand(this.pid, argv);
  }

  /**
   * Runs a program on the host that has to succeed. Throws LabError with what it said. The environment is a clean one. A program
   * that takes longer than options.timeoutMs is no longer waited for, but ends with the host only; for such there is spawn().
   */
  exec(argv: readonly string[], options: RunOptions = {}): Promise<RunResult> {
    return run(this.command(argv), { host: this.name, env: CLEAN_ENV, ...options });
  }

  /** The same for programs that may fail. */
  tryExec(argv: readonly string[], options: RunOptions = {}): Promise<RunResult> {
    return tryRun(this.command(argv), { host: this.name, env: CLEAN_ENV, ...options });
  }

  /** Starts a long-running program on the host. It ends with the host at the latest. */
  spawn(argv: readonly string[], options: SpawnOptions = {}): Promise<LabProcess> {
    return LabProcess.start(this.command(argv), { env: CLEAN_ENV, ...options, host: this.name });
  }

  /** Starts a Docker daemon and waits until it answers. A second one gets files, a bridge and a socket of its own. */
  async startDockerd(options: DockerdOptions = {}): Promise<Dockerd> {
    const number = this.daemons.length + 1;
    const name = options.name ?? (number === 1 ? 'docker' : `docker${number}`);
    if (this.daemons.some((other) => other.name === name))
      throw new LabError('BAD_USAGE', `has a daemon named ${name} already`, this.name);
    const bridge = options.bridge ?? (number === 1 ? undefined : `docker${number - 1}`);
    // Docker makes docker0 and expects any other bridge to be there, with the address that is to be its gateway.
    if (bridge !== undefined && bridge !== 'docker0' && bridge !== 'none')
      await this.ensureBridge(bridge, `172.30.${number}.1/24`);
    // Two daemons would flush each other's chains, so only the first one has any.
    const args = number === 1 ? (options.args ?? []) : ['--iptables=false', ...(options.args ?? [])];
    const daemon = new Dockerd(this, name, { ...options, args, ...(bridge !== undefined && { bridge }) });
    this.daemons.push(daemon);
    await daemon.start();
    return daemon;
  }

  /** Stops every daemon, the last one first. */
  async stopDockerd(): Promise<void> {
    for (const daemon of this.daemons.splice(0).reverse()) await daemon.stop();
  }

  /** The docker command line against the first daemon; resolves to what it printed, trimmed. */
  docker(...args: string[]): Promise<string> {
    return this.dockerd.docker(...args);
  }

  /** Kills everything on the host at once, as a power cut does, and waits until it is gone. May be called again. */
  async destroy(): Promise<void> {
    await this.keeper.end();
    // Only there when the init was killed before it could remove it.
    rmSync(this.dir, { recursive: true, force: true });
  }

  private async ensureBridge(bridge: string, address: string): Promise<void> {
    if ((await this.tryExec(['ip', 'link', 'show', 'dev', bridge])).status === 0) return;
    await this.exec(['ip', 'link', 'add', bridge, 'type', 'bridge']);
    await this.exec(['ip', 'address', 'add', address, 'dev', bridge]);
    await this.exec(['ip', 'link', 'set', bridge, 'up']);
    // The first daemon lets nothing through that it does not know, and bridged frames pass iptables, too (br_netfilter).
    for (const direction of ['--in-interface', '--out-interface'])
      await this.exec(['iptables', '--wait', '--insert', 'FORWARD', direction, bridge, '--jump', 'ACCEPT']);
  }

  /** A veth from the fabric's bridge to the host's eth0. */
  private async plugIn({ name, address, prefixLength, gateway, fabricPid }: HostPlan): Promise<void> {
    const inFabric = ['nsenter', '-t', String(fabricPid), '-n', 'ip', '-batch', '-'];
    const fabric = `link add ${name} type veth peer name eth0 netns ${this.pid}\nlink set ${name} master fabric up\n`;
    await run(inFabric, { input: fabric, host: name });
    const host = `address add ${address}/${prefixLength} dev eth0\nlink set eth0 up\nroute add default via ${gateway}\n`;
    await this.exec(['ip', '-batch', '-'], { input: host });
  }
}

/** The command line that runs `argv` on the lab host whose init has this PID. */
export function enterCommand(pid: number, argv: readonly string[]): string[] {
  return ['nsenter', '-t', String(pid), '-n', '-m', '-u', '-p', '--', ...argv];
}

function hostDir({ labDir, name }: HostPlan): string {
  return join(labDir, `host-${name}`);
}

function hostCgroup({ labCgroup, name }: HostPlan): string {
  return `${labCgroup}/${name}`;
}
