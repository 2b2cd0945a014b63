import { setImmediate as nextTurn } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { Hub, type HubStep } from '../../../src/serve/hub.js';

type HubOptions = ConstructorParameters<typeof Hub>[0];

const NO_HEARTBEAT = { everyMs: 0, mark: (): undefined => undefined };

/** A hub with one reader, which is sent messages of one byte. */
class Rig {
  /** Messages of each batch. */
  readonly batches: number[] = [];
  /** How many messages there are to be sent. */
  left = 0;
  /** Nothing that is sent is taken as long as this is set. */
  held = false;
  readonly #waiting: (() => void)[] = [];
  #listener: () => void = () => undefined;

  constructor(t: Test, options: Partial<HubOptions> = {}, onStep: () => void = () => undefined) {
    const controller = new AbortController();
    const hub = new Hub({
      who: 'agent',
      now: () => performance.now(),
      ...options,
      subscribe: (listener) => {
        this.#listener = listener;
        return () => undefined;
      },
    });
    const served = hub.serve(
      this.#steps(onStep),
      { signal: controller.signal, write: (messages) => this.#take(messages.length) },
      NO_HEARTBEAT,
    );
    served.catch(() => undefined);
    t.after(() => controller.abort(new Error('gone')));
  }

  /** Something has changed, of which there is one message to send. */
  change(): void {
    this.left++;
    this.#listener();
  }

  /** What was sent first is taken. */
  takeOne(): void {
    this.#waiting.shift()?.();
  }

  *#steps(onStep: () => void): Generator<HubStep, never> {
    for (;;) {
      onStep();
      if (this.left > 0) {
        this.left--;
        yield new Uint8Array(1);
      } else yield 'wait';
    }
  }

  #take(count: number): Promise<void> {
    this.batches.push(count);
    return this.held ? new Promise((resolve) => this.#waiting.push(resolve)) : Promise.resolve();
  }
}

async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await nextTurn();
}

t.test('a reader is sent more while something is on its way, but never a third batch before the first is taken', async (t) => {
  // No time passes: a stretch that is over its time sends what is left in the next one.
  const rig = new Rig(t, { now: () => 0 });
  await turns(2);
  rig.held = true;
  for (let change = 0; change < 5; change++) {
    rig.change();
    await turns(3);
  }
  t.strictSame(rig.batches, [1, 1]);
  rig.takeOne();
  await turns(3);
  t.strictSame(rig.batches, [1, 1, 3], 'what came meanwhile is told at once');
  await turns(3);
  t.equal(rig.batches.length, 3);
});

t.test('each change is told as soon as what made it has ended, or all of a turn together', async (t) => {
  for (const [together, wanted] of [
    [false, [1, 1, 1]],
    [true, [3]],
  ] as const) {
    const rig = new Rig(t, { together, now: () => 0 });
    await turns(2);
    for (let change = 0; change < 3; change++) {
      await Promise.resolve().then(() => rig.change());
      await Promise.resolve();
    }
    await turns(3);
    t.strictSame(rig.batches, wanted);
  }
});

t.test('readers that are behind get as much time as everything else took, within limits', async (t) => {
  let now = 0;
  const rig = new Rig(t, { now: () => now, budgetMs: 6, mostMs: 20 }, () => now++);
  await turns(2);
  rig.left = 1000;
  rig.change();
  await turns(1);
  rig.batches.length = 0;
  for (const others of [0, 10, 15, 100, 0]) {
    now += others;
    await turns(1);
  }
  t.strictSame(rig.batches, [6, 10, 15, 20, 6]);
});
