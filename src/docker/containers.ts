import type { Network, Owner, OwnerNetwork } from '../model/types.js';
import { asObject, child, isTrue, present, text, texts } from './json.js';
import { parseLabels } from './labels.js';
import type { ContainerClaim } from './types.js';

/** A running container as described by GET /containers/ID/json, before it is related to networks and other containers. */
export interface Container {
  readonly id: string;
  /** Without the slash in front. */
  readonly name: string;
  readonly image: string;
  readonly labels: Record<string, string>;
  /** Labels that were too long to be kept. */
  readonly labelsLeftOut: number;
  /** HostConfig.NetworkMode */
  readonly networkModeRaw: string;
  readonly networks: OwnerNetwork[];
  /** State.Pid, in the engine's pid namespace. */
  readonly pid: number;
  readonly sandboxKey?: string;
}

/** What an inspected container is: one that runs, one that does not (undefined), or no container at all. */
export type Inspected = { readonly running: Container | undefined } | 'malformed';

/**
 * A container of GET /containers/ID/json. Only a running one counts: until 26.x engines keep the sandbox of a stopped
 * container in their answer. A paused container runs; one that waits for its restart has no process and does not.
 */
export function parseContainer(value: unknown): Inspected {
  const raw = asObject(value);
  const id = text(raw, 'Id');
  const state = child(raw, 'State');
  if (id === undefined || state === undefined) return 'malformed';
  const pid = state['Pid'];
  if (!isTrue(state, 'Running') || pid === 0) return { running: undefined };
  if (typeof pid !== 'number' || !Number.isSafeInteger(pid) || pid < 0) return 'malformed';
  const config = child(raw, 'Config');
  const settings = child(raw, 'NetworkSettings');
  const { labels, leftOut } = parseLabels(config?.['Labels']);
  return {
    running: {
      id,
      name: (text(raw, 'Name') ?? '').replace(/^\//, ''),
      image: text(config, 'Image') ?? text(raw, 'Image') ?? '',
      labels,
      labelsLeftOut: leftOut,
      networkModeRaw: text(child(raw, 'HostConfig'), 'NetworkMode') ?? '',
      networks: parseAttachments(settings?.['Networks']),
      pid,
      ...present({ sandboxKey: text(settings, 'SandboxKey') }),
    },
  };
}

function parseAttachments(value: unknown): OwnerNetwork[] {
  return Object.entries(asObject(value) ?? {}).map(([name, attachment]) => {
    const raw = asObject(attachment);
    return {
      name,
      id: text(raw, 'NetworkID') ?? '',
      ...present({
        endpointId: text(raw, 'EndpointID'),
        ip: text(raw, 'IPAddress'),
        ipv6: text(raw, 'GlobalIPv6Address'),
        mac: text(raw, 'MacAddress'),
      }),
      aliases: texts(raw?.['Aliases']),
    };
  });
}

/** What the containers of one engine refer to. */
export interface ClaimContext {
  /** Path of the engine's socket. */
  readonly engine: string;
  /** By id. */
  readonly networks: ReadonlyMap<string, Network>;
  /** Running containers by id. */
  readonly containers: ReadonlyMap<string, Container>;
}

/** The claim a container makes on a namespace. */
export function makeClaim(container: Container, context: ClaimContext): ContainerClaim {
  const { labels } = container;
  const networkMode = networkModeOf(container, context.networks);
  const owner: Owner = {
    containerId: container.id,
    containerName: container.name,
    image: container.image,
    labels,
    networkMode,
    networkModeRaw: container.networkModeRaw,
    ...present({
      joinedContainerId: networkMode === 'container' ? joinedContainer(container, context.containers) : undefined,
      serviceId: ownLabel(labels, 'com.docker.swarm.service.id'),
      serviceName: ownLabel(labels, 'com.docker.swarm.service.name'),
      taskId: ownLabel(labels, 'com.docker.swarm.task.id'),
      taskName: ownLabel(labels, 'com.docker.swarm.task.name'),
      stack: ownLabel(labels, 'com.docker.stack.namespace') ?? ownLabel(labels, 'com.docker.compose.project'),
      nodeId: ownLabel(labels, 'com.docker.swarm.node.id'),
    }),
    networks: container.networks,
    engine: context.engine,
    pid: container.pid,
  };
  return { owner, pid: container.pid, ...present({ sandboxKey: container.sandboxKey }) };
}

const JOINED = 'container:';

/** How a container is attached: see Owner.network_mode in model.proto. */
export function networkModeOf(
  container: Pick<Container, 'networkModeRaw' | 'networks'>,
  networks: ReadonlyMap<string, Network>,
): string {
  const raw = container.networkModeRaw;
  if (raw.startsWith(JOINED)) return 'container';
  if (raw === 'host' || raw === 'none') return raw;
  const drivers = container.networks.map(({ id, name }) => ({
    id,
    name,
    driver: networks.get(id)?.driver ?? driverByName(name),
  }));
  if (drivers.some(({ driver }) => driver === 'overlay')) return 'overlay';
  const primary = drivers.find(({ id, name }) => raw === name || raw === id || (raw === 'default' && name === 'bridge'));
  const driver =
    primary?.driver ??
    drivers.find((network) => network.driver === 'bridge')?.driver ??
    drivers.find((network) => network.driver)?.driver;
  if (driver === 'null') return 'none';
  if (driver !== undefined && driver !== '') return driver;
  // Not attached to anything any more, or to a network that is gone: what was asked for is all that is known.
  return raw === 'default' ? 'bridge' : raw;
}

/** The predefined networks, whose names no other network may have. */
function driverByName(name: string): string | undefined {
  return name === 'bridge' || name === 'host' ? name : name === 'none' ? 'null' : undefined;
}

const WHOLE_ID = /^[0-9a-f]{64}$/;

/** The full id of the container that another one joined, which engines print as the user gave it: id, short id or name. */
function joinedContainer({ networkModeRaw }: Container, containers: ReadonlyMap<string, Container>): string | undefined {
  const wanted = networkModeRaw.slice(JOINED.length);
  // The joined container may be stopped and unknown here; its full id is enough.
  if (containers.has(wanted) || WHOLE_ID.test(wanted)) return wanted;
  const all = [...containers.values()];
  const named = all.find(({ name }) => name === wanted.replace(/^\//, ''));
  if (named !== undefined) return named.id;
  const beginning = wanted === '' ? [] : all.filter(({ id }) => id.startsWith(wanted));
  return beginning.length === 1 ? beginning[0]?.id : undefined;
}

function ownLabel(labels: Readonly<Record<string, string>>, name: string): string | undefined {
  const value = Object.hasOwn(labels, name) ? labels[name] : undefined;
  return value === '' ? undefined : value;
}
