import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import t from 'tap';
import { discover } from '../../src/discover/index.js';
import { containerIdsOfProcesses, createEngines, type Engines, type EngineView } from '../../src/docker/index.js';
import { assignOwners, type Ownership } from '../../src/model/owners.js';
import { type Dockerd, IMAGE, Lab, type LabHost, labObstacle, waitFor, waitForTasks } from '../lab/index.js';
import { FakeEngine, standIn } from '../support/engine-stand-in.js';
import { ROOT } from '../support/root.js';

t.setTimeout(0);

const HOSTILE = { '"><script>alert(1)</script>': '\u001b[2J\u0007"\\\n</svg>', __proto__x: '__proto__', '{{.Names}}': 'a=b' };

let lab: Lab;
let h1: LabHost;
let h2: LabHost;
let second: Dockerd;

async function startAll(): Promise<void> {
  lab = await Lab.create({ name: 'owners' });
  await lab.addDockerHosts('h1', 'h2');
  [h1, h2] = lab.hosts as [LabHost, LabHost];
  second = await h1.startDockerd();
  await lab.importImage(h1);
  await lab.swarm();
  await h1.docker('network', 'create', '--label', 'tier=<b>', 'ub');
  await h1.docker('network', 'create', '--opt', 'com.docker.network.bridge.name=br-named', '--internal', 'named');
  await h1.docker(
    'network',
    'create',
    '-d',
    'overlay',
    '--attachable',
    '--subnet',
    '10.50.0.0/24',
    '--subnet',
    '10.51.0.0/24',
    'mesh',
  );
  await h1.docker('network', 'create', '-d', 'overlay', '--opt', 'encrypted', 'secret');
  const labels = Object.entries(HOSTILE).flatMap(([name, value]) => ['--label', `${name}=${value}`]);
  await h1.docker('run', '-d', '--name', 'plain', IMAGE);
  await h1.docker('run', '-d', '--name', 'web', '--network', 'ub', ...labels, IMAGE);
  await h1.docker('run', '-d', '--name', 'sidecar', '--network', 'container:web', IMAGE);
  await h1.docker('run', '-d', '--name', 'exporter', '--network', 'host', IMAGE);
  await h1.docker('run', '-d', '--name', 'alone', '--network', 'none', IMAGE);
  await h1.docker('run', '-d', '--name', 'both', '--network', 'ub', IMAGE);
  await h1.docker('network', 'connect', 'mesh', 'both');
  await h1.docker('run', '-d', '--name', 'ended', '--network', 'ub', IMAGE, 'true');
  await second.docker('run', '-d', '--name', 'stranger', IMAGE);
  await h1.docker(
    'service',
    'create',
    '--detach',
    '--name',
    'app',
    '--mode',
    'global',
    '--endpoint-mode',
    'dnsrr',
    '--network',
    'mesh',
    IMAGE,
  );
  await waitForTasks(h1, 'app', 2);
}

/** The owner of each namespace, as this process sees them: it lives in other pid and mount namespaces than the daemons. */
async function proven(view: EngineView): Promise<Ownership> {
  const { namespaces } = await discover({
    procRoot: '/proc',
    netnsDirs: [],
    identify: () => assert.fail('only directories are identified'),
    mayInspect: true,
  });
  return assignOwners(
    namespaces.map((found) => ({ ...found, id: `net:[${found.ino}]` })),
    view,
    { containerIdsOf: containerIdsOfProcesses('/proc'), narrowed: false },
  );
}

/** What the kernel says on the host itself. */
async function netnsOf(daemon: Dockerd, container: string): Promise<string> {
  const pid = await daemon.docker('inspect', '--format', '{{.State.Pid}}', container);
  return (await daemon.host.exec(['readlink', `/proc/${pid}/ns/net`])).stdout.trim();
}

async function viewOnce(...sockets: string[]): Promise<EngineView> {
  const engines = createEngines({ sockets, explicit: true });
  try {
    return await engines.view();
  } finally {
    engines.close();
  }
}

/** Lets a stopped daemon go on, and nsenter, its parent, which stops itself when its child stops. */
function continueProcess(pid: number): void {
  const parent = /^PPid:\s*([0-9]+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  for (const each of [pid, Number(parent)]) process.kill(each, 'SIGCONT');
}

function names(view: EngineView): string[] {
  return view.containers.map(({ owner }) => owner.containerName).sort();
}

/** The next view that is as it should be. Events come when the daemon has sent them, a moment after the command. */
async function viewWhere(engines: Engines, what: string, holds: (view: EngineView) => boolean): Promise<EngineView> {
  let last: EngineView | undefined;
  return waitFor(
    what,
    async () => {
      last = await engines.view();
      return holds(last) ? last : undefined;
    },
    { timeoutMs: 5000, detail: () => JSON.stringify({ names: last && names(last), gaps: last?.gaps }) },
  );
}

t.test('real Docker engines', { skip: labObstacle() ?? false }, async (t) => {
  t.before(startAll);
  t.after(() => lab.destroy());

  t.test('every kind of attachment is told by its mode', async (t) => {
    const view = await viewOnce(h1.dockerSocket);
    t.strictSame(view.gaps, []);
    const modes = Object.fromEntries(
      view.containers.map(({ owner }) => [owner.containerName.replace(/^app\..*/, 'app'), owner.networkMode]),
    );
    t.strictSame(modes, {
      plain: 'bridge',
      web: 'bridge',
      sidecar: 'container',
      exporter: 'host',
      alone: 'none',
      both: 'overlay',
      app: 'overlay',
    });
    const of = (name: string): EngineView['containers'][number]['owner'] | undefined =>
      view.containers.find(({ owner }) => owner.containerName.startsWith(name))?.owner;
    t.equal(of('sidecar')?.joinedContainerId, of('web')?.containerId);
    t.strictSame(
      of('both')
        ?.networks.map(({ name }) => name)
        .sort(),
      ['mesh', 'ub'],
    );
    t.match(of('both')?.networks.find(({ name }) => name === 'mesh')?.ip ?? '', /^10\.5[01]\.0\./);
    t.match(of('web')?.networks[0]?.mac ?? '', /^02:42:/);
    t.equal(of('web')?.image, IMAGE);
  });

  t.test('a task names its service, and its node is the engine’s own', async (t) => {
    for (const host of [h1, h2]) {
      const { engines, containers } = await viewOnce(host.dockerSocket);
      const task = containers.find(({ owner }) => owner.serviceName === 'app')?.owner;
      assert.ok(task !== undefined);
      assert.equal(task.nodeId, engines[0]?.swarmNodeId);
      assert.equal(task.containerName, task.taskName);
      t.equal(task.taskName?.split('.').at(-1), task.taskId);
      t.equal(engines[0]?.swarmManager, host === h1);
      t.equal(engines[0]?.swarmNodeAddress, host.address);
      t.equal(engines[0]?.name, host.name);
      t.match(engines[0]?.apiVersion ?? '', /^1\.[0-9]+$/);
    }
  });

  t.test('every owner is in the namespace where the kernel has it, seen from another pid and mount namespace', async (t) => {
    const view = await viewOnce(h1.dockerSocket, second.socket);
    const { owners, joined, gaps } = await proven(view);
    t.strictSame(gaps, []);
    const found = new Map([...owners].map(([id, owner]) => [owner.containerName, id]));
    for (const name of ['plain', 'web', 'alone', 'both']) t.equal(found.get(name), await netnsOf(h1.dockerd, name), name);
    t.equal(found.get('stranger'), await netnsOf(second, 'stranger'));
    t.equal(found.size, 6);
    const guests = Object.fromEntries([...joined].flatMap(([id, list]) => list.map((owner) => [owner.containerName, id])));
    t.strictSame(guests, { sidecar: found.get('web'), exporter: await netnsOf(h1.dockerd, 'exporter') });
  });

  t.test('owners are the same seen from the host itself', async (t) => {
    const program = `
      const [{ createEngines, containerIdsOfProcesses }, { assignOwners }, { discover }] = await Promise.all(
        ['docker/index.js', 'model/owners.js', 'discover/index.js'].map((path) => import(new URL(path, process.argv[1]))));
      const view = await createEngines({ sockets: ['/run/docker.sock'], explicit: true }).view();
      const { namespaces } = await discover({ procRoot: '/proc', netnsDirs: [], mayInspect: true });
      const { owners, joined, gaps } = assignOwners(namespaces.map((found) => ({ ...found, id: 'net:[' + found.ino + ']' })),
        view, { containerIdsOf: containerIdsOfProcesses('/proc'), narrowed: false });
      const told = [...[...owners].map(([id, owner]) => [owner.containerName, id]), ...[...joined].flatMap(([id, list]) => list.map((owner) => [owner.containerName, id]))];
      console.log(JSON.stringify({ told, gaps: [...view.gaps, ...gaps] }));`;
    const base = pathToFileURL(join(ROOT, 'dist/src/')).href;
    const { stdout } = await h1.exec([process.execPath, '--input-type=module', '-e', program, base]);
    const { told, gaps } = JSON.parse(stdout) as { told: [string, string][]; gaps: unknown[] };
    t.strictSame(gaps, []);
    t.equal(told.length, 7);
    for (const [name, id] of told) t.equal(id, await netnsOf(h1.dockerd, name), name);
  });

  t.test('networks have their VNIs, subnets and bridges, on a worker, too', async (t) => {
    const manager = await viewOnce(h1.dockerSocket);
    const worker = await viewOnce(h2.dockerSocket);
    const network = (view: EngineView, name: string): EngineView['networks'][number] | undefined =>
      view.networks.find((each) => each.name === name);
    const ingress = network(manager, 'ingress');
    t.strictSame([ingress?.driver, ingress?.scope, ingress?.ingress, ingress?.vnis], ['overlay', 'swarm', true, [4096]]);
    const mesh = network(manager, 'mesh');
    // The docker command sends them in an order of its own, by chance (consolidateIpam in docker/cli).
    t.strictSame(mesh?.subnets.toSorted(), ['10.50.0.0/24', '10.51.0.0/24']);
    t.equal(mesh?.vnis.length, 2);
    t.strictSame(network(worker, 'mesh')?.vnis, mesh?.vnis);
    t.equal(network(worker, 'mesh')?.id, mesh?.id);
    t.equal(mesh?.bridge, undefined);
    t.strictSame([mesh?.encrypted, network(manager, 'secret')?.encrypted], [false, true]);
    t.strictSame([network(manager, 'ub')?.internal, network(manager, 'named')?.internal], [false, true]);
    t.strictSame(network(manager, 'ub')?.labels, { tier: '<b>' });
    const bridges = (await h1.exec(['ip', '-o', 'link', 'show', 'type', 'bridge'])).stdout;
    for (const name of ['ub', 'named', 'bridge', 'docker_gwbridge']) {
      t.ok(bridges.includes(`: ${network(manager, name)?.bridge}: `), name);
    }
    t.equal(network(await viewOnce(second.socket), 'bridge')?.bridge, 'docker1');
  });

  t.test('labels come as they are', async (t) => {
    const { containers } = await viewOnce(h1.dockerSocket);
    t.strictSame(containers.find(({ owner }) => owner.containerName === 'web')?.owner.labels, HOSTILE);
  });

  t.test('one daemon that is asked through two sockets tells everything once', async (t) => {
    const view = await viewOnce(h1.dockerSocket, `unix:///proc/${h1.pid}/root/run/docker.sock`);
    t.equal(view.engines.length, 2);
    t.equal(new Set(names(view)).size, names(view).length);
    t.ok(view.containers.every(({ owner }) => owner.engine === h1.dockerSocket));
  });

  t.test('a second daemon on the same host is told apart, and one that is stopped costs a time limit', async (t) => {
    const view = await viewOnce(h1.dockerSocket, second.socket);
    t.equal(view.containers.find(({ owner }) => owner.containerName === 'stranger')?.owner.engine, second.socket);
    const pid = second.pid;
    assert.ok(pid !== undefined);
    process.kill(pid, 'SIGSTOP');
    t.after(() => continueProcess(pid));
    const engines = createEngines({ sockets: [h1.dockerSocket, second.socket], explicit: true, timeLimitMs: 500 });
    const begin = performance.now();
    const hung = await engines.view();
    t.ok(performance.now() - begin < 15_000);
    t.strictSame(
      hung.gaps.map(({ engine, status }) => [engine, status]),
      [[second.socket, 'TIMED_OUT']],
    );
    t.equal(hung.containers.length, 7);
  });

  t.test('what happens is followed: start, rename, pause, connect, die, destroy', async (t) => {
    const engines = createEngines({ sockets: [h1.dockerSocket], explicit: true, follow: true });
    t.after(() => engines.close());
    t.ok(!names(await engines.view()).includes('late'));
    await h1.docker('run', '-d', '--name', 'late', '--network', 'ub', IMAGE);
    t.after(() => h1.dockerd.tryDocker(['rm', '-f', 'late', 'later']));
    await viewWhere(engines, 'late to be there', (view) => names(view).includes('late'));
    await h1.docker('rename', 'late', 'later');
    await viewWhere(engines, 'the new name', (view) => names(view).includes('later') && !names(view).includes('late'));
    const mode = (view: EngineView): string | undefined =>
      view.containers.find(({ owner }) => owner.containerName === 'later')?.owner.networkMode;
    await h1.docker('network', 'connect', 'mesh', 'later');
    await viewWhere(engines, 'the overlay', (view) => mode(view) === 'overlay');
    await h1.docker('network', 'disconnect', 'mesh', 'later');
    await viewWhere(engines, 'the bridge alone', (view) => mode(view) === 'bridge');
    await h1.docker('network', 'create', 'fresh');
    await viewWhere(engines, 'the network', (view) => view.networks.some(({ name }) => name === 'fresh'));
    await h1.docker('network', 'rm', 'fresh');
    await viewWhere(engines, 'no network', (view) => !view.networks.some(({ name }) => name === 'fresh'));

    await h1.docker('pause', 'later');
    try {
      t.ok(names(await engines.view()).includes('later'), 'a paused container runs');
    } finally {
      // What is frozen cannot even be killed.
      await h1.docker('unpause', 'later');
    }
    await h1.docker('restart', '--time', '1', 'later');
    const restarted = await viewWhere(engines, 'the restarted one', (view) => names(view).includes('later'));
    t.strictSame((await proven(restarted)).gaps, []);
    await h1.docker('stop', '--time', '1', 'later');
    await viewWhere(engines, 'its end', (view) => !names(view).includes('later'));
    t.strictSame((await engines.view()).gaps, []);
  });

  t.test(
    'containers that come and go while views run leave no wrong owner and no gap but VANISHED',
    {
      timeout: 120_000,
    },
    async (t) => {
      const engines = createEngines({ sockets: [h1.dockerSocket], explicit: true, follow: true });
      t.after(() => engines.close());
      let busy = true;
      const churn = (async () => {
        for (let round = 0; round < 4; round++) {
          await Promise.all(
            [1, 2].map((at) => h1.docker('run', '--rm', '--name', `brief-${round}-${at}`, IMAGE, 'sleep', '0.2')),
          );
        }
        busy = false;
      })();
      let views = 0;
      while (busy) {
        const view = await engines.view();
        const { gaps, owners } = await proven(view);
        assert.deepEqual(
          [...view.gaps, ...gaps].filter(({ status }) => status !== 'VANISHED'),
          [],
        );
        assert.equal(new Set([...owners.values()].map(({ containerId }) => containerId)).size, owners.size);
        views++;
      }
      await churn;
      t.ok(views > 5, `only ${views} views`);
      const running = (await h1.docker('ps', '--format', '{{.Names}}')).split('\n').sort();
      await viewWhere(engines, 'the same as docker ps', (view) => names(view).join() === running.join());
    },
  );

  t.test(
    'a daemon that is restarted while it is followed is loaded again, and says so in between',
    {
      timeout: 90_000,
    },
    async (t) => {
      const engines = createEngines({ sockets: [second.socket], explicit: true, follow: true });
      t.after(() => engines.close());
      t.strictSame(names(await engines.view()), ['stranger']);
      await second.stop();
      const absent = await engines.view();
      t.equal(absent.gaps.length, 1);
      t.equal(absent.gaps[0]?.engine, second.socket);
      t.match(absent.gaps[0]?.message ?? '', /names and owners are [0-9.]+ s old/);
      await second.start();
      await second.docker('run', '-d', '--name', 'reborn', IMAGE);
      const back = await engines.view();
      t.strictSame([names(back), back.gaps], [['reborn'], []]);
      t.strictSame((await proven(back)).gaps, []);
    },
  );

  t.test('somebody who may not use the socket is told which group may', async (t) => {
    const stand = await standIn(new FakeEngine().handler);
    t.after(() => stand.close());
    chmodSync(join(stand.socket, '..'), 0o755);
    chmodSync(stand.socket, 0o660);
    const hidden = mkdtempSync(join(tmpdir(), 'nsatlas-hidden-'));
    t.after(() => rmSync(hidden, { recursive: true }));
    const program = `
      const { createEngines } = await import(process.argv[1]);
      const view = await createEngines({ sockets: process.argv.slice(2), explicit: false }).view();
      console.log(JSON.stringify(view.gaps.map(({ status, errno, message }) => ({ status, errno, message }))));`;
    const index = pathToFileURL(join(ROOT, 'dist/src/docker/index.js')).href;
    const argv = ['--input-type=module', '-e', program, index, stand.socket, join(hidden, 'docker.sock')];
    const { stdout, stderr } = spawnSync(process.execPath, argv, { uid: 65534, gid: 65534, encoding: 'utf8', cwd: '/' });
    t.equal(stderr, '');
    const gaps = JSON.parse(stdout) as { status: string; errno: string; message: string }[];
    t.strictSame(
      gaps.map(({ status, errno }) => [status, errno]),
      [
        ['DENIED', 'EACCES'],
        ['DENIED', 'EACCES'],
      ],
    );
    t.match(gaps[0]?.message ?? '', /0660 allows root and the group root/);
    t.match(gaps[1]?.message ?? '', /one of the directories above it/);
  });
});
