// A Swarm of three hosts with the stack of deploy/, and clients of what runs on it.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type AgentClient, createAgentClient } from '../../src/client/agent.js';
import { type CollectorClient, createCollectorClient } from '../../src/client/collector.js';
import type { HostEntry, Listing } from '../../src/model/types.js';
import type { ItemOf, ListedName } from '../../src/wire/messages.js';
import { Lab, type LabHost, waitFor, waitForTasks } from '../lab/index.js';
import { buildNsatlasImage, loadNsatlasImage } from '../lab/builder.js';
import {
  deployStack,
  makeCertificates,
  PORTS,
  personFlags,
  serviceContainers,
  type ServiceContainer,
  STACK,
} from '../lab/stack.js';
import { createService } from '../lab/scenario.js';
import { type CliResult, NSATLAS } from '../support/cli.js';

/** An overlay network, and a service with a task on every host. */
export const NETWORK = 'app_net';
export const SERVICE = 'app_web';

/** How long the services may take until every task is healthy, in milliseconds: the first look at their health is after 10 s. */
const RUNNING_MS = 120_000;

/** Where both servers listen in their containers, plain, for the health check. */
const SOCKET = '/run/nsatlas/health.sock';

/** What the tests of the stack share. */
export class StackRig {
  private constructor(
    readonly lab: Lab,
    readonly hosts: readonly [LabHost, LabHost, LabHost],
  ) {}

  /** Builds the image, makes a Swarm of three, deploys, and waits until all of it runs. */
  static async start(say: (line: string) => void): Promise<StackRig> {
    const lab = await Lab.create({ name: 'stack' });
    try {
      const started = performance.now();
      const done = (what: string): void => say(`${what} after ${((performance.now() - started) / 1000).toFixed(1)} s`);
      const tar = await buildNsatlasImage(lab);
      done('image built');
      const hosts = (await lab.addDockerHosts('h1', 'h2', 'h3')) as [LabHost, LabHost, LabHost];
      await lab.swarm();
      await loadNsatlasImage(tar, hosts);
      done('swarm');
      await makeCertificates(lab);
      await deployStack(lab);
      await hosts[0].docker('network', 'create', '--driver', 'overlay', '--attachable', NETWORK);
      await createService(hosts[0], SERVICE, NETWORK, '--mode', 'global');
      const rig = new StackRig(lab, hosts);
      await rig.whole();
      done('everything runs');
      return rig;
    } catch (error) {
      await lab.destroy();
      throw error;
    }
  }

  get manager(): LabHost {
    return this.hosts[0];
  }

  /** Waits until Swarm says that every task of the stack and of the service runs. */
  async whole(): Promise<void> {
    await waitForTasks(this.manager, SERVICE, 3);
    await waitForTasks(this.manager, `${STACK}_agent`, 3, RUNNING_MS);
    await waitForTasks(this.manager, `${STACK}_collector`, 1, RUNNING_MS);
  }

  /** The one running container of a service on a host. */
  async container(host: LabHost, service: string): Promise<ServiceContainer> {
    const look = async (): Promise<ServiceContainer | undefined> => {
      const containers = await serviceContainers(host, service);
      return containers.length === 1 ? containers[0] : undefined;
    };
    return waitFor(`one container of ${service}`, look, { timeoutMs: 60_000, host: host.name });
  }

  agentContainer(host: LabHost): Promise<ServiceContainer> {
    return this.container(host, `${STACK}_agent`);
  }

  /** A path on a container's file system, as the machine sees it. */
  pathIn(host: LabHost, container: ServiceContainer, path: string): string {
    return join(this.procOf(host, container), 'root', path);
  }

  /** The folder in /proc of a container's process, as the machine sees it. */
  procOf(host: LabHost, { pid }: ServiceContainer): string {
    return `/proc/${host.pid}/root/proc/${pid}`;
  }

  statusOf(host: LabHost, container: ServiceContainer): string {
    return readFileSync(join(this.procOf(host, container), 'status'), 'utf8');
  }

  /** A client of the agent on a host, by the socket of its health check. The caller closes it. */
  async agent(host: LabHost, service = `${STACK}_agent`): Promise<AgentClient> {
    const container = await this.container(host, service);
    return createAgentClient(`unix:${this.pathIn(host, container, SOCKET)}`, { timeoutMs: 10_000 });
  }

  /** Asks the collector once, wherever it runs now. Rejects when there is none, or not yet. */
  async list<Name extends ListedName>(name: Name, selector = {}): Promise<Listing<ItemOf<Name>>> {
    const client = await this.collector();
    try {
      return await client.list(name, selector);
    } finally {
      client.close();
    }
  }

  /** A client of the collector. The caller closes it. */
  async collector(): Promise<CollectorClient> {
    for (const container of await serviceContainers(this.manager, `${STACK}_collector`))
      return createCollectorClient(`unix:${this.pathIn(this.manager, container, SOCKET)}`, { timeoutMs: 10_000 });
    throw new Error('no collector runs');
  }

  /** Waits until what the collector knows of the hosts is as it is to be; errors of calls are "not yet". */
  async until<Value>(
    what: string,
    condition: (entries: readonly HostEntry[]) => Value | undefined | Promise<Value | undefined>,
    timeoutMs = 60_000,
  ): Promise<Value> {
    let last: readonly HostEntry[] = [];
    const look = async (): Promise<Value | undefined> => {
      last = (await this.list('hosts')).items;
      return condition(last);
    };
    const detail = (): string =>
      last.map(({ hostName, agent, state, problem }) => `${hostName} ${agent} ${state} ${problem ?? ''}`).join('\n');
    return waitFor(what, look, { timeoutMs, everyMs: 100, detail });
  }

  /** Waits until exactly the three hosts are there, each heard. */
  inSync(timeoutMs?: number): Promise<readonly HostEntry[]> {
    return this.until('three hosts, all LIVE', (entries) => (isWhole(entries) ? entries : undefined), timeoutMs);
  }

  /** Runs nsatlas on a host as a person with a certificate does, against the collector. */
  async person(host: LabHost, ...args: string[]): Promise<CliResult> {
    const flags = [`--collector=${this.manager.address}:${PORTS.collector}`, ...personFlags(this.lab.dir, 'collector')];
    const result = await host.tryExec([process.execPath, NSATLAS, ...args, ...flags]);
    return { status: result.status ?? null, stdout: result.stdout, stderr: result.stderr };
  }
}

/** Three hosts, each once, each LIVE, and no other entry. */
export function isWhole(entries: readonly HostEntry[]): boolean {
  const names = entries.map(({ hostName }) => hostName).sort();
  return names.join() === 'h1,h2,h3' && entries.every(({ state }) => state === 'LIVE');
}

/** The names of an entry's host. */
export function entryOf(entries: readonly HostEntry[], host: LabHost): HostEntry | undefined {
  return entries.find(({ hostName }) => hostName === host.name);
}
