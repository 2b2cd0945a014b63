import t, { type Test } from 'tap';
import { swarmSource } from '../../../../src/collector/follow/sources/swarm.js';
import { FakeEngine, json, type StandIn, standIn } from '../../../support/engine-stand-in.js';
import { eventually } from '../../../support/hygiene.js';
import { FAST_CLOCK, follow, type Followed } from './source-rig.js';

/** A node as GET /nodes of an engine 20.10 has it, as far as it matters. */
function node(hostname: string, address: string, more: { state?: string; availability?: string; manager?: string } = {}): object {
  return {
    ID: `id-${hostname}`,
    Spec: { Role: more.manager === undefined ? 'worker' : 'manager', Availability: more.availability ?? 'active' },
    Description: { Hostname: hostname, Platform: { Architecture: 'x86_64', OS: 'linux' } },
    Status: { State: more.state ?? 'ready', Addr: address },
    ...(more.manager !== undefined && { ManagerStatus: { Leader: true, Reachability: 'reachable', Addr: more.manager } }),
  };
}

async function start(
  t: Test,
  nodes: unknown,
): Promise<{ engine: FakeEngine; stand: StandIn; followed: Followed; answer: (next: unknown, status?: number) => void }> {
  const engine = new FakeEngine();
  let [body, status] = [nodes, 200];
  engine.override = (path, response) => {
    if (path === '/info') json(response, { ID: 'e', Swarm: { NodeID: 'n', ControlAvailable: status !== 503 } });
    else if (path === '/nodes') json(response, body, status);
    else return false;
    return true;
  };
  const stand = await standIn(engine.handler);
  t.after(() => stand.close());
  const followed = follow(t, swarmSource(stand.socket, 7117, { clock: FAST_CLOCK, timeLimitMs: 300 }));
  return { engine, stand, followed, answer: (next, code = 200) => ([body, status] = [next, code]) };
}

t.test(
  'every node is an agent at the address that the manager sees; a manager without one is at what it tells other managers',
  async (t) => {
    const { followed, stand, answer, engine } = await start(t, [
      node('worker', '10.0.0.2'),
      node('six', 'fd00::2'),
      node('self', '0.0.0.0', { manager: '10.0.0.1:2377' }),
      node('loop', '127.0.0.1', { manager: '[fd00::9]:2377' }),
      node('both', '10.0.0.4', { manager: '192.0.2.4:2377' }),
    ]);
    await eventually('they are known', () => followed.targets !== undefined);
    t.strictSame(followed.addresses, ['10.0.0.2:7117', '[fd00::2]:7117', '10.0.0.1:7117', '[fd00::9]:7117', '10.0.0.4:7117']);
    t.ok(followed.targets?.every(({ source, note }) => source === `swarm:${stand.socket}:7117` && note === undefined));
    t.equal(followed.problem, undefined);
    answer([node('worker', '10.0.0.7')]);
    await eventually('it is asked again', () => followed.addresses?.join() === '10.0.0.7:7117');
    t.ok(engine.asked.every((path) => path === '/version' || path === '/nodes'));
  },
);

t.test(
  'a node that is down or drained stays, with a note; one that came back as another is told once; one that was removed goes',
  async (t) => {
    const { followed, answer } = await start(t, [
      node('old', '10.0.0.2', { state: 'down' }),
      node('new', '10.0.0.2'),
      node('gone\u001b[2J', '10.0.0.3', { state: 'down' }),
      node('idle', '10.0.0.4', { availability: 'drain' }),
    ]);
    await eventually('they are known', () => followed.targets !== undefined);
    t.strictSame(
      followed.targets?.map(({ address, note }) => [address, note]),
      [
        ['10.0.0.2:7117', undefined],
        ['10.0.0.4:7117', 'the Swarm’s node idle is set to drain'],
        ['10.0.0.3:7117', 'the Swarm’s node gone\\u{1b}[2J is down'],
      ].map(([address, note]) => [address, note?.replace('’', "'")]),
    );
    answer([node('new', '10.0.0.2')]);
    await eventually('it goes', () => followed.addresses?.join() === '10.0.0.2:7117');
  },
);

t.test('a node without an address is a problem, and the others are agents', async (t) => {
  const { followed } = await start(t, [node('nowhere', '0.0.0.0'), node('worker', '10.0.0.2'), node('odd', 'not an address')]);
  await eventually('they are known', () => followed.problem !== undefined);
  t.strictSame(followed.addresses, ['10.0.0.2:7117']);
  t.equal(followed.problem, 'the manager knows no address of nowhere, odd');
});

t.test(
  'an engine that is no manager is a problem that says so, and so are one that answers nonsense and one that is gone',
  async (t) => {
    const { followed, answer, stand } = await start(t, [node('worker', '10.0.0.2')]);
    await eventually('it is known', () => followed.addresses?.length === 1);
    answer({ message: "This node is not a swarm manager. Worker nodes can't be used to view or modify cluster state." }, 503);
    await eventually('it is a problem', () =>
      /^this engine is not a Swarm manager; give the socket/.test(followed.problem ?? ''),
    );
    answer({ message: 'something else' }, 500);
    await eventually('it is another', () => /answers nodes with status 500 \(something else\)/.test(followed.problem ?? ''));
    answer([{ Status: { Addr: '10.0.0.9' } }]);
    await eventually('it is a third', () => /the list has an element without an id/.test(followed.problem ?? ''));
    answer({});
    await eventually('it is a fourth', () => /the answer is not a list/.test(followed.problem ?? ''));
    await stand.close();
    await eventually('it is gone', () => /there is no such socket/.test(followed.problem ?? ''));
    t.strictSame(followed.addresses, ['10.0.0.2:7117'], 'what it named last is kept');
  },
);

t.test('an engine that hangs is a problem, and costs one question at a time', async (t) => {
  const { followed, engine } = await start(t, []);
  await eventually('it is asked', () => followed.targets !== undefined);
  engine.override = () => true;
  await eventually('it is a problem', () => /no answer to version within/.test(followed.problem ?? ''));
});
