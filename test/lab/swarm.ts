import type { LabHost } from './host.js';
import { Hopeless, waitFor } from './wait.js';

/** How long a swarm may take to be whole, in milliseconds. It takes about 5 s for two hosts on a quiet machine. */
const READY_MS = 90_000;

/**
 * A swarm of the hosts given: the first is its manager, the others are workers. Resolves when every node is ready and has the
 * namespaces of the ingress network, which each makes by itself within a second of joining, IPVS or not.
 */
export async function formSwarm(hosts: readonly LabHost[], initArgs: readonly string[]): Promise<void> {
  const [manager, ...workers] = hosts;
  if (manager === undefined) return;
  await manager.docker('swarm', 'init', '--advertise-addr', manager.address, ...initArgs);
  const token = await manager.docker('swarm', 'join-token', '--quiet', 'worker');
  await Promise.all(
    workers.map((worker) =>
      worker.docker('swarm', 'join', '--advertise-addr', worker.address, '--token', token, `${manager.address}:2377`),
    ),
  );
  await waitFor(
    `${hosts.length} nodes to be ready`,
    async () => ((await readyNodes(manager)) === hosts.length ? true : undefined),
    {
      timeoutMs: READY_MS,
      host: manager.name,
      detail: () => manager.dockerd.logTail(),
    },
  );
  await Promise.all(hosts.map(waitForIngress));
}

/** Docker lists the sandbox as a container of the network when its endpoint is in place: overlay namespace, vxlan link and all. */
function waitForIngress(host: LabHost): Promise<true> {
  const look = async (): Promise<true | undefined> => {
    const format = '{{range $id, $_ := .Containers}}{{$id}} {{end}}';
    return (await host.docker('network', 'inspect', '--format', format, 'ingress')).includes('ingress-sbox') ? true : undefined;
  };
  return waitFor('the ingress network', look, {
    timeoutMs: READY_MS,
    everyMs: 100,
    host: host.name,
    detail: () => host.dockerd.logTail(),
  });
}

async function readyNodes(manager: LabHost): Promise<number> {
  const states = (await manager.docker('node', 'ls', '--format', '{{.Status}}')).split('\n');
  return states.filter((state) => state === 'Ready').length;
}

/** One task of a service, as it runs. */
export interface RunningTask {
  /** Task id. */
  readonly id: string;
  /** Host name of its node. */
  readonly hostname: string;
  readonly containerId: string;
}

/** Waits until a service has `count` running tasks, and resolves to them, by host name. Throws with Docker's own error. */
export function waitForTasks(manager: LabHost, service: string, count: number, timeoutMs = 60_000): Promise<RunningTask[]> {
  const look = async (): Promise<RunningTask[] | undefined> => {
    const ids = lines(await manager.docker('service', 'ps', '--quiet', '--no-trunc', service));
    const format =
      '{{.ID}}|{{.Status.State}}|{{.NodeID}}|{{with .Status.ContainerStatus}}{{.ContainerID}}{{end}}|{{.Status.Err}}';
    const tasks =
      ids.length === 0
        ? []
        : lines(await manager.docker('inspect', '--type', 'task', '--format', format, ...ids)).map((line) => line.split('|'));
    const running = tasks.filter(([, state]) => state === 'running');
    if (running.length >= count) {
      const names = new Map(
        lines(await manager.docker('node', 'ls', '--format', '{{.ID}}|{{.Hostname}}')).map(
          (line) => line.split('|') as [string, string],
        ),
      );
      return running
        .map(([id = '', , node = '', containerId = '']) => ({ id, hostname: names.get(node) ?? node, containerId }))
        .sort((a, b) => a.hostname.localeCompare(b.hostname));
    }
    const errors = tasks.map(([, , , , error]) => error).filter((error) => error !== undefined && error !== '');
    // Swarm tries again what was rejected, and mostly that helps; not with an image that nobody has.
    if (errors.some((error) => error?.includes('No such image'))) throw new Hopeless(errors.join('\n'));
    if (errors.length > 0) throw new Error(errors.join('\n'));
    return undefined;
  };
  return waitFor(`${count} running tasks of ${service}`, look, {
    timeoutMs,
    everyMs: 200,
    host: manager.name,
    detail: () => manager.dockerd.logTail(),
  });
}

function lines(text: string): string[] {
  return text === '' ? [] : text.split('\n');
}
