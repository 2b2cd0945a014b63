// Runs a plan against the addon and prints what happened as one line of JSON: for tests that need a process of their own (a shim, a
// mount namespace, another user, an exit).
import { writeFileSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { setTimeout as sleep } from 'node:timers/promises';
import type { NetnsIdentity, NetnsReadProblem } from '../../src/native/types.js';
import { eventually, namespaceFds } from './hygiene.js';
import { addonThreads, threadNamespaces } from './native-process.js';
import { readAll } from './native-records.js';
import { dump, RTM_GETADDR, RTM_GETLINK } from './native-requests.js';
import { linkRows, rowReader } from './native-rows.js';

/** What the child is to do. */
export interface ChildPlan {
  /** Jobs, one after another; each dumps links and addresses of each path. */
  readonly jobs: readonly (readonly string[])[];
  readonly timeLimitMs?: number;
  /** Instead of reading. */
  readonly identify?: boolean;
  /** Links as rows instead; a path has the same key in every job. 'accept': interrupted answers, too. */
  readonly rows?: 'plain' | 'accept';
  /** Rows only: at the first word of the second job lets the stuck lane go, by this file, and holds that job until the lane has ended. */
  readonly wake?: { readonly file: string };
  /** After the jobs: lets the stuck threads go and waits until they are gone. */
  readonly release?: { readonly file: string } | 'parent';
  /** Ends while the last job is running, in this way. */
  readonly leave?: 'exit' | 'throw' | 'worker-terminate' | 'close';
}

/** What one target came to. */
export interface ChildOutcome {
  readonly identity: NetnsIdentity | undefined;
  /** errno of each request that ended. */
  readonly ends: readonly number[];
  readonly problem: NetnsReadProblem | undefined;
  /** How many rows were told. */
  readonly added?: number;
  readonly removed?: number;
}

export interface ChildJobReport {
  readonly outcomes: readonly ChildOutcome[];
  readonly ms: number;
  readonly threadNamespaces: readonly string[];
  /** Descriptors of namespaces still open. */
  readonly namespaceFds: number;
  readonly lanes: number;
}

export interface ChildReport {
  readonly jobs: readonly ChildJobReport[];
  /** After the release. */
  readonly after?: Omit<ChildJobReport, 'outcomes' | 'ms'>;
}

const reader = rowReader();

async function carryOut(paths: readonly string[], plan: ChildPlan): Promise<ChildOutcome[]> {
  if (plan.identify === true) {
    const results = await reader.identify(paths, plan.timeLimitMs);
    return results.map((result) => ({
      identity: 'identity' in result ? result.identity : undefined,
      ends: [],
      problem: 'problem' in result ? result.problem : undefined,
    }));
  }
  if (plan.rows !== undefined) return readRows(paths, plan);
  const records = await readAll(reader, {
    requests: [dump(RTM_GETLINK), dump(RTM_GETADDR)],
    targets: paths.map((path) => ({ path, requests: [0, 1] })),
    ...(plan.timeLimitMs === undefined ? {} : { timeLimitMs: plan.timeLimitMs }),
  });
  return records.map((record) => {
    if (record.problems.length !== 1) throw new Error(`${record.problems.length} ends of one target`);
    return { identity: record.identity, ends: record.ends.map((end) => end.errno), problem: record.problems[0] };
  });
}

const keys = new Map<string, number>();

function keyOf(path: string): number {
  const key = keys.get(path) ?? keys.size + 1;
  keys.set(path, key);
  return key;
}

/** While the visitor waits, so does the job: it is not over before. */
function wakeStuckLane(file: string): void {
  const sleeper = new Int32Array(new SharedArrayBuffer(4));
  const limit = performance.now() + ENDING_MS;
  writeFileSync(file, '');
  while (addonThreads('nsatlas-lane') > 1 && performance.now() < limit) Atomics.wait(sleeper, 0, 0, 5);
}

let jobsRead = 0;

async function readRows(paths: readonly string[], plan: ChildPlan): Promise<ChildOutcome[]> {
  const outcomes = paths.map(() => ({
    identity: undefined as NetnsIdentity | undefined,
    ends: [] as number[],
    problem: undefined as NetnsReadProblem | undefined,
    added: 0,
    removed: 0,
  }));
  const of = (target: number): (typeof outcomes)[number] => {
    const outcome = outcomes[target];
    if (outcome === undefined) throw new Error(`told of target ${target}, which is not there`);
    return outcome;
  };
  const rows = { format: 0, acceptInterrupted: plan.rows === 'accept' };
  const isSecond = ++jobsRead === 2;
  let isFirst = true;
  await reader.read(
    {
      requests: [{ ...linkRows, rows }],
      targets: paths.map((path) => ({ path, key: keyOf(path), requests: [0] })),
      // A frame to a batch: a lane cannot be done before it was heard.
      batchBytes: 1,
      ...(plan.timeLimitMs === undefined ? {} : { timeLimitMs: plan.timeLimitMs }),
    },
    {
      target: (target, identity) => {
        of(target).identity = identity;
        if (isFirst && isSecond && plan.wake !== undefined) wakeStuckLane(plan.wake.file);
        isFirst = false;
      },
      rowAdded: (target) => of(target).added++,
      rowRemoved: (target) => of(target).removed++,
      requestEnd: (target, _, errno) => of(target).ends.push(errno),
      targetEnd: (target, problem) => (of(target).problem = problem),
    },
  );
  return outcomes;
}

function hygiene(): Omit<ChildJobReport, 'outcomes' | 'ms'> {
  return { threadNamespaces: threadNamespaces(), namespaceFds: namespaceFds().length, lanes: addonThreads('nsatlas-lane') };
}

/** How long a thread that ends itself may still be seen, in milliseconds: it says so first, and ends then. */
const ENDING_MS = 1000;

async function runJob(paths: readonly string[], plan: ChildPlan): Promise<ChildJobReport> {
  const begin = performance.now();
  const outcomes = await carryOut(paths, plan);
  const ms = performance.now() - begin;
  const limit = performance.now() + ENDING_MS;
  // One that does not end is reported as it is: the test tells whether it may stay.
  while (threadNamespaces().length > 1 && performance.now() < limit) await sleep(5);
  return { outcomes, ms, ...hygiene() };
}

async function release(how: NonNullable<ChildPlan['release']>): Promise<void> {
  if (how === 'parent') process.kill(process.ppid, 'SIGUSR1');
  else writeFileSync(how.file, '');
  await eventually('the stuck threads are gone', () => addonThreads('nsatlas-lane') <= 1);
  await eventually('no namespace is open', () => namespaceFds().length === 0);
}

async function leave(how: NonNullable<ChildPlan['leave']>, plan: ChildPlan): Promise<void> {
  const paths = plan.jobs.at(-1) ?? [];
  if (how === 'worker-terminate') {
    const worker = new Worker(new URL(import.meta.url), { argv: [JSON.stringify({ jobs: [paths] })], stdout: true });
    await eventually('the worker reads', () => addonThreads('nsatlas-lane') > 0);
    await worker.terminate();
    return;
  }
  const running = carryOut(paths, plan);
  await eventually('a lane is there', () => addonThreads('nsatlas-lane') > 0);
  if (how === 'exit') process.exit(0);
  if (how === 'throw') throw new Error('on purpose');
  reader.close();
  await running.catch((error: unknown) => {
    if ((error as { code?: string }).code !== 'ERR_NSATLAS_CLOSED') throw error;
  });
}

const plan = JSON.parse(process.argv[2] ?? '') as ChildPlan;
if (plan.leave !== undefined) {
  await leave(plan.leave, plan);
} else {
  const jobs: ChildJobReport[] = [];
  for (const paths of plan.jobs) jobs.push(await runJob(paths, plan));
  let after: ChildReport['after'];
  if (plan.release !== undefined) {
    await release(plan.release);
    after = hygiene();
  }
  const report: ChildReport = { jobs, ...(after === undefined ? {} : { after }) };
  console.log(JSON.stringify(report));
}
