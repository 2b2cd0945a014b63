// An observer in a process of its own: for tests that stop, end or weaken it. Prints one line of JSON at a time.
import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import { fileURLToPath } from 'node:url';
import { EVENT_RULES } from '../../src/tables/index.js';
import { createObserver, NativeError } from '../../src/native/index.js';
import { eventually } from './hygiene.js';
import { NATIVE_OPTIONS, testReader } from './native-addon.js';
import { addonThreads } from './native-process.js';
import { ScratchNetns } from './netns.js';
import { giveIds, placeOf } from './observer.js';

/** exit: right after it was made; idle: nothing keeps it alive; worker: in a worker that ends; try: says what went wrong; listen: until its end. */
export type ObserverTask = 'exit' | 'idle' | 'worker' | 'try' | 'listen';

/** What a child that listens has heard by now. */
export interface Heard {
  readonly dead: readonly number[];
  readonly lost: number;
  /** Namespaces that changed, in order. */
  readonly changed: readonly number[];
}

/** What a child that tries says: nothing went wrong without `code`. */
export interface Tried {
  readonly code?: string;
  readonly errno?: number;
  readonly syscall?: string;
  readonly message?: string;
}

const NOBODY = (): void => undefined;

function say(what: unknown): void {
  process.stdout.write(`${JSON.stringify(what)}\n`);
}

function tryOne(): Tried {
  try {
    createObserver({ ...NATIVE_OPTIONS, events: EVENT_RULES, onEvents: NOBODY }).close();
    return {};
  } catch (error) {
    if (!(error instanceof NativeError)) throw error;
    const { code, errno, syscall, message } = error;
    return { code, message, ...(errno !== undefined && { errno }), ...(syscall !== undefined && { syscall }) };
  }
}

/** Gives the namespaces at `paths` the ids from 1 on and says after each call what was heard so far. */
async function listen(paths: readonly string[], receiveBufferBytes: number): Promise<void> {
  const dead: number[] = [];
  const changed = new Set<number>();
  let lost = 0;
  const tell = (): void => say({ dead, lost, changed: [...changed].sort((a, b) => a - b) } satisfies Heard);
  const observer = createObserver({
    ...NATIVE_OPTIONS,
    events: EVENT_RULES,
    receiveBufferBytes,
    onEvents: () => {
      const events = observer.take();
      dead.push(...events.dead);
      lost += events.lost;
      for (const { nsid } of events.changes) changed.add(nsid);
      tell();
    },
  });
  const reader = testReader();
  await giveIds(
    reader,
    placeOf(observer),
    paths.map((path) => new ScratchNetns(path)),
    1,
  );
  reader.close();
  tell();
  process.stdin.resume().once('end', () => observer.close());
}

async function workers(): Promise<void> {
  for (let count = 0; count < 3; count++) {
    const worker = new Worker(fileURLToPath(import.meta.url));
    await new Promise((resolve) => worker.once('message', resolve));
    await worker.terminate();
  }
  await eventually('the threads end with their workers', () => addonThreads('nsatlas-events') === 0);
}

if (isMainThread) {
  const [, , task, buffer, ...paths] = process.argv;
  if (task === 'worker') await workers();
  else if (task === 'listen') await listen(paths, Number(buffer));
  else if (task === 'try') say(tryOne());
  else {
    createObserver({ ...NATIVE_OPTIONS, events: EVENT_RULES, onEvents: NOBODY });
    if (task === 'exit') process.exit(0);
  }
} else {
  createObserver({ ...NATIVE_OPTIONS, events: EVENT_RULES, onEvents: NOBODY });
  parentPort?.postMessage('made');
}
