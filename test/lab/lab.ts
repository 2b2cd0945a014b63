import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { Dockerd } from './dockerd.js';
import { LabError } from './error.js';
import { LabHost } from './host.js';
import { buildImageTar, importImage } from './image.js';
import { Keeper } from './keeper.js';
import { labObstacle, script } from './machine.js';
import { run } from './run.js';
import { formSwarm } from './swarm.js';

/** The hosts' network: 198.51.100.0/24 is for documentation (RFC 5737), so it meets nobody's own, nor Docker's pools. */
const NETWORK = { prefix: '198.51.100.', length: 24, gateway: 1, firstHost: 11, lastHost: 250 };

/** Also the name of a link, so 15 bytes at the most; and of files. */
const HOST_NAME = /^[a-z][a-z0-9-]{0,11}$/;

export interface LabOptions {
  /** Part of the name of the lab's folder and cgroup; a random part follows. Default "lab". */
  readonly name?: string;
}

interface NewHost {
  readonly name?: string;
  readonly onMachineNetwork?: boolean;
}

/**
 * Hosts with Docker daemons on this machine, for tests: each in namespaces of its own, on a network of their own.
 * Ends only what it started. When the process dies without destroy(), however it dies, the lab ends by itself (see Keeper).
 */
export class Lab {
  /** In the order in which they were added. */
  readonly hosts: LabHost[] = [];
  private imageTar: Promise<string> | undefined;
  private starting: Promise<unknown> = Promise.resolve();
  private ending: Promise<void> | undefined;
  private added = 0;

  private constructor(
    /** The lab's folder: sockets, logs. */
    readonly dir: string,
    private readonly fabric: Keeper,
  ) {}

  /** An empty lab: a folder, and a bridge in a network namespace. Throws LabError MISSING_TOOL when this machine cannot have one. */
  static async create({ name = 'lab' }: LabOptions = {}): Promise<Lab> {
    const obstacle = labObstacle();
    if (obstacle !== undefined) throw new LabError('MISSING_TOOL', obstacle);
    if (!HOST_NAME.test(name)) throw new LabError('BAD_USAGE', `"${name}" is no name for a lab (${HOST_NAME.source})`);
    const dir = mkdtempSync(join(tmpdir(), `nsatlas-${name}-`));
    try {
      const gateway = `${NETWORK.prefix}${NETWORK.gateway}/${NETWORK.length}`;
      return new Lab(dir, await Keeper.start(['unshare', '--net', 'bash', script('fabric.sh'), dir, gateway]));
    } catch (error) {
      rmSync(dir, { recursive: true, force: true });
      throw error;
    }
  }

  /** The process that holds the fabric's network namespace. Its bridge is named fabric; a host's port is named after the host. */
  get fabricPid(): number {
    return this.fabric.pid;
  }

  /**
   * A new host, without a Docker daemon. Its name is h1, h2, … when none is given.
   * `onMachineNetwork`: not on the fabric but in the machine's own network namespace, for what has to reach a registry. Its address is then
   * nobody's, and a daemon on it must make no links and no rules (see builder.ts).
   */
  addHost({ name = `h${this.added + 1}`, onMachineNetwork = false }: NewHost = {}): Promise<LabHost> {
    this.refuseAfterEnd();
    if (!HOST_NAME.test(name) || name === 'fabric')
      throw new LabError('BAD_USAGE', `"${name}" is no name for a host (${HOST_NAME.source})`);
    const number = NETWORK.firstHost + this.added;
    if (number > NETWORK.lastHost) throw new LabError('BAD_USAGE', 'the lab has no more addresses');
    this.added += 1;
    const host = this.starting.then(() => this.startHost(name, `${NETWORK.prefix}${number}`, onMachineNetwork));
    // One after another, and destroy() waits for hosts that are only half there. Who added the host learns of its error.
    this.starting = host.catch(() => undefined);
    return host;
  }

  /** Hosts with a daemon and the image, in the order of their names; all at once. */
  async addDockerHosts(...names: string[]): Promise<LabHost[]> {
    const hosts = await Promise.all(names.map((name) => this.addHost({ name })));
    await Promise.all(hosts.map((host) => host.startDockerd()));
    await this.importImage(...hosts);
    return hosts;
  }

  /** Loads the image IMAGE into the daemons given, into every daemon of the hosts given, or into all. */
  async importImage(...targets: (LabHost | Dockerd)[]): Promise<void> {
    this.imageTar ??= buildImageTar(this.dir);
    const tar = await this.imageTar;
    const daemons = (targets.length > 0 ? targets : this.hosts).flatMap((target) =>
      target instanceof LabHost ? target.daemons : [target],
    );
    await Promise.all(daemons.map((daemon) => importImage(daemon, tar)));
  }

  /** Ends one host, as a power cut does. */
  async removeHost(host: LabHost): Promise<void> {
    const at = this.hosts.indexOf(host);
    if (at >= 0) this.hosts.splice(at, 1);
    await host.destroy();
  }

  /** Makes a swarm of all hosts: the first is the manager, the others are workers. Waits until all are ready. */
  swarm({ initArgs = [] }: { readonly initArgs?: readonly string[] } = {}): Promise<void> {
    return formSwarm(this.hosts, initArgs);
  }

  /** Pulls a host's cable: its eth0 loses carrier. */
  linkDown(host: LabHost): Promise<void> {
    return this.setLink(host, 'down');
  }

  /** Plugs it in again. */
  linkUp(host: LabHost): Promise<void> {
    return this.setLink(host, 'up');
  }

  /** Ends everything and waits until it is gone; may be called at any time, and again. Throws NOT_CLEAN when something stays. */
  destroy(): Promise<void> {
    this.ending ??= this.end();
    return this.ending;
  }

  private async end(): Promise<void> {
    await Promise.all([this.starting, this.endHosts()]);
    // The one that was half there.
    await this.endHosts();
    await this.fabric.end();
    // Only there when the fabric was killed before it could remove it.
    rmSync(this.dir, { recursive: true, force: true });
    const cgroups = leftCgroups(basename(this.dir));
    if (cgroups.length > 0) throw new LabError('NOT_CLEAN', `these cgroups could not be removed: ${cgroups.join(', ')}`);
  }

  private async endHosts(): Promise<void> {
    await Promise.all(this.hosts.splice(0).map((host) => host.destroy()));
  }

  private async startHost(name: string, address: string, onMachineNetwork: boolean): Promise<LabHost> {
    this.refuseAfterEnd();
    const host = await LabHost.start({
      name,
      address,
      prefixLength: NETWORK.length,
      gateway: `${NETWORK.prefix}${NETWORK.gateway}`,
      fabricPid: this.fabric.pid,
      labDir: this.dir,
      labCgroup: `/${basename(this.dir)}`,
      onMachineNetwork,
    });
    this.hosts.push(host);
    return host;
  }

  private refuseAfterEnd(): void {
    if (this.ending !== undefined) throw new LabError('BAD_USAGE', 'the lab was destroyed');
  }

  private async setLink(host: LabHost, state: 'up' | 'down'): Promise<void> {
    await run(['nsenter', '-t', String(this.fabric.pid), '-n', 'ip', 'link', 'set', host.name, state], { host: host.name });
  }
}

/** Paths of the lab's cgroups that the machine still has. */
function leftCgroups(name: string): string[] {
  const root = '/sys/fs/cgroup';
  try {
    return ['.', ...readdirSync(root)]
      .filter((hierarchy) => readdirSync(join(root, hierarchy)).includes(name))
      .map((hierarchy) => join(root, hierarchy, name));
  } catch (error) {
    // ENOENT, ENOTDIR: this machine mounts no cgroups, so nothing can be seen of them.
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return [];
    throw error;
  }
}
