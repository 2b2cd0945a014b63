import t, { type Test } from 'tap';
import { createEngines, type Engines } from '../../../src/docker/index.js';
import type { EngineView } from '../../../src/docker/types.js';
import { FakeEngine, json, type StandIn, standIn } from '../../support/engine-stand-in.js';

const ONE = '1'.repeat(64);
const TWO = '2'.repeat(64);

interface Followed {
  readonly fake: FakeEngine;
  readonly stand: StandIn;
  readonly engines: Engines;
  readonly clock: { at: number };
}

async function follow(t: Test): Promise<Followed> {
  const fake = new FakeEngine();
  fake.networks.set('n1', { Id: 'n1', Name: 'front', Driver: 'bridge' });
  fake.containers.set(ONE, { id: ONE, name: 'one', mode: 'front', networks: { front: { NetworkID: 'n1' } } });
  const stand = await standIn(fake.handler);
  const clock = { at: 1_700_000_000_000 };
  const engines = createEngines({
    sockets: [stand.socket],
    explicit: true,
    follow: true,
    timeLimitMs: 500,
    retryMs: 10_000,
    reloadMs: 600_000,
    now: () => clock.at,
  });
  t.after(async () => {
    engines.close();
    await stand.close();
  });
  return { fake, stand, engines, clock };
}

function event(type: string, action: string, id: string, attributes: Record<string, string> = {}): object {
  return { Type: type, Action: action, Actor: { ID: id, Attributes: attributes }, scope: 'local', time: 1 };
}

/** Until what was written to the stream has been read by the other side: both ends are in this process. */
async function settle(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 25));
}

function names(view: EngineView): string[] {
  return view.containers.map(({ owner }) => owner.containerName).sort();
}

/** What was asked for since the last time. */
function asked(fake: FakeEngine): string[] {
  return fake.asked.splice(0);
}

t.test('when nothing happened only a sign of life is asked for', async (t) => {
  const { fake, engines } = await follow(t);
  t.strictSame(names(await engines.view()), ['one']);
  asked(fake);
  t.strictSame(names(await engines.view()), ['one']);
  t.strictSame(asked(fake), ['/_ping']);
});

t.test('only what an event names is asked for again', async (t) => {
  const { fake, engines } = await follow(t);
  await engines.view();
  asked(fake);
  fake.containers.set(TWO, { id: TWO, name: 'two' });
  fake.emit(event('container', 'create', TWO));
  fake.emit(event('container', 'start', TWO));
  await settle();
  t.strictSame(names(await engines.view()), ['one', 'two']);
  t.strictSame(asked(fake), ['/_ping', `/containers/${TWO}/json`]);
});

t.test('a container that dies or is destroyed is gone from the next view', async (t) => {
  const { fake, engines } = await follow(t);
  fake.containers.set(TWO, { id: TWO, name: 'two' });
  await engines.view();
  const two = fake.containers.get(TWO);
  if (two !== undefined) two.running = false;
  fake.containers.delete(ONE);
  fake.emit(event('container', 'die', TWO));
  fake.emit(event('container', 'destroy', ONE));
  await settle();
  const view = await engines.view();
  t.strictSame([names(view), view.gaps], [[], []]);
});

t.test('a new name is seen', async (t) => {
  const { fake, engines } = await follow(t);
  await engines.view();
  fake.containers.set(ONE, { id: ONE, name: 'renamed' });
  fake.emit(event('container', 'rename', ONE));
  await settle();
  t.strictSame(names(await engines.view()), ['renamed']);
});

t.test('a network that is made, connected and removed changes the container’s mode and the list', async (t) => {
  const { fake, engines } = await follow(t);
  await engines.view();
  fake.networks.set('n2', { Id: 'n2', Name: 'mesh', Driver: 'overlay' });
  fake.containers.set(ONE, { id: ONE, name: 'one', networks: { front: { NetworkID: 'n1' }, mesh: { NetworkID: 'n2' } } });
  fake.emit(event('network', 'create', 'n2'));
  fake.emit(event('network', 'connect', 'n2', { container: ONE, name: 'mesh', type: 'overlay' }));
  await settle();
  const connected = await engines.view();
  t.equal(connected.containers[0]?.owner.networkMode, 'overlay');
  t.strictSame(connected.networks.map(({ name }) => name).sort(), ['front', 'mesh']);

  fake.networks.delete('n2');
  fake.containers.set(ONE, { id: ONE, name: 'one', networks: { front: { NetworkID: 'n1' } } });
  fake.emit(event('network', 'disconnect', 'n2', { container: ONE }));
  fake.emit(event('network', 'destroy', 'n2'));
  await settle();
  const removed = await engines.view();
  t.equal(removed.containers[0]?.owner.networkMode, 'bridge');
  t.strictSame(
    removed.networks.map(({ name }) => name),
    ['front'],
  );
});

t.test('what happened while the stream was broken is found at the next view', async (t) => {
  const { fake, engines } = await follow(t);
  await engines.view();
  fake.breakStreams();
  await settle();
  fake.containers.set(TWO, { id: TWO, name: 'two' });
  t.strictSame(names(await engines.view()), ['one', 'two']);
  t.equal(fake.followers, 1, 'the stream is open again');
});

for (const [what, line] of [
  ['is not JSON', '{"Type":"container","Act\n'],
  ['has no action', '{"Type":"container","Actor":{"ID":"x"}}\n'],
  ['names nobody', '{"Type":"container","Action":"start"}\n'],
  ['is no object', '[]\n'],
] as const) {
  t.test(`after an event that ${what} everything is loaded again`, async (t) => {
    const { fake, engines } = await follow(t);
    await engines.view();
    asked(fake);
    fake.containers.set(TWO, { id: TWO, name: 'two' });
    fake.emit(line);
    await settle();
    t.strictSame(names(await engines.view()), ['one', 'two']);
    t.ok(asked(fake).includes('/containers/json'));
    t.equal(fake.followers, 1, 'the old stream is closed');
  });
}

t.test('an event that comes in pieces, between empty lines, is one event', async (t) => {
  const { fake, engines } = await follow(t);
  await engines.view();
  asked(fake);
  fake.containers.set(TWO, { id: TWO, name: 'zwölf' });
  const line = JSON.stringify(event('container', 'start', TWO, { name: 'zwölf' }));
  for (const piece of ['\r\n\n', line.slice(0, 20), line.slice(20), '\n\n']) {
    fake.emit(piece);
    await settle();
  }
  t.strictSame(names(await engines.view()), ['one', 'zwölf']);
  t.strictSame(asked(fake), ['/_ping', `/containers/${TWO}/json`]);
});

t.test('events of other things are passed over', async (t) => {
  const { fake, engines } = await follow(t);
  await engines.view();
  asked(fake);
  fake.emit({ Type: 'daemon', Action: 'reload', Actor: { ID: 'x', Attributes: {} } });
  fake.emit({ Type: 'service', Action: 'update' });
  await settle();
  await engines.view();
  t.strictSame(asked(fake), ['/_ping']);
});

t.test('an endless event does not fill the memory: everything is loaded again', async (t) => {
  const { fake, engines } = await follow(t);
  await engines.view();
  for (let at = 0; at < 6; at++) fake.emit('x'.repeat(1024 * 1024));
  for (let wait = 0; fake.followers > 0 && wait < 200; wait++) await settle();
  asked(fake);
  await engines.view();
  t.ok(asked(fake).includes('/containers/json'));
});

t.test('more changes than are worth asking about one by one make one whole load', async (t) => {
  const { fake, engines } = await follow(t);
  await engines.view();
  for (let at = 0; at < 1100; at++) fake.emit(event('container', 'die', at.toString(16).padStart(64, '0')));
  await settle();
  asked(fake);
  await engines.view();
  t.strictSame(
    asked(fake).filter((path) => path.startsWith('/containers/')),
    ['/containers/json', `/containers/${ONE}/json`],
  );
});

t.test('events are asked for from before the load, and the stream is open before the lists are read', async (t) => {
  const { fake, engines, clock } = await follow(t);
  let since = '';
  fake.override = (path, _response, request) => {
    if (path === '/events') since = new URL(request.url ?? '', 'http://x').searchParams.get('since') ?? '';
    return false;
  };
  await engines.view();
  const order = asked(fake);
  t.ok(order.indexOf('/events') < order.indexOf('/containers/json'));
  t.ok(order.indexOf('/events') < order.indexOf('/networks'));
  t.ok(Number(since) < clock.at / 1000);
  t.match(since, /^[0-9]+\.[0-9]{3}$/);
});

t.test(
  'an engine that hangs after it was loaded is a gap, its last names are kept and marked, and it is not waited for each time',
  async (t) => {
    const { fake, engines, clock } = await follow(t);
    await engines.view();
    fake.override = () => true;
    clock.at += 7000;
    const hung = await engines.view();
    t.strictSame(names(hung), ['one']);
    t.equal(hung.gaps[0]?.status, 'TIMED_OUT');
    t.match(hung.gaps[0]?.message ?? '', /are 7 s old/);
    asked(fake);
    t.equal((await engines.view()).gaps[0]?.status, 'TIMED_OUT');
    t.strictSame(asked(fake), []);

    fake.override = () => false;
    fake.containers.set(TWO, { id: TWO, name: 'two' });
    clock.at += 11_000;
    const again = await engines.view();
    t.strictSame([names(again), again.gaps], [['one', 'two'], []]);
  },
);

t.test('claims that rest on a process id alone do not outlive their engine’s answer', async (t) => {
  const { fake, engines } = await follow(t);
  fake.containers.set(TWO, { id: TWO, name: 'joined', mode: `container:${ONE}` });
  fake.override = (path, response) => {
    if (path !== `/containers/${TWO}/json`) return false;
    json(response, {
      Id: TWO,
      Name: '/joined',
      State: { Running: true, Pid: 7 },
      HostConfig: { NetworkMode: `container:${ONE}` },
      NetworkSettings: { SandboxKey: '' },
    });
    return true;
  };
  t.strictSame(names(await engines.view()), ['joined', 'one']);
  fake.override = (_path, response) => {
    json(response, { message: 'shutting down' }, 503);
    return true;
  };
  const view = await engines.view();
  t.strictSame(names(view), ['one']);
  t.match(view.gaps[0]?.message ?? '', /shutting down/);
});

t.test('a container that hangs is asked again only after a while, and its gap stays until then', async (t) => {
  const { fake, engines, clock } = await follow(t);
  fake.containers.set(TWO, { id: TWO, name: 'two' });
  fake.override = (path) => path === `/containers/${TWO}/json`;
  t.equal((await engines.view()).gaps.length, 1);
  asked(fake);
  clock.at += 1000;
  t.equal((await engines.view()).gaps.length, 1);
  t.strictSame(asked(fake), ['/_ping']);
  fake.override = () => false;
  clock.at += 10_000;
  const healed = await engines.view();
  t.strictSame([names(healed), healed.gaps], [['one', 'two'], []]);
});

t.test('everything is loaded anew now and then, even if no event came', async (t) => {
  const { fake, engines, clock } = await follow(t);
  await engines.view();
  fake.containers.set(TWO, { id: TWO, name: 'unheard' });
  t.strictSame(names(await engines.view()), ['one']);
  clock.at += 600_001;
  t.strictSame(names(await engines.view()), ['one', 'unheard']);
});

t.test('an engine that becomes a member of a swarm is known as one within a minute', async (t) => {
  const { fake, engines, clock } = await follow(t);
  t.equal((await engines.view()).engines[0]?.swarmNodeId, undefined);
  fake.override = (path, response) => {
    if (path !== '/info') return false;
    json(response, { ID: 'AAAA', Name: 'h1', Swarm: { NodeID: 'node1', NodeAddr: '10.0.0.1', ControlAvailable: true } });
    return true;
  };
  clock.at += 60_000;
  const [engine] = (await engines.view()).engines;
  t.strictSame([engine?.swarmNodeId, engine?.swarmNodeAddress, engine?.swarmManager], ['node1', '10.0.0.1', true]);
});

t.test('views that overlap share one answer', async (t) => {
  const { fake, engines } = await follow(t);
  await Promise.all([engines.view(), engines.view(), engines.view()]);
  t.equal(asked(fake).filter((path) => path === '/containers/json').length, 1);
});

t.test('the engine that disappears after it was known is a gap even if nobody named its socket', async (t) => {
  const fake = new FakeEngine();
  const stand = await standIn(fake.handler);
  const engines = createEngines({ sockets: [stand.socket], explicit: false, follow: true });
  t.after(() => engines.close());
  await engines.view();
  await stand.close();
  const view = await engines.view();
  t.strictSame(
    view.gaps.map(({ status, errno }) => [status, errno]),
    [['FAILED', 'ENOENT']],
  );
  t.equal(view.engines.length, 1);
});

t.test('closing hangs up the stream of events', async (t) => {
  const { fake, stand, engines } = await follow(t);
  await engines.view();
  t.equal(fake.followers, 1);
  engines.close();
  await settle();
  t.strictSame([fake.followers, stand.connections.size], [0, 0]);
  t.match((await engines.view()).gaps[0]?.message ?? '', /closed/);
  t.equal(stand.connections.size, 0);
});
