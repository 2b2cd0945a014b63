// What is to be seen when the stack was deployed: services, rights, overlays, new tasks.
import assert from 'node:assert/strict';
import type { Test } from 'tap';
import type { Endpoint } from '../../src/model/types.js';
import { createService, type LabHost, waitFor, waitForTasks } from '../lab/index.js';
import { PORTS, STACK } from '../lab/stack.js';
import { items, NSATLAS } from '../support/cli.js';
import { NETWORK, SERVICE, type StackRig } from './stack-rig.js';

// linux/capability.h: DAC_READ_SEARCH 2, NET_BROADCAST 11, NET_ADMIN 12, SYS_PTRACE 19, SYS_ADMIN 21.
const FIVE = [2, 11, 12, 19, 21].reduce((bits, bit) => bits | (1n << BigInt(bit)), 0n);

/** A new task is known within two seconds of its start on a quiet machine; this one may be busy. */
const NEW_TASK_MS = 10_000;

/** Registers the tests. */
export function deployedStack(t: Test, rigOf: () => StackRig): void {
  t.test('has an agent on every node, with five capabilities and nothing else of root', async (t) => {
    const rig = rigOf();
    for (const host of rig.hosts) {
      const container = await rig.agentContainer(host);
      const status = rig.statusOf(host, container);
      for (const set of ['CapEff', 'CapPrm', 'CapBnd']) t.equal(BigInt(`0x${field(status, set)}`), FIVE, `${host.name} ${set}`);
      const agent = await rig.agent(host);
      const { features, host: about } = await agent.status();
      agent.close();
      t.strictSame(
        features.filter(({ enabled }) => !enabled),
        [],
      );
      t.equal(about?.name, host.name);
      t.match(features.find(({ name }) => name === 'mount-propagation')?.detail ?? '', /all kept up by the host/);
      await t.rejects(host.docker('exec', container.id, 'node', '-e', 'fs.writeFileSync("/opt/x", "")'), /EROFS/);
    }
  });

  t.test('has one collector, on a manager, as nobody and without any capability', async (t) => {
    const rig = rigOf();
    const [task, ...others] = await waitForTasks(rig.manager, `${STACK}_collector`, 1);
    t.strictSame([task?.hostname, others], ['h1', []]);
    const status = rig.statusOf(rig.manager, await rig.container(rig.manager, `${STACK}_collector`));
    for (const set of ['CapEff', 'CapPrm', 'CapBnd']) t.equal(BigInt(`0x${field(status, set)}`), 0n, set);
    t.match(field(status, 'Uid'), /^65532\b/);
  });

  t.test('answers a person with a certificate, from any host, and nobody without one', async (t) => {
    const rig = rigOf();
    await rig.inSync();
    const [, , h3] = rig.hosts;
    const result = await rig.person(h3, 'hosts', '-o', 'json');
    t.equal(result.status, 0, result.stderr);
    t.strictSame(
      items<{ hostName: string; state: string }>(result).items.map(({ hostName, state }) => `${hostName} ${state}`),
      ['h1 LIVE', 'h2 LIVE', 'h3 LIVE'],
    );
    const stranger = await h3.tryExec([
      process.execPath,
      NSATLAS,
      'hosts',
      `--collector=${rig.manager.address}:${PORTS.collector}`,
    ]);
    t.equal(stranger.status, 1);
    t.match(stranger.stderr, /it speaks TLS: give --tls-ca, --tls-cert and --tls-key/);
    const table = await rig.person(h3, 'overlays');
    t.match(table.stdout, new RegExp(`^${NETWORK} `, 'm'));
  });

  t.test('shows each overlay with its three hosts, their VTEPs, and every task’s endpoint', async (t) => {
    const rig = rigOf();
    await rig.inSync();
    const addresses = rig.hosts.map(({ name, address }) => `${name} ${address}`);
    const tasks = await waitForTasks(rig.manager, SERVICE, 3);
    const overlays = await waitFor(
      'both overlays with three hosts',
      async () => {
        const { items: found } = await rig.list('overlays');
        return found.length === 2 && found.every(({ members }) => members.length === 3) ? found : undefined;
      },
      { timeoutMs: 20_000 },
    );
    for (const { networkName, members } of overlays)
      t.strictSame(
        members.map(({ hostName, vtep }) => `${hostName} ${vtep}`),
        addresses,
        `${networkName}`,
      );
    t.strictSame(overlays.map(({ networkName }) => networkName).sort(), [NETWORK, 'ingress']);
    const { items: endpoints } = await rig.list('endpoints', { services: [SERVICE] });
    t.strictSame(
      endpoints.map(({ hostName, owner }) => `${hostName} ${owner?.taskId}`).sort(),
      tasks.map(({ hostname, id }) => `${hostname} ${id}`).sort(),
    );
    for (const endpoint of endpoints) {
      const host = rig.hosts.find(({ name }) => name === endpoint.hostName);
      assert.ok(host !== undefined);
      assert.deepEqual(endpoint.ips, [await addressOf(host, endpoint)]);
      t.equal(endpoint.vtep, host.address);
    }
  });

  t.test('shows the tasks of a new service as they start', async (t) => {
    const rig = rigOf();
    await rig.inSync();
    const seen = new Map<string, number>();
    const client = await rig.collector();
    const name = 'app_new';
    await createService(rig.manager, name, NETWORK, '--mode', 'global');
    await waitFor(
      'three endpoints of the new service',
      async () => {
        for (const { owner } of (await client.list('endpoints', { services: [name] })).items)
          if (owner?.containerId !== undefined && !seen.has(owner.containerId)) seen.set(owner.containerId, Date.now());
        return seen.size === 3 ? true : undefined;
      },
      { timeoutMs: 60_000, everyMs: 20 },
    );
    client.close();
    const lags: number[] = [];
    for (const task of await waitForTasks(rig.manager, name, 3)) {
      const host = rig.hosts.find((each) => each.name === task.hostname);
      const startedAt = await host?.docker('inspect', '--format', '{{.State.StartedAt}}', task.containerId);
      lags.push((seen.get(task.containerId) ?? Number.NaN) - Date.parse(startedAt ?? ''));
    }
    t.comment(`known ${lags.join(', ')} ms after their start`);
    t.ok(
      lags.every((lag) => lag < NEW_TASK_MS),
      `${lags.join(', ')} ms`,
    );
    await rig.manager.docker('service', 'rm', name);
    await waitFor(
      'its endpoints to go',
      async () => ((await rig.list('endpoints', { services: [name] })).items.length === 0 ? true : undefined),
      { timeoutMs: 60_000, everyMs: 100 },
    );
  });
}

function field(status: string, name: string): string {
  return new RegExp(`^${name}:\\s*(.*)$`, 'm').exec(status)?.[1]?.trim() ?? '';
}

async function addressOf(host: LabHost, { owner }: Endpoint): Promise<string> {
  const format = `{{.NetworkSettings.Networks.${NETWORK}.IPAddress}}`;
  return host.docker('inspect', '--format', format, owner?.containerId ?? '');
}
