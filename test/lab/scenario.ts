import type { Dockerd } from './dockerd.js';
import type { LabHost } from './host.js';
import { IMAGE } from './image.js';
import type { Lab } from './lab.js';
import { waitForTasks } from './swarm.js';

/** A container and where it is in the kernel. */
export interface LabContainer {
  readonly id: string;
  readonly name: string;
  /** As the host counts. */
  readonly pid: number;
  /** Its network namespace, "net:[4026532287]". */
  readonly netnsId: string;
  /** What Docker calls HostConfig.NetworkMode: "none", "host", "container:<id>", a network's name or id, "default". */
  readonly networkMode: string;
  /** Its networks: name → address without prefix length; "" where Docker gives none (none, host). */
  readonly addresses: Readonly<Record<string, string>>;
}

/** A network of the engine. */
export interface LabNetwork {
  readonly name: string;
  readonly id: string;
  /** "10.0.1.0/24" */
  readonly subnet: string;
  /** Only for overlay networks. */
  readonly vni?: number;
}

/** Every way in which a container is attached, on one host. */
export interface AcceptanceScenario {
  readonly host: LabHost;
  readonly networks: {
    readonly ingress: LabNetwork;
    /** Attachable; its members are `overlay` and `task`. */
    readonly overlay: LabNetwork;
    /** A user-defined bridge. Its link on the host is named `br-` and the first 12 characters of its id. */
    readonly bridge: LabNetwork;
    readonly gwbridge: LabNetwork;
  };
  readonly service: { readonly id: string; readonly name: string; readonly taskId: string };
  readonly containers: {
    /** On docker0. */
    readonly plain: LabContainer;
    readonly bridge: LabContainer;
    /** `docker run` on the overlay network. */
    readonly overlay: LabContainer;
    /** The service's task on the overlay network. */
    readonly task: LabContainer;
    readonly none: LabContainer;
    /** In the namespace of `bridge`. */
    readonly joined: LabContainer;
    readonly host: LabContainer;
  };
}

/** One host with a daemon in swarm mode, and everything of AcceptanceScenario on it. The host is named h1. */
export async function buildAcceptanceScenario(lab: Lab): Promise<AcceptanceScenario> {
  const [host] = await lab.addDockerHosts('h1');
  if (host === undefined) throw new Error('a lab that adds no host');
  await lab.swarm();
  await host.docker('network', 'create', '--driver', 'overlay', '--attachable', 'app_net');
  await host.docker('network', 'create', 'app_bridge');
  const daemon = host.dockerd;
  const plain = await startContainer(daemon, 'plain');
  const bridge = await startContainer(daemon, 'on_bridge', '--network', 'app_bridge');
  const overlay = await startContainer(daemon, 'on_overlay', '--network', 'app_net');
  const none = await startContainer(daemon, 'no_network', '--network', 'none');
  const joined = await startContainer(daemon, 'joined', '--network', `container:${bridge.name}`);
  const onHost = await startContainer(daemon, 'on_host', '--network', 'host');
  const service = { name: 'app_web', id: await createService(host, 'app_web', 'app_net') };
  const [task] = await waitForTasks(host, service.name, 1);
  if (task === undefined) throw new Error('one running task that is none');
  return {
    host,
    networks: {
      ingress: await describeNetwork(daemon, 'ingress'),
      overlay: await describeNetwork(daemon, 'app_net'),
      bridge: await describeNetwork(daemon, 'app_bridge'),
      gwbridge: await describeNetwork(daemon, 'docker_gwbridge'),
    },
    service: { ...service, taskId: task.id },
    containers: { plain, bridge, overlay, task: await describeContainer(daemon, task.containerId), none, joined, host: onHost },
  };
}

/** A second daemon on a host, with its own exec-root, data-root, bridge (docker1) and socket, and two containers on its bridge. */
export async function secondDaemon(lab: Lab, host: LabHost): Promise<{ daemon: Dockerd; containers: LabContainer[] }> {
  const daemon = await host.startDockerd();
  await lab.importImage(daemon);
  const containers = [await startContainer(daemon, 'other_1'), await startContainer(daemon, 'other_2')];
  return { daemon, containers };
}

/** Starts a container of the lab's image in the background. `options` are those of docker run. */
export async function startContainer(daemon: Dockerd, name: string, ...options: string[]): Promise<LabContainer> {
  return describeContainer(daemon, await daemon.docker('run', '--detach', '--name', name, ...options, IMAGE));
}

/**
 * Creates a service of the lab's image; it does not wait for its tasks (waitForTasks). No virtual IP, which would need IPVS,
 * and no look at a registry.
 */
export function createService(manager: LabHost, name: string, network: string, ...options: string[]): Promise<string> {
  const always = ['--detach', '--no-resolve-image', '--endpoint-mode', 'dnsrr'];
  return manager.docker('service', 'create', ...always, '--name', name, '--network', network, ...options, IMAGE);
}

interface InspectedContainer {
  readonly Id: string;
  readonly Name: string;
  readonly State: { readonly Pid: number };
  readonly HostConfig: { readonly NetworkMode: string };
  readonly NetworkSettings: { readonly Networks: Readonly<Record<string, { readonly IPAddress: string }>> };
}

async function describeContainer(daemon: Dockerd, id: string): Promise<LabContainer> {
  const [container] = JSON.parse(await daemon.docker('inspect', '--type', 'container', id)) as InspectedContainer[];
  if (container === undefined) throw new Error(`docker inspect knows nothing of ${id}`);
  const pid = container.State.Pid;
  const netns = await daemon.host.exec(['readlink', `/proc/${pid}/ns/net`]);
  return {
    id: container.Id,
    name: container.Name.replace(/^\//, ''),
    pid,
    netnsId: netns.stdout.trim(),
    networkMode: container.HostConfig.NetworkMode,
    addresses: Object.fromEntries(
      Object.entries(container.NetworkSettings.Networks).map(([name, { IPAddress }]) => [name, IPAddress]),
    ),
  };
}

interface InspectedNetwork {
  readonly Name: string;
  readonly Id: string;
  readonly IPAM: { readonly Config: readonly { readonly Subnet: string }[] };
  readonly Options: Readonly<Record<string, string>> | null;
}

async function describeNetwork(daemon: Dockerd, name: string): Promise<LabNetwork> {
  const [network] = JSON.parse(await daemon.docker('network', 'inspect', name)) as InspectedNetwork[];
  if (network === undefined) throw new Error(`docker network inspect knows nothing of ${name}`);
  // One VNI for each subnet; the lab's networks have one.
  const vni = network.Options?.['com.docker.network.driver.overlay.vxlanid_list'];
  return {
    name: network.Name,
    id: network.Id,
    subnet: network.IPAM.Config[0]?.Subnet ?? '',
    ...(vni !== undefined && { vni: Number(vni) }),
  };
}
