import t from 'tap';
import { fakeLink, fakeNetns } from '../agent/fake-host.js';
import { FakeLive } from '../agent/fake-live.js';
import { unordered } from '../agent/watch-rig.js';
import { fakeAgent, FakeSource } from './fake-fleet.js';
import { A, B, C, rig } from './roster-rig.js';

t.test(
  'an agent goes from UNREACHABLE by SYNCING to LIVE, its host is a member, and what it tells afterwards arrives',
  async (t) => {
    const { fleet, roster, states, entry, replica } = rig(t, [A]);
    const agent = fakeAgent('h1');
    fleet.agents.set(A, agent);
    const seen: string[] = [];
    roster.subscribe(() => seen.push(roster.entries()[0]?.state ?? '-'));
    roster.start();
    t.strictSame(states(), { [A]: '- UNREACHABLE' });
    t.strictSame(roster.members(), []);
    await fleet.clock.advance(100);
    t.strictSame([...new Set(seen)], ['UNREACHABLE', 'SYNCING', 'LIVE']);
    const { problem, host, hostName, ageMs, namespaces, interfaces, resyncs, disconnects, details, source } = entry(A);
    t.strictSame(
      {
        problem,
        host,
        hostName,
        aged: ageMs !== undefined,
        namespaces,
        interfaces,
        resyncs,
        disconnects,
        id: details?.id,
        source,
      },
      {
        problem: undefined,
        host: 'h1',
        hostName: 'node-h1',
        aged: true,
        namespaces: 1,
        interfaces: 1,
        resyncs: 0,
        disconnects: 0,
        id: 'h1',
        source: 'fake',
      },
    );
    t.strictSame(roster.gaps(), []);
    agent.live.setLink(fakeLink('net:[1]', 1, { mtu: 1400 }));
    await fleet.clock.advance(1000);
    t.strictSame(unordered(replica('h1').merger.snapshot()), unordered(agent.live.snapshot()));
  },
);

t.test('a quiet agent stays LIVE by its heartbeats, and its age does not grow', async (t) => {
  const { fleet, roster, states, entry } = rig(t, [A]);
  fleet.agents.set(A, fakeAgent('h1'));
  roster.start();
  await fleet.clock.advance(60_000);
  t.strictSame(states(), { [A]: 'h1 LIVE' });
  t.ok((entry(A).ageMs ?? Infinity) <= 2500);
  t.equal(fleet.attempts.get(A), 1);
});

t.test(
  'an agent that stops without a word is STALE within four heartbeats, its host stays with its age, and it is back by itself',
  async (t) => {
    const { fleet, roster, states, entry, replica } = rig(t, [A, B]);
    const agent = fakeAgent('h1');
    fleet.agents.set(A, agent);
    fleet.agents.set(B, fakeAgent('h2'));
    roster.start();
    await fleet.clock.advance(10_000);
    agent.stopped = true;
    await fleet.clock.advance(5500);
    t.equal(states()[A], 'h1 LIVE');
    await fleet.clock.advance(4500);
    t.strictSame(states(), { [A]: 'h1 STALE', [B]: 'h2 LIVE' });
    await fleet.clock.advance(60_000);
    const stale = entry(A);
    t.ok(stale.ageMs !== undefined && stale.ageMs > 69_000 && stale.ageMs < 73_000, `${stale.ageMs} ms`);
    t.match(
      stale.problem ?? '',
      /^silent for 1 min 1[0-2] s: the agent at 10\.0\.0\.1:7117 is connected but has sent nothing for/,
    );
    t.equal(roster.members().length, 2);
    t.equal(stale.interfaces, 1);
    const gaps = roster.gaps();
    t.strictSame(
      gaps.map(({ host, status, operation }) => ({ host, status, operation })),
      [{ host: 'h1', status: 'STALE_HOST', operation: 'follow' }],
    );
    t.match(gaps[0]?.message ?? '', /^host node-h1: silent for .*; its data is 1 min 1[0-2] s old$/);
    agent.live.add(fakeNetns(2));
    agent.stopped = false;
    await fleet.clock.advance(1000);
    t.strictSame(states(), { [A]: 'h1 LIVE', [B]: 'h2 LIVE' });
    t.strictSame(unordered(replica('h1').merger.snapshot()), unordered(agent.live.snapshot()));
    t.equal(entry(A).resyncs, 0, 'it went on where it was');
    t.equal(entry(A).disconnects, 1);
    // The stream was good: the next failure is tried again at once.
    t.equal(fleet.open, 2);
  },
);

t.test('an agent process that is replaced at its address is told anew, and the host stays the same object', async (t) => {
  const { fleet, roster, states, entry, replica } = rig(t, [A]);
  const first = fakeAgent('h1');
  fleet.agents.set(A, first);
  roster.start();
  await fleet.clock.advance(10_000);
  const [member] = roster.members();
  first.dead = true;
  await fleet.clock.advance(500);
  t.strictSame(states(), { [A]: 'h1 STALE' });
  t.match(entry(A).problem ?? '', /^silent for .*: cannot reach the agent at .*: connection refused/);
  const second = fakeAgent('h1', { number: 7 });
  fleet.agents.set(A, second);
  await fleet.clock.advance(1000);
  t.strictSame(states(), { [A]: 'h1 LIVE' });
  t.equal(roster.members()[0], member);
  t.strictSame(unordered(replica('h1').merger.snapshot()), unordered(second.live.snapshot()));
  t.equal(entry(A).resyncs, 1);
});

t.test('pauses between attempts grow to ten seconds, and begin anew after a good stream', async (t) => {
  const { fleet, roster } = rig(t, [A]);
  roster.start();
  const at: number[] = [];
  for (let tenths = 0; tenths < 900; tenths++) {
    const before = fleet.attempts.get(A) ?? 0;
    await fleet.clock.advance(100);
    if ((fleet.attempts.get(A) ?? 0) > before) at.push(fleet.clock.now());
  }
  const pauses = at.slice(1).map((time, index) => time - (at[index] ?? 0));
  t.ok((pauses[0] ?? 0) <= 300 && (pauses[1] ?? 0) <= 500, pauses.join());
  t.ok(
    pauses.slice(-3).every((pause) => pause >= 5000 && pause <= 10_100),
    pauses.join(),
  );
  fleet.agents.set(A, fakeAgent('h1'));
  await fleet.clock.advance(20_000);
  const before = fleet.attempts.get(A) ?? 0;
  fleet.agents.delete(A);
  await fleet.clock.advance(600);
  t.equal((fleet.attempts.get(A) ?? 0) - before, 1);
  t.equal(fleet.open, 0, 'no client is left');
});

t.test('a refused call is said and tried again slowly', async (t) => {
  const { fleet, roster, states, entry } = rig(t, [A]);
  fleet.refusing.set(A, 'REFUSED');
  roster.start();
  await fleet.clock.advance(60_000);
  t.strictSame(states(), { [A]: '- UNREACHABLE' });
  t.match(entry(A).problem ?? '', /says no/);
  t.equal(entry(A).problemCode, 'ERR_NSATLAS_AGENT_REFUSED');
  const attempts = fleet.attempts.get(A) ?? 0;
  t.ok(attempts >= 3 && attempts <= 6, `${attempts} attempts`);
  t.strictSame(
    roster.gaps().map(({ status, operation, host, code }) => ({ status, operation, host, code })),
    [{ status: 'FAILED', operation: 'follow', host: undefined, code: 'ERR_NSATLAS_AGENT_REFUSED' }],
  );
});

t.test(
  'a host whose agent is named no more is kept for the set time and then forgotten; one that is named stays, silent as it is',
  async (t) => {
    const { fleet, source, roster, states, entry } = rig(t, [A, B], { forgetMs: 60_000 });
    const [a, b] = [fakeAgent('h1'), fakeAgent('h2')];
    fleet.agents.set(A, a).set(B, b);
    roster.start();
    await fleet.clock.advance(10_000);
    a.dead = true;
    b.dead = true;
    source.set([B]);
    await fleet.clock.advance(50_000);
    t.strictSame(states(), { [A]: 'h1 STALE', [B]: 'h2 STALE' });
    t.match(entry(A).problem ?? '', /^fake no longer lists its agent \(10\.0\.0\.1:7117\); its data will be dropped in 10 s$/);
    await fleet.clock.advance(11_000);
    t.strictSame(states(), { [B]: 'h2 STALE' });
    await fleet.clock.advance(600_000);
    t.strictSame(
      roster.members().map(({ hostId }) => hostId),
      ['h2'],
    );
  },
);

t.test('an address that is named again goes on where it was', async (t) => {
  const { fleet, source, roster, states, entry } = rig(t, [A]);
  fleet.agents.set(A, fakeAgent('h1'));
  roster.start();
  await fleet.clock.advance(10_000);
  source.set([]);
  await fleet.clock.advance(5000);
  t.equal(fleet.open, 0);
  source.set([A]);
  t.strictSame(states(), { [A]: 'h1 STALE' });
  await fleet.clock.advance(1000);
  t.strictSame(states(), { [A]: 'h1 LIVE' });
  t.equal(entry(A).resyncs, 0);
});

t.test('an agent that goes on from a cursor that it was not given is told anew', async (t) => {
  const { fleet, roster, states, entry, replica } = rig(t, [A]);
  const first = fakeAgent('h1');
  fleet.agents.set(A, first);
  roster.start();
  await fleet.clock.advance(10_000);
  first.dead = true;
  const second = fakeAgent('h1', { number: 9 });
  // As if it knew where the other one was.
  second.spoil = ({ restart, ...event }) => (restart === undefined && event.synced !== undefined ? [event] : []);
  fleet.agents.set(A, second);
  await fleet.clock.advance(1000);
  t.match(entry(A).problem ?? '', /it resumes from a cursor that it was not sent/);
  t.equal(replica('h1').merger.snapshot()?.namespaces[0]?.id, 'net:[1]');
  second.spoil = undefined;
  await fleet.clock.advance(31_000);
  t.strictSame(states(), { [A]: 'h1 LIVE' });
  t.strictSame(unordered(replica('h1').merger.snapshot()), unordered(second.live.snapshot()));
  t.equal(fleet.resumed.length, 1, 'and not from there again');
});

t.test('an agent whose words wait for their turn is not silent', async (t) => {
  let release: (() => void) | undefined;
  let isBusy = false;
  const turn = (): Promise<void> => (isBusy ? new Promise((resolve) => (release = resolve)) : Promise.resolve());
  const { fleet, roster, states, entry } = rig(t, [A], { turns: { turn } });
  fleet.agents.set(A, fakeAgent('h1'));
  roster.start();
  await fleet.clock.advance(10_000);
  isBusy = true;
  await fleet.clock.advance(60_000);
  t.strictSame(states(), { [A]: 'h1 LIVE' });
  isBusy = false;
  release?.();
  await fleet.clock.advance(10_000);
  t.strictSame(states(), { [A]: 'h1 LIVE' });
  t.equal(entry(A).disconnects, 0);
});

t.test('what makes no sense is said, costs nothing that is known, and is not asked for all the time', async (t) => {
  const { fleet, roster, states, entry } = rig(t, [A]);
  const agent = fakeAgent('h1');
  fleet.agents.set(A, agent);
  roster.start();
  await fleet.clock.advance(10_000);
  const bad = fakeAgent('h1');
  bad.spoil = (event) => (event.host === undefined ? [event] : [{ ...event, host: { ...event.host, id: 'x'.repeat(10_000) } }]);
  agent.dead = true;
  fleet.agents.set(A, bad);
  await fleet.clock.advance(60_000);
  t.strictSame(states(), { [A]: 'h1 STALE' });
  t.match(entry(A).problem ?? '', /sent invalid events: the id of its host has 10000 characters; it is not used/);
  t.ok((fleet.attempts.get(A) ?? 0) < 10);
  bad.spoil = (event) => (event.host === undefined ? [event] : []);
  await fleet.clock.advance(60_000);
  t.match(entry(A).problem ?? '', /it does not identify its host/);
  bad.spoil = undefined;
  await fleet.clock.advance(31_000);
  t.strictSame(states(), { [A]: 'h1 LIVE' });
});

t.test('names from strangers are fit for a line, in messages and in the log', async (t) => {
  const { fleet, roster, log } = rig(t, [A]);
  const agent = fakeAgent('h\u001b[2J', { name: `evil\u202e\n${'x'.repeat(4000)}` });
  fleet.agents.set(A, agent);
  roster.start();
  await fleet.clock.advance(1000);
  agent.dead = true;
  await fleet.clock.advance(1000);
  const texts = [...roster.gaps().map(({ message }) => message), ...log.lines.map((line) => JSON.stringify(line.fields))];
  t.ok(texts.length >= 3);
  for (const text of texts) {
    t.notMatch(text, /[\p{Cc}\p{Cf}]/u);
    t.ok(text.length < 1500, `${text.length} characters`);
  }
});

t.test('one address of two sources is one agent, and what is wrong with a source is a gap until it is over', async (t) => {
  const other = new FakeSource([A, B], 'other');
  const { fleet, source, roster, entry, log } = rig(t, [A], {}, [other]);
  fleet.agents.set(A, fakeAgent('h1')).set(B, fakeAgent('h2'));
  roster.start();
  await fleet.clock.advance(1000);
  t.strictSame(
    roster.entries().map(({ agent, source: from }) => `${agent} ${from}`),
    [`${A} fake`, `${B} other`],
  );
  other.fail('cannot be asked\u001b[2J');
  t.strictSame(roster.gaps(), [{ status: 'FAILED', operation: 'discover', message: 'other: cannot be asked\\u{1b}[2J' }]);
  other.fail(undefined);
  t.strictSame(roster.gaps(), []);
  t.strictSame(
    log.lines.filter(({ message }) => message.startsWith('finding')).map(({ level, message }) => `${level} ${message}`),
    ['warn finding agents', 'info finding agents works again'],
  );
  source.set([]);
  await fleet.clock.advance(1000);
  t.equal(entry(A).source, 'other');
  t.equal(fleet.attempts.get(A), 1, 'it was not connected to anew');
});

t.test('a source that names more than can be followed is cut, and says so', async (t) => {
  const { roster, source } = rig(t, []);
  roster.start();
  source.set(Array.from({ length: 10_002 }, (_, at) => `10.1.${at >> 8}.${at & 255}:7117`));
  t.equal(roster.entries().length, 10_000);
  t.match(roster.gaps()[0]?.message ?? '', /^fake: lists 10002 agents; only 10000 of them are followed$/);
});

t.test('a host of this process that cannot be read is said, and read again', async (t) => {
  const { fleet, roster, states } = rig(t, []);
  const live = new FakeLive({ namespaces: [fakeNetns(1)] });
  const host = live.host.bind(live);
  live.host = () => undefined;
  live.answer = () => Promise.reject(new Error('EMFILE: too many open files'));
  roster.addLocal(live);
  await fleet.clock.advance(1000);
  t.strictSame(states(), { local: '- UNREACHABLE' });
  t.match(roster.gaps()[0]?.message ?? '', /EMFILE/);
  live.answer = () => Promise.resolve();
  live.host = host;
  await fleet.clock.advance(6000);
  t.strictSame(states(), { local: 'h1 LIVE' });
  roster.close();
  t.equal(live.released, live.leased.length);
  t.equal(live.listeners, 0);
});

t.test('a roster that is closed connects to nobody any more, and what it knew stays readable', async (t) => {
  const { fleet, roster, source } = rig(t, [A, C]);
  fleet.agents.set(A, fakeAgent('h1'));
  roster.start();
  await fleet.clock.advance(5000);
  roster.close();
  await fleet.clock.advance(1000);
  const attempts = [...fleet.attempts.values()].reduce((sum, count) => sum + count, 0);
  source.set([A, B, C]);
  await fleet.clock.advance(60_000);
  t.equal(
    [...fleet.attempts.values()].reduce((sum, count) => sum + count, 0),
    attempts,
  );
  t.equal(fleet.open, 0);
  t.equal(roster.members().length, 1);
});
