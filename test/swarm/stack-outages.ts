// What the collector shows while parts of the Swarm are away, and that all comes back by itself.
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Test } from 'tap';
import { serviceContainers, STACK } from '../lab/stack.js';
import { waitFor } from '../lab/index.js';
import { entryOf, NETWORK, SERVICE, type StackRig } from './stack-rig.js';

/** How long the cable is out, in seconds. */
const CUT_SECONDS = Number(process.env.NSATLAS_TEST_CUT_SECONDS ?? 12);

/** Registers the tests. */
export function outages(t: Test, rigOf: () => StackRig): void {
  t.test('an agent that is killed is replaced, and its host stays one', async (t) => {
    const rig = rigOf();
    const [, h2] = rig.hosts;
    const known = entryOf(await rig.inSync(), h2);
    const killed = await rig.agentContainer(h2);
    await h2.docker('kill', '--signal', 'KILL', killed.id);
    // All the time until the new one is heard there are three hosts, and all is shown of the one that is silent.
    const [resyncs, namespaces] = [known?.resyncs ?? 0, known?.namespaces ?? 0];
    await rig.until('the new agent to be heard', (entries) => {
      const entry = entryOf(entries, h2);
      assert.equal(entries.length, 3);
      assert.equal(entry?.host, known?.host);
      return entry?.state === 'LIVE' && entry.resyncs > resyncs && entry.namespaces >= namespaces ? true : undefined;
    });
    t.not((await rig.agentContainer(h2)).id, killed.id);
    await rig.inSync();
  });

  t.test(
    'a host that is cut off keeps its data with a growing age, the others are as before, and it comes back by itself',
    async (t) => {
      const rig = rigOf();
      const [, , h3] = rig.hosts;
      const whole = await rig.inSync();
      const endpoints = (await rig.list('endpoints', { services: [SERVICE] })).items.length;
      await rig.lab.linkDown(h3);
      const cutAt = Date.now();
      const stale = await rig.until('h3 to be stale', (entries) => {
        const entry = entryOf(entries, h3);
        return entry?.state === 'STALE' ? entry : undefined;
      });
      t.comment(`stale ${Date.now() - cutAt} ms after the cable was pulled`);
      await sleep(Math.max(0, CUT_SECONDS * 1000 - (Date.now() - cutAt)));
      const { items: entries } = await rig.list('hosts');
      const later = entryOf(entries, h3);
      assert.equal(later?.state, 'STALE');
      assert.ok((later.ageMs ?? 0) > (stale.ageMs ?? 0), `${stale.ageMs} then ${later.ageMs} ms`);
      assert.ok((later.ageMs ?? 0) > (CUT_SECONDS - 5) * 1000, `${later.ageMs} ms`);
      assert.match(later.problem ?? '', /\S/);
      t.strictSame([later.namespaces, later.interfaces], [entryOf(whole, h3)?.namespaces, entryOf(whole, h3)?.interfaces]);
      for (const host of [rig.hosts[0], rig.hosts[1]]) t.equal(entryOf(entries, host)?.state, 'LIVE', host.name);
      // In every answer: the part of the host that is cut off is there, and says how old it is.
      const answer = await rig.list('endpoints', { services: [SERVICE] });
      t.equal(answer.items.length, endpoints);
      const part = answer.items.find(({ hostName }) => hostName === 'h3');
      assert.equal(part?.state, 'STALE');
      t.ok((part.ageMs ?? 0) > 0);
      t.ok(answer.gaps.some(({ status }) => status === 'STALE_HOST'));
      await rig.lab.linkUp(h3);
      const backAt = Date.now();
      await rig.inSync(90_000);
      t.comment(`in sync ${Date.now() - backAt} ms after the cable was back`);
      // After a longer time Swarm has taken the node for lost, and starts its tasks anew.
      await rig.whole();
      await rig.inSync();
    },
  );

  t.test('a collector that is killed, or replaced by an update, is whole again by itself', async (t) => {
    const rig = rigOf();
    await rig.inSync();
    const service = `${STACK}_collector`;
    const killed = await rig.container(rig.manager, service);
    await rig.manager.docker('kill', '--signal', 'KILL', killed.id);
    await isWholeAgain(rig);
    const replaced = await rig.container(rig.manager, service);
    t.not(replaced.id, killed.id);
    await rig.manager.docker('service', 'update', '--detach', '--force', '--quiet', service);
    await waitFor(
      'the old collector to end',
      async () => ((await serviceContainers(rig.manager, service)).some(({ id }) => id === replaced.id) ? undefined : true),
      { timeoutMs: 60_000 },
    );
    await isWholeAgain(rig);
  });
}

async function isWholeAgain(rig: StackRig): Promise<void> {
  await rig.inSync();
  const overlays = (await rig.list('overlays', { networks: [NETWORK] })).items;
  assert.deepEqual(
    overlays.map(({ members }) => members.length),
    [3],
  );
  // Swarm may have replaced a task while its host was away, and the old container takes up to 10 s to stop: what Docker runs is what is true.
  await waitFor(
    'an endpoint of every container of the service that runs, and no other',
    async () => {
      const running = await Promise.all(rig.hosts.map((host) => serviceContainers(host, SERVICE)));
      const { items } = await rig.list('endpoints', { services: [SERVICE] });
      assert.deepEqual(
        items.map(({ owner }) => owner?.containerId).sort(),
        running
          .flat()
          .map(({ id }) => id)
          .sort(),
      );
      return items.length >= 3 ? true : undefined;
    },
    { timeoutMs: 30_000, everyMs: 500 },
  );
}
