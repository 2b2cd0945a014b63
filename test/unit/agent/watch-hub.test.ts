import t, { type Test } from 'tap';
import { createWatchers } from '../../../src/agent/watchers.js';
import type { WatchEvent } from '../../../src/model/types.js';
import { decode } from '../../../src/wire/codec.js';
import { eventually } from '../../support/hygiene.js';
import { fakeLink, fakeNetns } from './fake-host.js';
import { FakeLive } from './fake-live.js';
import { EVERYTHING } from './watch-rig.js';

interface Reading {
  readonly events: WatchEvent[];
  /** What it was sent is not taken as long as this is set. */
  held: boolean;
  readonly take: () => void;
  readonly stop: () => void;
  readonly ended: Promise<unknown>;
}

/** A reader of the server's side of Watch. */
function read(t: Test, live: FakeLive, heartbeatMs: number): Reading {
  const controller = new AbortController();
  const waiting: (() => void)[] = [];
  const reading: Reading = {
    events: [],
    held: false,
    take: () => {
      for (const resolve of waiting.splice(0)) resolve();
    },
    stop: () => controller.abort(new Error('gone')),
    ended: createWatchers({ live, now: () => performance.now() })
      .serve(
        { ...EVERYTHING, heartbeatMs },
        {
          signal: controller.signal,
          write: (messages) => {
            reading.events.push(...messages.map((message) => decode('nsatlas.v1.WatchResponse', message)));
            return reading.held ? new Promise((resolve) => waiting.push(resolve)) : Promise.resolve();
          },
        },
      )
      .catch((cause: unknown) => cause),
  };
  t.after(reading.stop);
  return reading;
}

const marks = ({ events }: Reading): number => events.filter(({ synced }) => synced !== undefined).length;
const quiet = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

t.test(
  'who asks for a heartbeat is told the mark again when there is nothing to tell, at its cursor; others are not',
  async (t) => {
    const live = new FakeLive({ namespaces: [fakeNetns(1)] });
    const [asking, other] = [read(t, live, 500), read(t, live, 0)];
    await eventually('three marks have come', () => marks(asking) >= 3);
    const last = asking.events.at(-1);
    t.strictSame(last?.cursor, { epoch: live.epoch, revision: BigInt(live.revision) });
    t.equal(last?.synced?.freshness.mode, 'EVENTS');
    t.equal(marks(other), 1);
    asking.stop();
    t.match(String(await asking.ended), /gone/);
    const before = asking.events.length;
    await quiet(700);
    t.equal(asking.events.length, before);
  },
);

t.test('less than half a second counts as half a second, and changes put the heartbeat off', async (t) => {
  const live = new FakeLive({ namespaces: [fakeNetns(1)] });
  const reading = read(t, live, 1);
  await quiet(450);
  t.equal(marks(reading), 1);
  for (let mtu = 1000; mtu < 1010; mtu++) {
    live.setLink(fakeLink('net:[1]', 1, { mtu }));
    await quiet(100);
  }
  t.equal(marks(reading), 1, 'each change was a sign of life');
  await eventually('there is nothing to tell any more', () => marks(reading) === 2);
});

t.test('a reader that is behind is sent no heartbeats, and the next ones when it has taken everything', async (t) => {
  const live = new FakeLive({ namespaces: [fakeNetns(1)] });
  const reading = read(t, live, 500);
  await eventually('it is in sync', () => marks(reading) === 1);
  reading.held = true;
  live.setLink(fakeLink('net:[1]', 1, { mtu: 1400 }));
  await eventually('it is sent the change', () => reading.events.at(-1)?.netns !== undefined);
  const before = reading.events.length;
  await quiet(1300);
  t.equal(reading.events.length, before);
  reading.held = false;
  reading.take();
  await eventually('it is told again', () => marks(reading) === 2);
});
