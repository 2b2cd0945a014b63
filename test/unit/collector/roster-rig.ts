// A roster over a fleet that is made up, and what the tests ask of it.

import assert from 'node:assert/strict';
import type { Test } from 'tap';
import type { Roster, RosterOptions } from '../../../src/collector/follow/roster.js';
import type { AgentSource } from '../../../src/collector/follow/sources/types.js';
import type { HostEntry } from '../../../src/model/types.js';
import { FakeFleet, type FakeReplica, fakeRoster, FakeSource } from './fake-fleet.js';

export const A = '10.0.0.1:7117';
export const B = '10.0.0.2:7117';
export const C = '10.0.0.3:7117';

/** A roster and what it is over. */
export interface Rig {
  readonly fleet: FakeFleet;
  readonly source: FakeSource;
  readonly roster: Roster;
  readonly log: ReturnType<typeof fakeRoster>['log'];
  /** "host STATE" of each entry, or "- STATE" without a host; by address. */
  readonly states: () => Record<string, string>;
  readonly entry: (agent: string) => HostEntry;
  readonly replica: (hostId: string) => FakeReplica;
}

/** A roster that is closed with the test. */
export function rig(
  t: Test,
  addresses: readonly string[],
  options: Partial<RosterOptions> = {},
  more: readonly AgentSource[] = [],
): Rig {
  const fleet = new FakeFleet();
  const source = new FakeSource(addresses);
  const { roster, log } = fakeRoster(fleet, [source, ...more], options);
  t.after(() => roster.close());
  return {
    fleet,
    source,
    roster,
    log,
    states: () => Object.fromEntries(roster.entries().map(({ agent, host = '-', state }) => [agent, `${host} ${state}`])),
    entry: (agent) => {
      const found = roster.entries().filter((entry) => entry.agent === agent);
      assert.equal(found.length, 1, `${found.length} entries of ${agent}`);
      return found[0] as HostEntry;
    },
    replica: (hostId) => roster.members().find((member) => member.hostId === hostId)?.live as FakeReplica,
  };
}
