import t from 'tap';
import { fakeLink, fakeNetns, HOST, withFdb } from '../agent/fake-host.js';
import { FakeLive } from '../agent/fake-live.js';
import { unordered } from '../agent/watch-rig.js';
import { fakeAgent } from './fake-fleet.js';
import { A, B, rig } from './roster-rig.js';

t.test(
  'one agent by two addresses is streamed once, is no gap, and goes on by the other address when the first one fails',
  async (t) => {
    const { fleet, roster, states, entry, replica } = rig(t, [A, B]);
    const agent = fakeAgent('h1');
    fleet.agents.set(A, agent).set(B, agent);
    roster.start();
    await fleet.clock.advance(60_000);
    t.strictSame(states(), { [A]: 'h1 LIVE', [B]: 'h1 LIVE' });
    t.equal(agent.streams, 1);
    t.equal(roster.members().length, 1);
    t.strictSame(roster.gaps(), []);
    const other = entry(A).problem === undefined ? B : A;
    const used = other === A ? B : A;
    t.equal(entry(other).problem, `the same agent as ${used}, which is used`);
    t.ok((fleet.attempts.get(other) ?? 0) <= 6);
    t.equal(entry(other).disconnects, 0);
    fleet.agents.delete(used);
    await fleet.clock.advance(4000);
    agent.live.setLink(fakeLink('net:[1]', 1, { mtu: 1300 }));
    await fleet.clock.advance(1000);
    t.equal(states()[other], 'h1 LIVE');
    t.equal(entry(other).problem, undefined);
    t.equal(entry(other).resyncs, 0, 'the same process goes on from the cursor');
    t.strictSame(unordered(replica('h1').merger.snapshot()), unordered(agent.live.snapshot()));
    t.equal(states()[used], '- UNREACHABLE', 'no double host');
  },
);

t.test('two processes that are both heard and say they are one host are reported, and never merged', async (t) => {
  const { fleet, source, roster, states, entry, replica } = rig(t, [A]);
  const [first, second] = [fakeAgent('h1', { number: 1 }), fakeAgent('h1', { number: 2, name: 'impostor' })];
  fleet.agents.set(A, first).set(B, second);
  roster.start();
  await fleet.clock.advance(1000);
  source.set([B, A]);
  await fleet.clock.advance(100_000);
  t.strictSame(states(), { [A]: 'h1 LIVE', [B]: 'h1 CONFLICT' });
  t.equal(
    entry(B).problem,
    `the agent at ${B} claims to be host h1, and so does the agent at ${A}, which is used; give one of them another --host-id`,
  );
  t.equal(roster.members().length, 1);
  t.strictSame(unordered(replica('h1').merger.snapshot()), unordered(first.live.snapshot()));
  t.strictSame(
    roster.gaps().map(({ status, host }) => ({ status, host })),
    [{ status: 'FAILED', host: undefined }],
  );
  t.strictSame([entry(A).resyncs, entry(B).disconnects], [0, 0]);
});

t.test('an agent that is replaced under another address takes its host over: no double host', async (t) => {
  const { fleet, source, roster, states, entry, replica } = rig(t, [A]);
  const first = fakeAgent('h1');
  fleet.agents.set(A, first);
  roster.start();
  await fleet.clock.advance(10_000);
  const [member] = roster.members();
  first.dead = true;
  await fleet.clock.advance(300);
  const second = fakeAgent('h1', { number: 9 });
  fleet.agents.set(B, second);
  source.set([A, B]);
  await fleet.clock.advance(1000);
  t.strictSame(states(), { [A]: '- UNREACHABLE', [B]: 'h1 LIVE' });
  t.equal(roster.members()[0], member);
  t.equal(roster.members().length, 1);
  t.equal(entry(B).resyncs, 1);
  t.strictSame(unordered(replica('h1').merger.snapshot()), unordered(second.live.snapshot()));
  source.set([B]);
  await fleet.clock.advance(700_000);
  t.strictSame(states(), { [B]: 'h1 LIVE' });
});

t.test('an address that leads to another host and back again has both of them, the one that it left as it was', async (t) => {
  const { fleet, roster, replica } = rig(t, [A]);
  const ids = (): string[] => roster.members().map(({ hostId }) => hostId);
  roster.start();
  for (const [at, host] of ['h1', 'h2', 'h1', 'h2'].entries()) {
    const agent = fakeAgent(host, { number: at + 1 });
    fleet.agents.set(A, agent);
    await fleet.clock.advance(20_000);
    t.strictSame(
      roster.entries().map((entry) => `${entry.host} ${entry.state}`),
      at === 0 ? ['h1 LIVE'] : ['h1', 'h2'].map((id) => `${id} ${id === host ? 'LIVE' : 'STALE'}`),
    );
    t.strictSame(ids(), at === 0 ? ['h1'] : ['h1', 'h2']);
    t.strictSame(unordered(replica(host).merger.snapshot()), unordered(agent.live.snapshot()));
  }
});

t.test(
  'one in conflict takes the host over when the other one is gone, and not while that one is only connecting anew',
  async (t) => {
    const { fleet, source, roster, states } = rig(t, [A]);
    const [first, second] = [fakeAgent('h1'), fakeAgent('h1', { number: 2 })];
    fleet.agents.set(A, first).set(B, second);
    roster.start();
    await fleet.clock.advance(1000);
    source.set([A, B]);
    await fleet.clock.advance(20_000);
    t.strictSame(states(), { [A]: 'h1 LIVE', [B]: 'h1 CONFLICT' });
    // Away for three seconds, just when the other one is tried again.
    await fleet.clock.advance(18_500);
    fleet.agents.delete(A);
    await fleet.clock.advance(3000);
    fleet.agents.set(A, first);
    await fleet.clock.advance(10_000);
    t.strictSame(states(), { [A]: 'h1 LIVE', [B]: 'h1 CONFLICT' });
    first.dead = true;
    await fleet.clock.advance(8000);
    t.strictSame(states(), { [A]: '- UNREACHABLE', [B]: 'h1 LIVE' });
  },
);

t.test('who waits to tell of a host is asked at once when the one that did is not named any more', async (t) => {
  const { fleet, source, roster, states } = rig(t, [A]);
  const [first, second] = [fakeAgent('h1'), fakeAgent('h1', { number: 2 })];
  fleet.agents.set(A, first).set(B, second);
  roster.start();
  await fleet.clock.advance(1000);
  source.set([A, B]);
  await fleet.clock.advance(1000);
  t.strictSame(states(), { [A]: 'h1 LIVE', [B]: 'h1 CONFLICT' });
  source.set([B]);
  await fleet.clock.advance(500);
  t.strictSame(states(), { [B]: 'h1 LIVE' });
});

t.test('one in conflict that cannot be reached any more is in conflict no longer', async (t) => {
  const { fleet, source, roster, states } = rig(t, [A]);
  const second = fakeAgent('h1', { number: 2 });
  fleet.agents.set(A, fakeAgent('h1')).set(B, second);
  roster.start();
  await fleet.clock.advance(1000);
  source.set([A, B]);
  await fleet.clock.advance(1000);
  t.strictSame(states(), { [A]: 'h1 LIVE', [B]: 'h1 CONFLICT' });
  second.dead = true;
  await fleet.clock.advance(31_000);
  t.strictSame(states(), { [A]: 'h1 LIVE', [B]: '- UNREACHABLE' });
});

t.test('an address that is named again does not get back the host that it left', async (t) => {
  const { fleet, source, roster } = rig(t, [A]);
  const first = fakeAgent('h1');
  fleet.agents.set(A, first);
  roster.start();
  await fleet.clock.advance(10_000);
  first.dead = true;
  fleet.agents.set(A, fakeAgent('h2'));
  await fleet.clock.advance(2000);
  source.set([]);
  await fleet.clock.advance(1000);
  source.set([A]);
  t.strictSame(
    roster.entries().map(({ host, state, problem }) => `${host} ${state} ${/will be dropped in/.test(problem ?? '')}`),
    ['h1 STALE true', 'h2 STALE false'],
  );
});

t.test('a target whose machine was replaced tells of a new host; the old one stays for the set time, stale', async (t) => {
  const { fleet, roster, states } = rig(t, [A], { forgetMs: 60_000 });
  const first = fakeAgent('h1');
  fleet.agents.set(A, first);
  roster.start();
  await fleet.clock.advance(10_000);
  first.dead = true;
  fleet.agents.set(A, fakeAgent('h2'));
  await fleet.clock.advance(2000);
  t.strictSame(
    roster.entries().map(({ agent, host, state }) => `${agent} ${host} ${state}`),
    [`${A} h1 STALE`, `${A} h2 LIVE`],
  );
  t.match(
    roster.gaps()[0]?.message ?? '',
    /^host node-h1: the agent at .* now reports another host; its data will be dropped in 5\d s/,
  );
  t.equal(roster.members().length, 2);
  await fleet.clock.advance(61_000);
  t.strictSame(states(), { [A]: 'h2 LIVE' });
});

t.test('an agent that is another host each time fills neither the roster nor the time', async (t) => {
  const { fleet, roster } = rig(t, [A]);
  const agent = fakeAgent('h0');
  let id = 0;
  agent.spoil = (event) => (event.host === undefined ? [event] : [{ ...event, host: { ...event.host, id: `h${++id}` } }]);
  fleet.agents.set(A, agent);
  roster.start();
  for (let round = 0; round < 100; round++) {
    // In the midst of the stream, and by a stream of its own.
    agent.live.setHost({ ...HOST, id: 'x', name: `x${round}` });
    await fleet.clock.advance(1000);
    t.ok(roster.members().length <= 2, `${roster.members().length} hosts`);
  }
  t.ok(id > 10);
});

t.test('the host of this process is a member without being followed, and nobody else can be it', async (t) => {
  const { fleet, source, roster, states, entry } = rig(t, [A]);
  const impostor = fakeAgent('h1', { number: 5 });
  fleet.agents.set(A, impostor);
  roster.start();
  await fleet.clock.advance(1000);
  t.strictSame(states(), { [A]: 'h1 LIVE' });
  const live = new FakeLive({ namespaces: [fakeNetns(1)] });
  roster.addLocal(live);
  await fleet.clock.advance(1000);
  t.strictSame(states(), { local: 'h1 LIVE', [A]: 'h1 CONFLICT' });
  t.equal(roster.members().length, 1);
  t.equal(roster.members()[0]?.live, live);
  t.equal(entry('local').interfaces, 1);
  live.addRow('fdb', withFdb(1, 1).fdb[0]!);
  t.equal(entry('local').fdbEntries, 1);
  // Its own service, by a port.
  fleet.agents.set(B, { ...fakeAgent('h1'), live });
  source.set([B]);
  await fleet.clock.advance(40_000);
  t.strictSame(states(), { local: 'h1 LIVE', [B]: 'h1 LIVE' });
  t.equal(entry(B).problem, 'the same agent as local, which is used');
  t.strictSame(roster.gaps(), []);
});
