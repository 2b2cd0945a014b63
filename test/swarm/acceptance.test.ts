import assert from 'node:assert/strict';
import { describe, it, before, after } from 'node:test';
import {
  type AcceptanceScenario,
  buildAcceptanceScenario,
  Lab,
  type LabContainer,
  labObstacle,
  secondDaemon,
} from '../lab/index.js';
import { type CliResult, items, NSATLAS } from '../support/cli.js';

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

describe('a real dockerd in swarm mode', { skip }, () => {
  let lab: Lab;
  let scenario: AcceptanceScenario;

  before(async () => {
    lab = await Lab.create({ name: 'accept' });
    scenario = await buildAcceptanceScenario(lab);
  });

  after(async () => {
    await lab.destroy();
  });

  /** Runs nsatlas as a person on that host would. */
  const onHost = async (...args: string[]): Promise<CliResult> => {
    const result = await scenario.host.tryExec([process.execPath, NSATLAS, ...args]);
    return { status: result.status ?? null, stdout: result.stdout, stderr: result.stderr };
  };

  it('has an owner with the right network mode for every container, however it is attached', async () => {
    const result = await onHost('netns', '-o', 'json');
    assert.equal(result.stderr, '');
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
      assert.deepEqual([owner?.containerName, owner?.networkMode], [container.name, mode]);
    }
    const ownerOf = (container: LabContainer): Netns | undefined => namespaces.find(({ id }) => id === container.netnsId);
    assert.equal(ownerOf(containers.joined)?.joined?.[0]?.joinedContainerId, containers.bridge.id);
    assert.equal(ownerOf(containers.host)?.role, 'HOST');
    assert.deepEqual(
      [
        ownerOf(containers.task)?.owner?.serviceName,
        ownerOf(containers.task)?.owner?.serviceId,
        ownerOf(containers.task)?.owner?.taskId,
      ],
      [service.name, service.id, service.taskId],
    );
    // Each container is in exactly one namespace.
    const all = namespaces.flatMap(({ owner, joined }) => [...(owner === undefined ? [] : [owner]), ...(joined ?? [])]);
    assert.deepEqual(
      all.map(({ containerId }) => containerId).sort(),
      Object.values(containers)
        .map(({ id }) => id)
        .sort(),
    );
  });

  it('veths pairs every container interface with its end on a bridge', async () => {
    const result = await onHost('veths', '-o', 'json');
    assert.equal(result.status, 0, result.stderr);
    const { items: pairs } = items<Pair>(result);
    // The lab host's own uplink is a veth, too: its other end is in the fabric, where this host cannot look.
    assert.deepEqual(
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
    assert.deepEqual(bridgesOf(containers.plain), ['HOST docker0']);
    assert.deepEqual(bridgesOf(containers.bridge), [userBridge]);
    assert.deepEqual(bridgesOf(containers.overlay), ['HOST docker_gwbridge', 'OVERLAY br0']);
    assert.deepEqual(bridgesOf(containers.task), ['HOST docker_gwbridge', 'OVERLAY br0']);
    assert.deepEqual(bridgesOf(containers.none), []);
    const onOverlay = pairs.find(({ a, b }) => a.netnsId === containers.overlay.netnsId && b?.role === 'OVERLAY');
    assert.ok(onOverlay?.a.addresses?.some((address) => address.startsWith(`${containers.overlay.addresses['app_net']}/`)));
    assert.equal(onOverlay?.a.owner?.containerName, containers.overlay.name);
  });

  it('vxlans shows ingress 4096 and the overlay’s VNI with the names of their networks', async () => {
    const result = await onHost('vxlans', '-o', 'json');
    assert.equal(result.status, 0, result.stderr);
    const { networks } = scenario;
    assert.deepEqual(
      items<VxlanRow>(result)
        .items.map(({ vni, networkName, networkId, role }) => [vni, networkName, networkId, role])
        .sort(),
      [
        [4096, 'ingress', networks.ingress.id, 'OVERLAY'],
        [networks.overlay.vni, 'app_net', networks.overlay.id, 'OVERLAY'],
      ].sort(),
    );
    const table = await onHost('vxlans');
    assert.match(table.stdout, /^ingress +4096 +vxlan0 /m);
    assert.match(table.stdout, new RegExp(`^app_net +${networks.overlay.vni} +vxlan0 `, 'm'));
  });

  it('shows the same without the Docker socket: all but names', async () => {
    const none = ['--docker-socket', '/nowhere/docker.sock'];
    const result = await onHost('snapshot', '-o', 'json', ...none);
    assert.equal(result.status, 1);
    assert.match(result.stderr, /\/nowhere\/docker\.sock/);
    const blind = JSON.parse(result.stdout) as { namespaces: (Netns & { interfaces: unknown[] })[]; networks?: unknown[] };
    assert.ok(
      blind.namespaces.every(
        ({ owner, joined, networkName }) => owner === undefined && joined === undefined && networkName === undefined,
      ),
    );
    const { networks, containers } = scenario;
    const overlays = blind.namespaces.filter(({ role }) => role === 'OVERLAY').map(({ networkId }) => networkId);
    assert.deepEqual(overlays.sort(), [networks.ingress.id.slice(0, 10), networks.overlay.id.slice(0, 10)].sort());
    for (const name of ['plain', 'bridge', 'overlay', 'task', 'none'] as const) {
      assert.equal(blind.namespaces.find(({ id }) => id === containers[name].netnsId)?.role, 'CONTAINER', name);
    }
    const shape = (pairs: readonly Pair[]): string[] =>
      pairs.map(({ status, a, b }) => [status, a.netnsId, a.name, b?.netnsId, b?.name, b?.masterName].join(' ')).sort();
    const named = items<Pair>(await onHost('veths', '-o', 'json')).items;
    const unnamed = items<Pair>(await onHost('veths', '-o', 'json', ...none)).items;
    assert.deepEqual(shape(unnamed), shape(named));
    const vnis = items<VxlanRow>(await onHost('vxlans', '-o', 'json', ...none)).items.map(({ vni }) => vni);
    assert.deepEqual(vnis.sort(), [4096, networks.overlay.vni ?? 0].sort());
  });

  it('selects by container, service and network', async () => {
    const links = async (...flags: string[]): Promise<string[]> =>
      items<{ netnsId: string; name: string }>(await onHost('interfaces', '-o', 'json', ...flags)).items.map(
        ({ netnsId, name }) => `${netnsId} ${name}`,
      );
    const { containers, service } = scenario;
    assert.deepEqual(await links('--service', service.name, '--interface', 'eth0'), [`${containers.task.netnsId} eth0`]);
    assert.deepEqual(await links('--container', containers.none.name), [`${containers.none.netnsId} lo`]);
    assert.ok((await links('--network', 'app_net', '--kind', 'vxlan')).length === 1);
  });

  it('has the namespaces of a second daemon without a flag, and its names with its socket', async () => {
    const { daemon, containers } = await secondDaemon(lab, scenario.host);
    const found = items<Netns>(await onHost('netns', '-o', 'json')).items;
    for (const container of containers) {
      const netns = found.find(({ id }) => id === container.netnsId);
      assert.deepEqual([netns?.role, netns?.owner], ['CONTAINER', undefined]);
    }
    const pairs = items<Pair>(await onHost('veths', '-o', 'json')).items;
    for (const container of containers) {
      const pair = pairs.find(({ a }) => a.netnsId === container.netnsId);
      assert.deepEqual([pair?.status, pair?.b?.masterName], ['PAIRED', 'docker1']);
    }
    const named = items<Netns>(
      await onHost('netns', '-o', 'json', '--docker-socket', '/run/docker.sock', '--docker-socket', daemon.hostSocket),
    ).items;
    for (const container of containers)
      assert.equal(named.find(({ id }) => id === container.netnsId)?.owner?.containerName, container.name);
    assert.equal(
      named.find(({ id }) => id === scenario.containers.plain.netnsId)?.owner?.containerName,
      scenario.containers.plain.name,
    );
  });

  it('is left as it was: no namespace is held when a container goes', async () => {
    const { plain } = scenario.containers;
    await onHost('snapshot');
    await scenario.host.docker('rm', '--force', plain.name);
    const left = items<Netns>(await onHost('netns', '-o', 'json')).items;
    assert.equal(
      left.find(({ id }) => id === plain.netnsId),
      undefined,
    );
  });
});
