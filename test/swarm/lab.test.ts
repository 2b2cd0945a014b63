import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import t, { type Test } from 'tap';
import {
  buildAcceptanceScenario,
  createService,
  Lab,
  LabError,
  labObstacle,
  secondDaemon,
  startContainer,
  waitFor,
  waitForTasks,
} from '../lab/index.js';
import { ROOT } from '../support/root.js';
import { type LabPids, tracesOf, watchLab, Witness } from './lab-traces.js';

t.setTimeout(0);

const skip = labObstacle() ?? false;

/** A lab that ends with the test. */
async function labFor(t: Test): Promise<Lab> {
  const lab = await Lab.create({ name: 'test' });
  t.after(() => lab.destroy());
  return lab;
}

t.test('a host with a daemon and a container is up within seconds', { skip }, async (t) => {
  const started = performance.now();
  const lab = await labFor(t);
  const [host] = await lab.addDockerHosts('h1');
  const daemonMs = performance.now() - started;
  const container = await startContainer(host!.dockerd, 'c1');
  t.comment(`daemon and image ${Math.round(daemonMs)} ms, with a container ${Math.round(performance.now() - started)} ms`);
  t.match(await host!.docker('exec', 'c1', 'ip', '-o', 'address', 'show', 'eth0'), /inet 172\.17\.0\.2\/16/);
  t.equal(container.addresses['bridge'], '172.17.0.2');
  t.match(container.netnsId, /^net:\[\d+\]$/);
  // Who comes through the host's own socket sees the same daemon.
  t.equal((await host!.exec(['docker', 'ps', '--quiet', '--no-trunc'])).stdout.trim(), container.id);
  t.ok(daemonMs < 120_000, `the daemon took ${daemonMs} ms`);
});

t.test('hosts are machines of their own', { skip }, async (t) => {
  const lab = await labFor(t);
  const hosts = await lab.addDockerHosts('h1', 'h2');
  const facts = await Promise.all(
    hosts.map(async (host) => ({
      hostname: (await host.exec(['cat', '/proc/sys/kernel/hostname'])).stdout.trim(),
      machineId: (await host.exec(['cat', '/etc/machine-id'])).stdout.trim(),
      engineId: await host.docker('info', '--format', '{{.ID}}'),
      firstPid: (await host.exec(['cat', '/proc/1/cmdline'])).stdout.split('\0')[0],
      network: (await host.exec(['readlink', '/proc/self/ns/net'])).stdout.trim(),
      links: (await host.exec(['ls', '/sys/class/net'])).stdout.trim().split('\n'),
    })),
  );
  t.strictSame(
    facts.map(({ hostname }) => hostname),
    ['h1', 'h2'],
  );
  for (const fact of ['machineId', 'engineId', 'network'] as const) t.not(facts[0]![fact], facts[1]![fact], fact);
  for (const { machineId, firstPid, links } of facts) {
    t.match(machineId, /^[0-9a-f]{32}$/);
    t.not(machineId, readFileSync('/etc/machine-id', 'utf8').trim());
    t.equal(firstPid, 'bash');
    t.strictSame(links, ['docker0', 'eth0', 'lo']);
  }
  // Like the mounts of a machine under systemd, those in /run are passed on to whoever binds it as rslave.
  t.match((await hosts[0]!.exec(['grep', ' /run ', '/proc/self/mountinfo'])).stdout, / shared:\d+ /);
});

t.test('a host keeps no network namespace of the machine alive', { skip }, async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'nsatlas-mounted-'));
  const path = join(dir, 'netns');
  writeFileSync(path, '');
  t.after(() => {
    spawnSync('umount', ['--lazy', path]);
    rmSync(dir, { recursive: true });
  });
  // The machine's mount is there before the host copies all of them.
  t.equal(spawnSync('unshare', [`--net=${path}`, 'true']).status, 0);
  t.match(readFileSync('/proc/self/mountinfo', 'utf8'), / - nsfs /);
  const host = await (await labFor(t)).addHost();
  t.notMatch((await host.exec(['cat', '/proc/self/mountinfo'])).stdout, / - nsfs /);
});

t.test('containers of two hosts reach each other through VXLAN until a cable is pulled', { skip }, async (t) => {
  const lab = await labFor(t);
  const [h1, h2] = await lab.addDockerHosts('h1', 'h2');
  await lab.swarm();
  await h1!.docker('network', 'create', '--driver', 'overlay', 'app_net');
  await createService(h1!, 'web', 'app_net', '--mode', 'global');
  const tasks = await waitForTasks(h1!, 'web', 2);
  t.strictSame(
    tasks.map(({ hostname }) => hostname),
    ['h1', 'h2'],
  );
  const remote = await h2!.docker(
    'inspect',
    '--format',
    '{{.NetworkSettings.Networks.app_net.IPAddress}}',
    tasks[1]!.containerId,
  );
  const ping = ['exec', tasks[0]!.containerId, 'ping', '-c', '1', '-W', '1', remote];
  await waitFor('a ping through the overlay', async () => ((await h1!.dockerd.tryDocker(ping)).status === 0 ? true : undefined), {
    timeoutMs: 20_000,
  });

  await lab.linkDown(h2!);
  t.match((await h2!.exec(['ip', '-o', 'link', 'show', 'eth0'])).stdout, /NO-CARRIER/);
  t.not((await h1!.dockerd.tryDocker(ping)).status, 0);
  await lab.linkUp(h2!);
  await waitFor(
    'a ping after the cable is back',
    async () => ((await h1!.dockerd.tryDocker(ping)).status === 0 ? true : undefined),
    { timeoutMs: 30_000 },
  );
});

t.test('every node has the ingress namespaces as soon as the swarm is there', { skip }, async (t) => {
  const lab = await labFor(t);
  const hosts = await lab.addDockerHosts('h1', 'h2');
  await lab.swarm();
  const id = await hosts[0]!.docker('network', 'inspect', '--format', '{{.Id}}', 'ingress');
  for (const host of hosts) {
    const names = (await host.exec(['ls', '/run/docker/netns'])).stdout.trim().split('\n');
    t.strictSame(names, [`1-${id.slice(0, 10)}`, 'ingress_sbox']);
    const link = await host.exec(['nsenter', `--net=/run/docker/netns/${names[0]}`, 'ip', '-d', 'link', 'show', 'vxlan0']);
    t.match(link.stdout, /vxlan id 4096 .*dstport 4789/);
  }
});

t.test('the acceptance scenario has every way to attach a container, and a second daemon next to it', { skip }, async (t) => {
  const lab = await labFor(t);
  const { host, containers, networks, service } = await buildAcceptanceScenario(lab);
  const { plain, bridge, overlay, task, none, joined, host: onHost } = containers;
  t.equal(networks.ingress.vni, 4096);
  t.equal(networks.overlay.vni, 4097);
  t.strictSame([none.networkMode, onHost.networkMode, joined.networkMode], ['none', 'host', `container:${bridge.id}`]);
  t.equal(joined.netnsId, bridge.netnsId);
  t.equal(onHost.netnsId, (await host.exec(['readlink', '/proc/1/ns/net'])).stdout.trim());
  t.equal(new Set([plain, bridge, overlay, task, none, onHost].map(({ netnsId }) => netnsId)).size, 6);
  t.equal(task.name, `${service.name}.1.${service.taskId}`);
  await host.docker('exec', overlay.id, 'ping', '-c', '1', '-W', '5', task.addresses['app_net']!);

  const second = await secondDaemon(lab, host);
  t.equal(
    await second.daemon.docker('ps', '--quiet'),
    [...second.containers]
      .reverse()
      .map(({ id }) => id.slice(0, 12))
      .join('\n'),
  );
  t.equal((await host.exec(['ls', `${second.daemon.execRoot}/netns`])).stdout.trim().split('\n').length, 2);
  t.match((await host.exec(['bridge', 'link'])).stdout, /master docker1 /);
  await second.daemon.docker('exec', 'other_1', 'ping', '-c', '1', '-W', '5', second.containers[1]!.addresses['bridge']!);
  // The first daemon was not disturbed.
  await host.docker('exec', plain.id, 'ping', '-c', '1', '-W', '5', '172.17.0.1');
});

t.test('a daemon that cannot start is an error that shows the end of its log', { skip }, async (t) => {
  const lab = await labFor(t);
  const host = await lab.addHost();
  await assert.rejects(host.startDockerd({ args: ['--storage-driver', 'no-such-driver'] }), (error) => {
    assert.ok(error instanceof LabError);
    assert.equal(error.code, 'HOPELESS');
    assert.equal(error.host, host.name);
    assert.match(error.message, /no-such-driver/);
    return true;
  });
});

t.test('a daemon can be stopped and started again, and killed', { skip }, async (t) => {
  const lab = await labFor(t);
  const [host] = await lab.addDockerHosts('h1');
  await startContainer(host!.dockerd, 'c1', '--restart', 'always');
  const first = host!.dockerd.pid;
  await host!.dockerd.stop();
  t.equal(host!.dockerd.pid, undefined);
  t.equal(existsSync(`/proc/${first}`), false);
  await host!.dockerd.start();
  t.equal(await host!.docker('ps', '--format', '{{.Names}}'), 'c1');
  await host!.dockerd.stop('SIGKILL');
  t.match((await host!.exec(['cat', '/proc/self/mountinfo'])).stdout, / \/run\/docker\/netns\/[0-9a-f]{12} /);
});

t.test('destroy leaves no process, namespace, mount, cgroup or file', { skip }, async (t) => {
  const lab = await labFor(t);
  const { host } = await buildAcceptanceScenario(lab);
  await secondDaemon(lab, host);
  await lab.addDockerHosts('h2');
  const witness = await witnessOf(t, { dir: lab.dir, fabricPid: lab.fabricPid, hostPids: lab.hosts.map(({ pid }) => pid) }, 14);
  await lab.destroy();
  // Those at once; the kernel takes namespaces apart a moment later.
  t.strictSame(tracesOf(lab.dir), []);
  await allGone(lab.dir, witness);
  await lab.destroy();
  t.throws(() => lab.addHost(), /was destroyed/);
});

t.test('destroy comes through while hosts and daemons are still starting', { skip }, async (t) => {
  const lab = await Lab.create({ name: 'test' });
  const first = await lab.addHost();
  const starting = Promise.allSettled([first.startDockerd(), lab.addHost(), lab.addHost()]);
  await waitFor('the daemon to say something', () => (existsSync(join(first.dir, 'docker.log')) ? true : undefined), {
    timeoutMs: 5000,
    everyMs: 5,
  });
  await lab.destroy();
  const [daemon, , third] = await starting;
  t.strictSame([daemon.status, third.status], ['rejected', 'rejected']);
  t.strictSame(tracesOf(lab.dir), []);
});

for (const signal of ['SIGKILL', 'SIGTERM', 'SIGINT'] as const) {
  t.test(`a lab whose process is ended by ${signal} leaves nothing`, { skip }, async (t) => {
    const { owner, pids } = await startOwner(t, 'setInterval(() => {}, 1000);');
    const witness = await witnessOf(t, pids, 3);
    owner.kill(signal);
    await allGone(pids.dir, witness);
  });
}

t.test('a process that forgets its lab can end, and the lab ends with it', { skip }, async (t) => {
  // It waits for a line, so that there is time to look.
  const { owner, pids } = await startOwner(
    t,
    "await new Promise((resolve) => process.stdin.once('data', resolve)); process.stdin.destroy();",
  );
  const witness = await witnessOf(t, pids, 3);
  owner.stdin!.write('\n');
  const [code] = (await once(owner, 'exit')) as [number];
  t.equal(code, 0);
  await allGone(pids.dir, witness);
});

/** A process with a lab of one host and a container, which then runs `afterwards`. */
async function startOwner(t: Test, afterwards: string): Promise<{ owner: ChildProcess; pids: LabPids }> {
  const program = `
    import { Lab, IMAGE } from ${JSON.stringify(pathToFileURL(join(ROOT, 'dist/test/lab/index.js')).href)};
    const lab = await Lab.create({ name: 'test' });
    const [host] = await lab.addDockerHosts('h1');
    await host.docker('run', '--detach', IMAGE);
    console.log(JSON.stringify({ dir: lab.dir, fabricPid: lab.fabricPid, hostPids: [host.pid] }));
    ${afterwards}`;
  const owner = spawn(process.execPath, ['--input-type=module', '--eval', program], { stdio: ['pipe', 'pipe', 'inherit'] });
  t.after(() => owner.kill('SIGKILL'));
  const [line] = (await once(createInterface(owner.stdout), 'line')) as [string];
  return { owner, pids: JSON.parse(line) as LabPids };
}

/** Somebody who sees the lab's namespaces go. That there is something to see is asserted: what finds nothing is always content. */
async function witnessOf(t: Test, pids: LabPids, namespaces: number): Promise<Witness> {
  const witness = new Witness();
  t.after(() => witness.end());
  const seen = await watchLab(witness, pids);
  assert.ok(seen >= namespaces, `only ${seen} network namespaces were found`);
  const traces = tracesOf(pids.dir);
  for (const [kind, least] of [
    ['process', 6],
    ['folder', 1],
    ['cgroup', 1],
  ] as const) {
    assert.ok(traces.filter((line) => line.startsWith(kind)).length >= least, `too few of ${kind} in:\n${traces.join('\n')}`);
  }
  return witness;
}

async function allGone(dir: string, witness: Witness): Promise<void> {
  const look = async (): Promise<true> => {
    assert.deepEqual(tracesOf(dir), []);
    assert.equal(await witness.alive(), 0, 'network namespaces that live');
    return true;
  };
  await waitFor(`${basename(dir)} to be gone`, look, { timeoutMs: 20_000 });
}
