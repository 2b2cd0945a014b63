// The agent as a service keeps no namespace of a container alive. The witness is the kernel, seen from outside: see Witness.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Test } from 'tap';
import { type LabHost, startContainer, waitFor } from '../lab/index.js';
import { STACK } from '../lab/stack.js';
import { Witness } from './lab-traces.js';
import { NETWORK, SERVICE, type StackRig } from './stack-rig.js';

/** Docker takes a namespace off as its container goes, and the kernel takes it apart a moment later. */
const DEATH_MS = 15_000;

/** Registers the tests. */
export function pinsNothing(t: Test, rigOf: () => StackRig): void {
  t.test('lets go of the namespaces of removed containers', async (t) => {
    const rig = rigOf();
    const [, h2] = rig.hosts;
    const witness = new Witness();
    t.after(() => witness.end());
    for (const name of ['gone_1', 'gone_2']) {
      const { pid, netnsId } = await startContainer(h2.dockerd, name, '--network', NETWORK);
      await witness.watchOn(h2.pid, pid);
      await waitFor('the agent to know it', async () => ((await knows(rig, h2, netnsId)) ? true : undefined), {
        timeoutMs: 10_000,
      });
    }
    t.equal(await witness.alive(), 2);
    await h2.docker('rm', '--force', 'gone_1');
    await waitForDeath(witness, 1);
    // Nothing is the agent's to do: it is not even running.
    const { id } = await rig.agentContainer(h2);
    await h2.docker('pause', id);
    await h2.docker('rm', '--force', 'gone_2');
    await waitForDeath(witness, 0);
    await h2.docker('unpause', id);
    t.strictSame(await strangers(rig, h2), []);
  });

  t.test('lets go of all that was there before the engine is started again', async (t) => {
    const rig = rigOf();
    const [, , h3] = rig.hosts;
    const before = await rig.agentContainer(h3);
    const witness = new Witness();
    t.after(() => witness.end());
    await witness.watchOn(h3.pid, (await rig.container(h3, SERVICE)).pid);
    await witness.watchMounts(h3.pid);
    const watched = await witness.alive();
    t.ok(watched >= 5, `${watched} namespaces: the task (twice), its overlay, ingress and its sandbox`);
    await h3.dockerd.stop();
    await h3.dockerd.start();
    const agent = await waitFor(
      'the agent to be started again',
      async () => {
        const container = await rig.agentContainer(h3);
        return container.id === before.id ? undefined : container;
      },
      { timeoutMs: 60_000 },
    );
    await waitForDeath(witness, 0);
    // What is mounted from now on is seen by that agent, and is let go of.
    const { netnsId, pid } = await startContainer(h3.dockerd, 'later');
    await witness.watchOn(h3.pid, pid);
    await waitFor('the agent to know it', async () => ((await knows(rig, h3, netnsId)) ? true : undefined), {
      timeoutMs: 30_000,
    });
    await h3.docker('rm', '--force', 'later');
    await waitForDeath(witness, 0);
    t.equal((await rig.agentContainer(h3)).id, agent.id);
    t.strictSame(await strangers(rig, h3), []);
    await rig.whole();
    await rig.inSync();
  });
}

async function waitForDeath(witness: Witness, alive: number): Promise<void> {
  const look = async (): Promise<true | undefined> => ((await witness.alive()) === alive ? true : undefined);
  await waitFor(`all but ${alive} of the namespaces to die`, look, { timeoutMs: DEATH_MS });
}

async function knows(rig: StackRig, host: LabHost, netnsId: string): Promise<boolean> {
  const agent = await rig.agent(host);
  try {
    return (await agent.list('netns', {})).items.some(({ id }) => id === netnsId);
  } finally {
    agent.close();
  }
}

/** Namespace mounts in the agent's mount namespace that its host does not have. */
async function strangers(rig: StackRig, host: LabHost): Promise<string[]> {
  const mounted = (mountinfo: string): string[] =>
    [...mountinfo.matchAll(/ (net:\[\d+\] \S+) .* - nsfs /g)].map(([, mount]) => mount ?? '');
  const container = await rig.container(host, `${STACK}_agent`);
  const own = mounted(readFileSync(join(rig.procOf(host, container), 'mountinfo'), 'utf8'));
  const hosts = new Set(mounted((await host.exec(['cat', '/proc/1/mountinfo'])).stdout));
  return own.filter((mount) => !hosts.has(mount));
}
