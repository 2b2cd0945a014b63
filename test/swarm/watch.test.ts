// `nsatlas watch` and a gRPC client of `nsatlas agent` on real Docker hosts: each follows h1 on its own, and nobody asks anything else.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import t, { type Test } from 'tap';
import type { HostSnapshot, Netns } from '../../src/model/types.js';
import { parseSnapshotJson } from '../../src/wire/json.js';
import { Lab, type LabContainer, type LabHost, labObstacle, startContainer, waitFor } from '../lab/index.js';
import { NSATLAS } from '../support/cli.js';
import { comparableSnapshot, stateDifferences } from '../support/live-compare.js';
import {
  agentView,
  continueProgram,
  descriptorsElsewhere,
  engineGap,
  fdbRow,
  type Look,
  neighborRow,
  netnsOfContainer,
  overlay,
  pairedOn,
  stopProgram,
  type View,
  watchView,
} from './watch-views.js';

t.setTimeout(0);

/** RFC 5737; no host of the lab has it. */
const NOBODY = '198.51.100.99';
/** A namespace without references is taken down by a kernel thread, which the whole machine shares. */
const DEATH_MS = 10_000;

t.test('a real swarm of two hosts, watched', { skip: labObstacle() ?? false }, async (t) => {
  let lab: Lab;
  let h1: LabHost;
  let h2: LabHost;
  let overlayId: string;
  let views: View[] = [];

  t.before(async () => {
    lab = await Lab.create({ name: 'watch' });
    [h1, h2] = (await lab.addDockerHosts('h1', 'h2')) as [LabHost, LabHost];
    await lab.swarm();
    overlayId = await h1.docker('network', 'create', '--driver', 'overlay', '--attachable', 'app_net');
    views = [await watchView(h1), await agentView(h1)];
    await Promise.all(views.map((view) => view.until('it is in sync', () => view.merger.synced || undefined, 20_000)));
  });

  t.after(async () => {
    for (const view of views) await view.end();
    await lab.destroy();
  });

  /** Does something and waits until both views show each of its effects, which neither showed before. */
  const shows = async <Result>(
    t: Test,
    what: string,
    act: () => Promise<Result>,
    effects: Readonly<Record<string, Look<unknown>>>,
    limitMs = 45_000,
  ): Promise<Result> => {
    for (const view of views)
      for (const [name, look] of Object.entries(effects))
        assert.equal(look(view.snapshot), undefined, `${view.name} shows "${name}" before: ${what}`);
    const began = performance.now();
    const waits = views.map(async (view) => {
      const times = Object.entries(effects).map(async ([name, look]) => {
        const { at } = await view.until(`${what}: ${name}`, look, limitMs);
        return `${name} ${Math.round(at - began)} ms`;
      });
      return `${view.name}: ${(await Promise.all(times)).join(', ')}`;
    });
    const acted = act().then((result) => ({ result, tookMs: performance.now() - began }));
    const [{ result, tookMs }, ...times] = await Promise.all([acted, ...waits]);
    t.comment(`${what} (itself ${Math.round(tookMs)} ms) → ${times.join(' | ')}`);
    return result;
  };

  const gone =
    (netnsId: string): Look<true> =>
    ({ namespaces }) =>
      namespaces.some(({ id }) => id === netnsId) ? undefined : true;

  /** A command in a namespace of h1. @param netns as nsenter takes it: "-t PID -n", "--net=PATH" */
  const inside = (netns: readonly string[], ...argv: string[]): Promise<unknown> => h1.exec(['nsenter', ...netns, ...argv]);

  const removeContainer = (name: string): Promise<string> => h1.docker('rm', '--force', name);

  /** A veth pair into a container's namespace that Docker knows nothing of: the end on the host lives as long as the namespace. */
  const canary = async ({ pid }: LabContainer, name: string): Promise<() => boolean> => {
    await h1.exec(['ip', 'link', 'add', name, 'type', 'veth', 'peer', 'name', `${name}p`, 'netns', String(pid)]);
    const lives = (): boolean => readFileSync(`/proc/${h1.pid}/net/dev`, 'utf8').includes(`${name}:`);
    assert.ok(lives());
    return lives;
  };

  /** Whether the namespace is mounted anywhere on h1. */
  const isMounted = ({ netnsId }: LabContainer): boolean => readFileSync(`/proc/${h1.pid}/mountinfo`, 'utf8').includes(netnsId);

  t.test('shows a container that is run, connected to a network, changed within, and removed', async (t) => {
    const web = await shows(t, 'docker run', () => startContainer(h1.dockerd, 'web'), {
      owner: netnsOfContainer('web'),
      paired: pairedOn('web', 'eth0', 'HOST docker0'),
    });
    for (const view of views) t.equal(netnsOfContainer('web')(view.snapshot)?.id, web.netnsId, view.name);
    await shows(t, 'docker network connect', () => h1.docker('network', 'connect', 'app_net', 'web'), {
      overlay: overlay(overlayId),
      paired: pairedOn('web', 'eth1', 'OVERLAY br0'),
      mode: (host) => (netnsOfContainer('web')(host)?.owner?.networkMode === 'overlay' ? true : undefined),
    });
    await shows(t, 'ip link set eth0 down', () => inside(['-t', String(web.pid), '-n'], 'ip', 'link', 'set', 'eth0', 'down'), {
      down: (host) => {
        const link = netnsOfContainer('web')(host)?.interfaces.find(({ name }) => name === 'eth0');
        return link?.operState === 'DOWN' && !link.flags.includes('UP') ? link : undefined;
      },
      'its peer without carrier': (host) => {
        const peer = pairedOn('web', 'eth0', 'HOST docker0')(host);
        return peer?.operState === 'DOWN' || peer?.operState === 'LOWERLAYERDOWN' ? peer : undefined;
      },
    });
    await shows(t, 'docker rm', () => removeContainer('web'), { gone: gone(web.netnsId) });
    for (const view of views) t.strictSame(unpaired(view.snapshot), ['HOST eth0 PEER_NOT_VISIBLE'], view.name);
  });

  t.test('shows a container of the other host in the overlay’s tables, and what is done to its rows', async (t) => {
    const here = await startContainer(h1.dockerd, 'here', '--network', 'app_net');
    t.after(() => removeContainer('here'));
    await everywhere('here', pairedOn('here', 'eth0', 'OVERLAY br0'));
    // Its address and its MAC are known when it runs; of those of earlier containers there are no rows.
    const look = {
      fdb: (host: HostSnapshot) => fdbRow(overlayId, { dst: h2.address })(host),
      neighbour: (host: HostSnapshot) => neighborRow(overlayId, { state: 'PERMANENT' })(host),
    };
    const there = await shows(
      t,
      'docker run on the other host',
      () => startContainer(h2.dockerd, 'there', '--network', 'app_net'),
      look,
    );
    t.after(() => h2.docker('rm', '--force', 'there'));
    const ip = there.addresses['app_net'] ?? '';
    const format = '{{(index .NetworkSettings.Networks "app_net").MacAddress}}';
    const mac = await h2.docker('inspect', '--format', format, 'there');
    await everywhere('fdb', fdbRow(overlayId, { mac, dst: h2.address, state: 'PERMANENT' }));
    await everywhere('neigh', neighborRow(overlayId, { ip, mac, state: 'PERMANENT' }));
    await h1.docker('exec', here.name, 'ping', '-c', '1', '-W', '5', ip);

    const netns = [`--net=/run/docker/netns/1-${overlayId.slice(0, 10)}`];
    const replace = ['bridge', 'fdb', 'replace', mac, 'dev', 'vxlan0', 'self', 'permanent', 'dst'];
    await shows(t, 'bridge fdb replace', () => inside(netns, ...replace, NOBODY), {
      'new dst': fdbRow(overlayId, { mac, dst: NOBODY }),
      'old dst gone': (host) => (fdbRow(overlayId, { mac, dst: h2.address })(host) === undefined ? true : undefined),
    });
    await shows(t, 'ip neigh del', () => inside(netns, 'ip', 'neigh', 'del', ip, 'dev', 'vxlan0'), {
      gone: (host) => (neighborRow(overlayId, { ip })(host) === undefined ? true : undefined),
    });
    await inside(netns, ...replace, h2.address);
    await everywhere('the row is mended', fdbRow(overlayId, { mac, dst: h2.address }));
  });

  t.test('keeps no container’s namespace alive, also while it is stopped, and tells afterwards', async (t) => {
    for (const isStopped of [false, true]) {
      const name = isStopped ? 'brief_2' : 'brief_1';
      const container = await startContainer(h1.dockerd, name);
      const lives = await canary(container, `canary${name.at(-1)}`);
      await everywhere(name, pairedOn(name, 'eth0', 'HOST docker0'));
      for (const view of views) {
        const look = (): true | undefined => (descriptorsElsewhere(view).length === 0 ? true : undefined);
        const detail = (): string => descriptorsElsewhere(view).join('\n');
        await waitFor(`${view.name} to have nothing open elsewhere`, look, { timeoutMs: 2000, detail });
      }
      if (isStopped) for (const { pid } of views) await stopProgram(pid);
      try {
        const began = performance.now();
        await removeContainer(name);
        const removed = performance.now();
        await waitFor('the namespace to be gone from the kernel', () => (lives() ? undefined : true), {
          timeoutMs: DEATH_MS,
          everyMs: 5,
        });
        t.ok(!isMounted(container));
        const [rmMs, deathMs] = [removed - began, performance.now() - removed].map(Math.round);
        t.comment(`${isStopped ? 'stopped' : 'running'}: docker rm ${rmMs} ms, gone from the kernel ${deathMs} ms later`);
        if (isStopped) for (const { snapshot, name: who } of views) t.ok(netnsOfContainer(name)(snapshot), `${who} stops`);
      } finally {
        if (isStopped) for (const { pid } of views) continueProgram(pid);
      }
      const goesOn = performance.now();
      await everywhere(`${name} is gone`, gone(container.netnsId));
      t.comment(`told ${Math.round(performance.now() - goesOn)} ms later`);
    }
  });

  t.test(
    'goes on when the daemon is restarted, and has the owners again without being asked',
    { timeout: 120_000 },
    async (t) => {
      const first = await startContainer(h1.dockerd, 'steady', '--restart', 'always');
      t.after(() => removeContainer('steady'));
      await everywhere('steady', pairedOn('steady', 'eth0', 'HOST docker0'));
      await shows(t, 'dockerd stopped', () => h1.dockerd.stop(), { gone: gone(first.netnsId), gap: engineGap });
      await shows(
        t,
        'dockerd started',
        () => h1.dockerd.start(),
        {
          'no gap': (host) => (engineGap(host) === undefined ? true : undefined),
          owner: netnsOfContainer('steady'),
          paired: pairedOn('steady', 'eth0', 'HOST docker0'),
        },
        30_000,
      );
    },
  );

  t.test('knows that a daemon is back when nothing changed in the kernel meanwhile', { timeout: 120_000 }, async (t) => {
    const h3 = await lab.addHost({ name: 'h3' });
    // Containers go on without their daemon; not to be had together with a swarm.
    await h3.startDockerd({ args: ['--live-restore'] });
    await lab.importImage(h3);
    const view = await agentView(h3);
    t.after(() => view.end());
    await startContainer(h3.dockerd, 'steady');
    await view.until('its owner', netnsOfContainer('steady'));
    // Twice: for a second after the container came everything is looked at again anyhow.
    for (const round of [1, 2]) {
      await h3.dockerd.stop();
      await view.until('that the daemon is gone', engineGap);
      t.ok(netnsOfContainer('steady')(view.snapshot), 'what was known is kept');
      await h3.dockerd.start();
      const answers = performance.now();
      const { at } = await view.until('that it is back', (host) => (engineGap(host) === undefined ? true : undefined), 20_000);
      t.ok(netnsOfContainer('steady')(view.snapshot));
      t.comment(`restart ${round}: known ${Math.round(at - answers)} ms after the first answer`);
    }
  });

  t.test('ends with what a fresh read finds', async (t) => {
    const differences = async (): Promise<string[]> => {
      const read = await h1.tryExec([process.execPath, NSATLAS, 'snapshot', '-o', 'json']);
      const truth = comparableSnapshot({ namespaces: parseSnapshotJson(read.stdout).namespaces.map(withoutUnderlay) });
      return views.flatMap(({ name, snapshot }) =>
        stateDifferences(comparableSnapshot({ namespaces: snapshot.namespaces.map(withoutUnderlay) }), truth).map(
          (line) => `${name}: ${line}`,
        ),
      );
    };
    let last: string[] = [];
    await waitFor(
      'both to agree with a fresh read',
      async () => {
        last = await differences();
        return last.length === 0 ? true : undefined;
      },
      { timeoutMs: 30_000, everyMs: 500, detail: () => last.join('\n') },
    );
    for (const { restarts, name } of views) t.strictSame(restarts, ['no cursor was given'], name);
  });

  /** Waits until every view shows it. */
  async function everywhere(what: string, look: Look<unknown>): Promise<void> {
    await Promise.all(views.map((view) => view.until(what, look)));
  }
});

/** "ROLE name STATUS" of every veth without its other end. */
function unpaired({ namespaces }: HostSnapshot): string[] {
  return namespaces.flatMap(({ role, interfaces }) =>
    interfaces.flatMap(({ name, veth }) =>
      veth === undefined || veth.status === 'PAIRED' ? [] : [`${role} ${name} ${veth.status}`],
    ),
  );
}

/**
 * A vxlan link tells in which namespace it was made but names no link there. Who watches knows that namespace; who reads once knows it only
 * when something else made it ask (NsidResolver asks about links that are named).
 */
function withoutUnderlay(netns: Netns): Netns {
  const interfaces = netns.interfaces.map((link) => {
    if (link.kind !== 'vxlan') return link;
    const { linkNetnsId: _, ...rest } = link;
    return rest;
  });
  return { ...netns, interfaces };
}
