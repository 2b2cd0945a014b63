import assert from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import type { Roster } from '../../../src/collector/follow/roster.js';
import type { HostEntry } from '../../../src/model/types.js';
import { fakeLink } from '../agent/fake-host.js';
import { unordered } from '../agent/watch-rig.js';
import { fakeAgent, FakeFleet, type FakeReplica, fakeRoster, FakeSource, settle } from './fake-fleet.js';

const ADDRESSES = ['a:1', 'b:1', 'c:1', 'd:1'];
const HOSTS = ['h1', 'h2', 'h3'];
const FORGET_MS = 60_000;

const address = fc.constantFrom(...ADDRESSES);
const action = fc.oneof(
  fc.record({ what: fc.constant('start' as const), at: address, host: fc.constantFrom(...HOSTS) }),
  // The agent of one address is reached by another one, too.
  fc.record({ what: fc.constant('share' as const), at: address, with: address }),
  fc.record({ what: fc.constantFrom('kill' as const, 'stop' as const, 'go on' as const, 'change' as const), at: address }),
  fc.record({ what: fc.constantFrom('cut' as const, 'mend' as const), at: address }),
  fc.record({ what: fc.constant('name' as const), all: fc.subarray(ADDRESSES) }),
  fc.record({ what: fc.constant('wait' as const), ms: fc.constantFrom(100, 1000, 3000, 10_000, 70_000) }),
);
type Action = typeof action extends fc.Arbitrary<infer Value> ? Value : never;

let mtu = 1000;

function act(fleet: FakeFleet, source: FakeSource, step: Exclude<Action, { what: 'wait' }>): void {
  if (step.what === 'name') {
    source.set(step.all);
    return;
  }
  const agent = fleet.agents.get(step.at);
  switch (step.what) {
    case 'start':
      fleet.agents.set(step.at, fakeAgent(step.host));
      break;
    case 'share':
      if (agent !== undefined) fleet.agents.set(step.with, agent);
      break;
    case 'kill':
      if (agent !== undefined) agent.dead = true;
      break;
    case 'stop':
    case 'go on':
      if (agent !== undefined) agent.stopped = step.what === 'stop';
      break;
    case 'change':
      agent?.live.setLink(fakeLink('net:[1]', 1, { mtu: ++mtu }));
      break;
    case 'cut':
      fleet.dark.add(step.at);
      break;
    case 'mend':
      fleet.dark.delete(step.at);
      break;
  }
}

const isUsed = (entry: HostEntry): boolean =>
  entry.host !== undefined && entry.state !== 'CONFLICT' && !/^the same agent as/.test(entry.problem ?? '');

/** What holds at any time. @param passedMs since what was `before` @returns the hosts that named agents tell of, by address */
function check(
  fleet: FakeFleet,
  roster: Roster,
  source: FakeSource,
  { before, passedMs }: { readonly before: ReadonlyMap<string, string>; readonly passedMs: number },
): Map<string, string> {
  const members = roster.members().map(({ hostId }) => hostId);
  const entries = roster.entries();
  assert.equal(new Set(members).size, members.length, 'a host is a member once');
  const named = source.addresses;
  const agents = entries.filter(({ problem }) => !/will be dropped in/.test(problem ?? ''));
  assert.deepEqual(
    agents.map(({ agent }) => agent).sort(),
    [...named].sort(),
    'each target has an entry, and nothing else has one',
  );
  assert.deepEqual(
    entries.flatMap((entry) => (isUsed(entry) ? [entry.host] : [])).sort(),
    [...members].sort(),
    'each host is told of by one entry',
  );
  for (const [agent, host] of before) {
    // An agent that tells of another host now leaves the one before to be forgotten, which a long step has time for.
    const moved = agents.some((entry) => entry.agent === agent && entry.host !== undefined && entry.host !== host);
    if (named.includes(agent) && !(moved && passedMs >= FORGET_MS))
      assert.ok(members.includes(host), `${host}, told of by ${agent}, which is still named, is lost`);
  }
  for (const entry of entries) {
    assert.equal(entry.state === 'LIVE' && isUsed(entry), entry.problem === undefined, JSON.stringify(entry));
    if (entry.state === 'STALE' && isUsed(entry)) assert.ok(roster.gaps().some(({ host }) => host === entry.host));
  }
  for (const member of roster.members()) assert.equal(member.entry().host, member.hostId);
  assert.ok(fleet.open <= named.length, `${fleet.open} clients for ${named.length} targets`);
  return new Map(agents.flatMap((entry) => (isUsed(entry) ? [[entry.agent, entry.host ?? '']] : [])));
}

t.test(
  'whatever connects, falls silent, moves and clashes: a host is there once, none is lost, and all is well when all is well',
  async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(action, { minLength: 5, maxLength: 40 }), async (steps) => {
        const fleet = new FakeFleet();
        const source = new FakeSource(ADDRESSES);
        const { roster } = fakeRoster(fleet, [source], { forgetMs: FORGET_MS });
        try {
          roster.start();
          let known = new Map<string, string>();
          for (const step of steps) {
            if (step.what === 'wait') await fleet.clock.advance(step.ms);
            else act(fleet, source, step);
            await settle();
            known = check(fleet, roster, source, { before: known, passedMs: step.what === 'wait' ? step.ms : 0 });
          }
          fleet.dark.clear();
          for (const agent of fleet.agents.values()) agent.stopped = false;
          // Longer than the longest pause between two attempts, twice: one may have to give way to another.
          for (let round = 0; round < 8; round++) {
            await fleet.clock.advance(10_000);
            known = check(fleet, roster, source, { before: known, passedMs: 10_000 });
          }
          settled(fleet, roster, source);
        } finally {
          roster.close();
          await fleet.clock.advance(1000);
          assert.equal(fleet.open, 0);
        }
      }),
      { numRuns: 25 },
    );
  },
);

/** Everybody who lives and is named was heard, and what is known of a host is what one of those who are it says. */
function settled(fleet: FakeFleet, roster: Roster, source: FakeSource): void {
  const living = source.addresses.flatMap((at) => {
    const agent = fleet.agents.get(at);
    return agent === undefined || agent.dead ? [] : [{ at, agent, host: agent.live.host()?.id ?? '' }];
  });
  const entries = roster.entries();
  for (const { at, host } of living) {
    const entry = entries.find(({ agent, problem }) => agent === at && !/will be dropped in/.test(problem ?? ''));
    assert.ok(entry?.state === 'LIVE' || entry?.state === 'CONFLICT', `${at}: ${JSON.stringify(entry)}`);
    assert.equal(entry.host, host);
  }
  for (const hostId of new Set(living.map(({ host }) => host))) {
    const member = roster.members().find((each) => each.hostId === hostId);
    assert.equal(member?.entry().state, 'LIVE');
    const told = unordered((member?.live as FakeReplica).merger.snapshot());
    const at = member?.entry().agent;
    assert.deepEqual(told, unordered(living.find((each) => each.at === at)?.agent.live.snapshot()));
  }
  for (const { agent } of living) assert.ok(agent.streams <= 1, 'an agent is streamed once');
}
