import t from 'tap';
import {
  type AcceptanceScenario,
  buildAcceptanceScenario,
  Lab,
  type LabContainer,
  labObstacle,
  secondDaemon,
} from '../lab/index.js';
import { type CliResult, items, NSATLAS } from '../support/cli.js';

t.setTimeout(0);

const skip = labObstacle() ?? false;

interface Owner {
  readonly containerId: string;
  readonly containerName: string;
  readonly networkMode: string;
  readonly joinedContainerId?: string;
  readonly serviceName?: string;
  readonly serviceId?: string;
  readonly taskId?: string;
}

interface Netns {
  readonly id: string;
  readonly role: string;
  readonly networkId?: string;
  readonly networkName?: string;
  readonly owner?: Owner;
  readonly joined?: Owner[];
}

interface End {
  readonly netnsId: string;
  readonly name: string;
  readonly masterName?: string;
  readonly owner?: Owner;
  readonly role: string;
  readonly addresses?: string[];
}

interface Pair {
  readonly status: string;
  readonly a: End;
  readonly b?: End;
}

interface VxlanRow {
  readonly vni: number;
  readonly networkName?: string;
  readonly networkId?: string;
  readonly role: string;
  readonly subnets?: string[];
}

t.test('a real dockerd in swarm mode', { skip }, async (t) => {
  let lab: Lab;
  let scenario: AcceptanceScenario;

  t.before(async () => {
    lab = await Lab.create({ name: 'accept' });
    scenario = await buildAcceptanceScenario(lab);
  });

  t.after(async () => {
    await lab.destroy();
  });

  /** Runs nsatlas as a person on that host would. */
  const onHost = async (...args: string[]): Promise<CliResult> => {
    const result = await scenario.host.tryExec([process.execPath, NSATLAS, ...args]);
    return { status: result.status ?? null, stdout: result.stdout, stderr: result.stderr };
  };

  t.test('has an owner with the right network mode for every container, however it is attached', async (t) => {
    const result = await onHost('netns', '-o', 'json');
    t.equal(result.stderr, '');
    const { items: namespaces } = items<Netns>(result);
    const { containers, service } = scenario;
    const modes: readonly [LabContainer, 'owner' | 'joined', string][] = [
      [containers.plain, 'owner', 'bridge'],
      [containers.bridge, 'owner', 'bridge'],
      [containers.overlay, 'owner', 'overlay'],
      [containers.task, 'owner', 'overlay'],
      [containers.none, 'owner', 'none'],
      [containers.joined, 'joined', 'container'],
      [containers.host, 'joined', 'host'],
    ];
    for (const [container, place, mode] of modes) {
      const netns = namespaces.find(({ id }) => id === container.netnsId);
      const owners = place === 'owner' ? [netns?.owner] : (netns?.joined ?? []);
      const owner = owners.find((candidate) => candidate?.containerId === container.id);
      t.strictSame([owner?.containerName, owner?.networkMode], [container.name, mode]);
    }
    const ownerOf = (container: LabContainer): Netns | undefined => namespaces.find(({ id }) => id === container.netnsId);
    t.equal(ownerOf(containers.joined)?.joined?.[0]?.joinedContainerId, containers.bridge.id);
    t.equal(ownerOf(containers.host)?.role, 'HOST');
    t.strictSame(
      [
        ownerOf(containers.task)?.owner?.serviceName,
        ownerOf(containers.task)?.owner?.serviceId,
        ownerOf(containers.task)?.owner?.taskId,
      ],
      [service.name, service.id, service.taskId],
    );
    // Each container is in exactly one namespace.
    const all = namespaces.flatMap(({ owner, joined }) => [...(owner === undefined ? [] : [owner]), ...(joined ?? [])]);
    t.strictSame(
      all.map(({ containerId }) => containerId).sort(),
      Object.values(containers)
        .map(({ id }) => id)
        .sort(),
    );
  });

  t.test('veths pairs every container interface with its end on a bridge', async (t) => {
    const result = await onHost('veths', '-o', 'json');
    t.equal(result.status, 0, result.stderr);
    const { items: pairs } = items<Pair>(result);
    // The lab host's own uplink is a veth, too: its other end is in the fabric, where this host cannot look.
    t.strictSame(
      pairs.filter(({ status }) => status !== 'PAIRED').map(({ status, a }) => `${status} ${a.role} ${a.name}`),
      ['PEER_NOT_VISIBLE HOST eth0'],
    );
    const { containers, networks } = scenario;
    const bridgesOf = (container: LabContainer): string[] =>
      pairs
        .filter(({ a }) => a.netnsId === container.netnsId)
        .map(({ b }) => `${b?.role} ${b?.masterName}`)
        .sort();
    const userBridge = `HOST br-${networks.bridge.id.slice(0, 12)}`;
    t.strictSame(bridgesOf(containers.plain), ['HOST docker0']);
    t.strictSame(bridgesOf(containers.bridge), [userBridge]);
    t.strictSame(bridgesOf(containers.overlay), ['HOST docker_gwbridge', 'OVERLAY br0']);
    t.strictSame(bridgesOf(containers.task), ['HOST docker_gwbridge', 'OVERLAY br0']);
    t.strictSame(bridgesOf(containers.none), []);
    const onOverlay = pairs.find(({ a, b }) => a.netnsId === containers.overlay.netnsId && b?.role === 'OVERLAY');
    t.ok(onOverlay?.a.addresses?.some((address) => address.startsWith(`${containers.overlay.addresses['app_net']}/`)));
    t.equal(onOverlay?.a.owner?.containerName, containers.overlay.name);
  });

  t.test('vxlans shows ingress 4096 and the overlay’s VNI with the names of their networks', async (t) => {
    const result = await onHost('vxlans', '-o', 'json');
    t.equal(result.status, 0, result.stderr);
    const { networks } = scenario;
    t.strictSame(
      items<VxlanRow>(result)
        .items.map(({ vni, networkName, networkId, role }) => [vni, networkName, networkId, role])
        .sort(),
      [
        [4096, 'ingress', networks.ingress.id, 'OVERLAY'],
        [networks.overlay.vni, 'app_net', networks.overlay.id, 'OVERLAY'],
      ].sort(),
    );
    const table = await onHost('vxlans');
    t.match(table.stdout, /^ingress +4096 +vxlan0 /m);
    t.match(table.stdout, new RegExp(`^app_net +${networks.overlay.vni} +vxlan0 `, 'm'));
  });

  t.test('shows the same without the Docker socket: all but names', async (t) => {
    const none = ['--docker-socket', '/nowhere/docker.sock'];
    const result = await onHost('snapshot', '-o', 'json', ...none);
    t.equal(result.status, 1);
    t.match(result.stderr, /\/nowhere\/docker\.sock/);
    const blind = JSON.parse(result.stdout) as { namespaces: (Netns & { interfaces: unknown[] })[]; networks?: unknown[] };
    t.ok(
      blind.namespaces.every(
        ({ owner, joined, networkName }) => owner === undefined && joined === undefined && networkName === undefined,
      ),
    );
    const { networks, containers } = scenario;
    const overlays = blind.namespaces.filter(({ role }) => role === 'OVERLAY').map(({ networkId }) => networkId);
    t.strictSame(overlays.sort(), [networks.ingress.id.slice(0, 10), networks.overlay.id.slice(0, 10)].sort());
    for (const name of ['plain', 'bridge', 'overlay', 'task', 'none'] as const) {
      t.equal(blind.namespaces.find(({ id }) => id === containers[name].netnsId)?.role, 'CONTAINER', name);
    }
    const shape = (pairs: readonly Pair[]): string[] =>
      pairs.map(({ status, a, b }) => [status, a.netnsId, a.name, b?.netnsId, b?.name, b?.masterName].join(' ')).sort();
    const named = items<Pair>(await onHost('veths', '-o', 'json')).items;
    const unnamed = items<Pair>(await onHost('veths', '-o', 'json', ...none)).items;
    t.strictSame(shape(unnamed), shape(named));
    const vnis = items<VxlanRow>(await onHost('vxlans', '-o', 'json', ...none)).items.map(({ vni }) => vni);
    t.strictSame(vnis.sort(), [4096, networks.overlay.vni ?? 0].sort());
  });

  t.test('selects by container, service and network', async (t) => {
    const links = async (...flags: string[]): Promise<string[]> =>
      items<{ netnsId: string; name: string }>(await onHost('interfaces', '-o', 'json', ...flags)).items.map(
        ({ netnsId, name }) => `${netnsId} ${name}`,
      );
    const { containers, service } = scenario;
    t.strictSame(await links('--service', service.name, '--interface', 'eth0'), [`${containers.task.netnsId} eth0`]);
    t.strictSame(await links('--container', containers.none.name), [`${containers.none.netnsId} lo`]);
    t.ok((await links('--network', 'app_net', '--kind', 'vxlan')).length === 1);
  });

  t.test('has the namespaces of a second daemon without a flag, and its names with its socket', async (t) => {
    const { daemon, containers } = await secondDaemon(lab, scenario.host);
    const found = items<Netns>(await onHost('netns', '-o', 'json')).items;
    for (const container of containers) {
      const netns = found.find(({ id }) => id === container.netnsId);
      t.strictSame([netns?.role, netns?.owner], ['CONTAINER', undefined]);
    }
    const pairs = items<Pair>(await onHost('veths', '-o', 'json')).items;
    for (const container of containers) {
      const pair = pairs.find(({ a }) => a.netnsId === container.netnsId);
      t.strictSame([pair?.status, pair?.b?.masterName], ['PAIRED', 'docker1']);
    }
    const named = items<Netns>(
      await onHost('netns', '-o', 'json', '--docker-socket', '/run/docker.sock', '--docker-socket', daemon.hostSocket),
    ).items;
    for (const container of containers)
      t.equal(named.find(({ id }) => id === container.netnsId)?.owner?.containerName, container.name);
    t.equal(
      named.find(({ id }) => id === scenario.containers.plain.netnsId)?.owner?.containerName,
      scenario.containers.plain.name,
    );
  });

  t.test('is left as it was: no namespace is held when a container goes', async (t) => {
    const { plain } = scenario.containers;
    await onHost('snapshot');
    await scenario.host.docker('rm', '--force', plain.name);
    const left = items<Netns>(await onHost('netns', '-o', 'json')).items;
    t.equal(
      left.find(({ id }) => id === plain.netnsId),
      undefined,
    );
  });
});
