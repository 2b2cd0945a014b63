// One scratch namespace with a pair of veths, and a live host over it that learns of changes by events only.
import { liveOptions } from './live-options.js';
import assert from 'node:assert/strict';
import t, { type Test } from 'tap';
import { createLiveHost, type OpenLiveHost } from '../../src/live/index.js';
import { ALL_TABLES, type Section, type SectionRows } from '../../src/tables/index.js';
import { guardHygiene } from './hygiene.js';
import { wholeNetns } from './live-compare.js';
import { Scratch, type ScratchNetns } from './netns.js';

type Json = Record<string, unknown>;

const open: OpenLiveHost[] = [];

/** To be called once by a test file: live hosts end with their test, and nothing is left behind. */
export function guardLiveHosts(): void {
  t.afterEach(() => {
    for (const live of open.splice(0)) live.close();
  });
  guardHygiene(t);
}

/** Closes a live host when its test has ended. */
export function keepOpen(live: OpenLiveHost): void {
  open.push(live);
}

/** A namespace with a pair of veths that are up, and the directory in which it is found. */
export function scratchNetns(t: Test): { netns: ScratchNetns; dir: string } {
  const scratch = Scratch.create(t);
  const netns = scratch.netns();
  netns.ip('link add v0 type veth peer name v1');
  netns.ipBatch(['link set v0 up', 'link set v1 up', 'addr add 10.9.0.1/24 dev v0', 'addr add fd00:9::1/64 dev v0 nodad']);
  return { netns, dir: scratch.dir };
}

/** A live host over one namespace, which hears of changes by events only. */
export async function watch(t: Test): Promise<{ live: OpenLiveHost; netns: ScratchNetns }> {
  const { netns, dir } = scratchNetns(t);
  const live = createLiveHost({ ...liveOptions(dir), rescanMs: 3_600_000 });
  keepOpen(live);
  live.lease(ALL_TABLES);
  return { live, netns };
}

/** Rows of a section, once `fits`; what they are in the end otherwise. */
export async function rows<Name extends Section>(
  live: OpenLiveHost,
  section: Name,
  fits: (found: SectionRows[Name][]) => void,
): Promise<void> {
  const deadline = performance.now() + 10_000;
  for (;;) {
    await live.ready(ALL_TABLES, AbortSignal.timeout(20_000));
    const [key] = live.keys();
    assert.ok(key !== undefined);
    const netns = wholeNetns(live, key);
    assert.ok(netns !== undefined);
    try {
      assert.ok(netns.tables.every(({ status }) => status === 'OK'));
      fits(netns[section] as SectionRows[Name][]);
      return;
    } catch (difference) {
      if (performance.now() > deadline) throw difference;
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** What a command prints as JSON. */
export function said(netns: ScratchNetns, command: string): Json[] {
  return JSON.parse(netns.exec(['ip', '-j', ...command.split(' ')]) || '[]') as Json[];
}

/** Runs what the kernel may have been built without; false when it refuses. */
export function tried(netns: ScratchNetns, command: string): boolean {
  try {
    netns.ip(command);
    return true;
  } catch {
    return false;
  }
}
