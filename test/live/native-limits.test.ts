// What hardly ever happens: stuck system calls, a way home that is barred, a process that ends in the midst.
import assert from 'node:assert/strict';
import { mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { compileHelper, Namespaces, removeFolder, scratchFolder } from '../support/native-namespaces.js';
import type { ChildJobReport, ChildReport } from '../support/native-child.js';
import { reportOf, runChild, type RunOptions } from '../support/native-run.js';

t.setTimeout(0);

/** Much more than reading a namespace takes, also while other tests take theirs down: the kernel may hold its lock for seconds then. */
const LIMIT_MS = 6000;
/** For jobs that read nothing. */
const SHORT_MS = 2000;
const folder = scratchFolder();
let namespaces: Namespaces;
let shim: string;
let deadFuse: string;
let releases = 0;

t.before(async () => {
  namespaces = await Namespaces.make(compileHelper(folder, 'native-namespaces'), 20);
  shim = compileHelper(folder, 'native-shim', true);
  deadFuse = compileHelper(folder, 'native-dead-fuse');
  mkdirSync(join(folder, 'dead'));
});

t.teardown(async () => {
  await namespaces.end();
  removeFolder(folder);
});

/** A file that does not exist yet, for the shim to wait for. */
function releaseFile(): string {
  return join(folder, `release-${releases++}`);
}

function withShim(variables: Record<string, string>, file?: string): RunOptions {
  return { shim, variables: { ...variables, ...(file === undefined ? {} : { RELEASE: file }) } };
}

function jobOf(report: ChildReport, index = 0): ChildJobReport {
  const job = report.jobs[index];
  assert.ok(job !== undefined);
  return job;
}

/** "ok" or "problem operation", for each target. */
function verdicts(job: ChildJobReport): string[] {
  return job.outcomes.map(({ problem, ends }) => {
    if (problem !== undefined) return `${problem.problem} ${problem.operation}`;
    assert.deepEqual(ends, [0, 0]);
    return 'ok';
  });
}

/** Every target that was read was the one at its path. */
function assertIdentities(job: ChildJobReport, paths: readonly string[]): void {
  for (const [index, { identity }] of job.outcomes.entries()) {
    if (identity === undefined) continue;
    const { dev, ino } = statSync(paths[index] ?? '');
    assert.deepEqual(identity, { dev, ino });
  }
}

function assertAtHome(job: Pick<ChildJobReport, 'threadNamespaces' | 'namespaceFds'>): void {
  assert.equal(job.threadNamespaces.length, 1);
  assert.equal(job.namespaceFds, 0);
}

// These wait most of the time: all at once.
t.test('what does not come back', { jobs: 8 }, async (t) => {
  t.test('a path on a dead FUSE file system is reported and left behind, and the thread ends when it is let go', async (t) => {
    const dead = join(folder, 'dead');
    const [first, second] = [namespaces.path(0), namespaces.path(1)];
    const report = await reportOf(
      { jobs: [[first, join(dead, 'x'), second], [first]], timeLimitMs: LIMIT_MS, release: 'parent' },
      { under: [deadFuse, dead] },
    );
    const job = jobOf(report);
    t.strictSame(verdicts(job), ['ok', 'timeout time-limit', 'ok']);
    t.equal(job.outcomes[1]?.problem?.detail, `no answer within ${LIMIT_MS} ms (open)`);
    t.ok(job.ms >= LIMIT_MS && job.ms < 3 * LIMIT_MS, `${job.ms} ms`);
    t.equal(job.lanes, 2);
    assertIdentities(job, [first, '', second]);
    t.strictSame(verdicts(jobOf(report, 1)), ['ok']);
    assert.ok(report.after !== undefined);
    assert.equal(report.after.lanes, 1);
    assertAtHome(report.after);
  });

  t.test('a thread stuck in open() is replaced, and comes home without touching the job when it is let go', async (t) => {
    const file = releaseFile();
    const [one, other] = [join(folder, 'hangs-here'), join(folder, 'hangs-here-too')];
    const paths = [namespaces.path(0), one, namespaces.path(1), other, namespaces.path(2)];
    const plan = { jobs: [paths, paths.slice(2, 3)], timeLimitMs: LIMIT_MS, release: { file } };
    const report = await reportOf(plan, withShim({ OPEN_HANGS: 'hangs-here' }, file));
    t.strictSame(verdicts(jobOf(report)), ['ok', 'timeout time-limit', 'ok', 'timeout time-limit', 'ok']);
    t.strictSame(verdicts(jobOf(report, 1)), ['ok']);
    t.equal(jobOf(report, 1).lanes, 3);
    assert.ok(report.after !== undefined);
    assertAtHome(report.after);
  });

  t.test(
    'a path with which a thread is stuck is not tried again until that has come back, so that one path cannot use up the threads',
    async (t) => {
      const file = releaseFile();
      const hung = join(folder, 'hangs-here');
      const job = [hung, namespaces.path(0), hung, namespaces.path(1)];
      const plan = { jobs: [job, job, job, job, job, job], timeLimitMs: SHORT_MS, release: { file } };
      const report = await reportOf(plan, withShim({ OPEN_HANGS: 'hangs-here' }, file));
      for (const [at, { ms, outcomes, lanes }] of report.jobs.entries()) {
        t.strictSame(verdicts(jobOf(report, at)), ['timeout time-limit', 'ok', 'timeout time-limit', 'ok']);
        const details = [outcomes[0], outcomes[2]].map((outcome) => outcome?.problem?.detail);
        const stuck = 'not tried: an earlier read of it is stuck in the kernel';
        t.strictSame(details, [at === 0 ? `no answer within ${SHORT_MS} ms (open)` : stuck, stuck]);
        t.equal(lanes, 2);
        if (at > 0) t.ok(ms < SHORT_MS, `${ms} ms`);
      }
      assert.ok(report.after !== undefined);
      assertAtHome(report.after);
    },
  );

  t.test(
    'at most four threads are left behind; then the rest is reported at once, and reading goes on when they are free',
    async (t) => {
      const file = releaseFile();
      const hung = [1, 2, 3, 4, 5].map((at) => join(folder, `hangs-here-${at}`));
      const paths = [...hung.slice(0, 4), namespaces.path(0), ...hung.slice(4), namespaces.path(1)];
      const jobs = [paths, [namespaces.path(2)]];
      const report = await reportOf(
        { jobs, timeLimitMs: SHORT_MS, release: { file } },
        withShim({ OPEN_HANGS: 'hangs-here' }, file),
      );
      t.strictSame(verdicts(jobOf(report)), Array<string>(7).fill('timeout time-limit'));
      t.match(jobOf(report).outcomes[6]?.problem?.detail ?? '', /^not tried: 4 threads are stuck/);
      t.ok(jobOf(report).ms < 7 * SHORT_MS, `${jobOf(report).ms} ms`);
      t.equal(jobOf(report).lanes, 4);
      t.strictSame(verdicts(jobOf(report, 1)), ['timeout time-limit']);
      t.ok(jobOf(report, 1).ms < SHORT_MS, `${jobOf(report, 1).ms} ms`);
      assert.ok(report.after !== undefined);
      assert.equal(report.after.lanes, 0);
      assertAtHome(report.after);
    },
  );

  t.test('a thread stuck inside a foreign namespace is replaced and gets home by itself', async (t) => {
    const file = releaseFile();
    const paths = namespaces.paths.slice(0, 4);
    // Every namespace takes at least four receives; the sixth is in the second one.
    const options = withShim({ RECV_HANGS: '6' }, file);
    const report = await reportOf({ jobs: [paths, paths], timeLimitMs: LIMIT_MS, release: { file } }, options);
    const job = jobOf(report);
    t.strictSame(verdicts(job), ['ok', 'timeout time-limit', 'ok', 'ok']);
    t.equal(job.outcomes[1]?.problem?.detail, `no answer within ${LIMIT_MS} ms (receive)`);
    t.strictSame(verdicts(jobOf(report, 1)), ['ok', 'ok', 'ok', 'ok']);
    assertIdentities(job, paths);
    assert.ok(report.after !== undefined);
    assertAtHome(report.after);
  });

  t.test('an answer that never comes is reported after the time limit, and no thread is lost', async (t) => {
    const paths = namespaces.paths.slice(0, 3);
    const report = await reportOf({ jobs: [paths], timeLimitMs: LIMIT_MS }, withShim({ SEND_LOST: '4' }));
    const job = jobOf(report);
    t.strictSame(verdicts(job), ['ok', 'timeout time-limit', 'ok']);
    t.strictSame(job.outcomes[1]?.ends, [0]);
    t.ok(job.ms >= LIMIT_MS && job.ms < 3 * LIMIT_MS, `${job.ms} ms`);
    t.equal(job.lanes, 1);
    assertAtHome(job);
  });

  t.test('identify() of a path that hangs is a timeout, and the other paths are identified', async (t) => {
    const file = releaseFile();
    const jobs = [[namespaces.path(0), join(folder, 'hangs-here'), namespaces.path(1)]];
    const plan = { jobs, identify: true, timeLimitMs: LIMIT_MS, release: { file } };
    const report = await reportOf(plan, withShim({ OPEN_HANGS: 'hangs-here' }, file));
    t.strictSame(
      jobOf(report).outcomes.map(({ problem }) => problem?.problem),
      [undefined, 'timeout', undefined],
    );
    assertIdentities(jobOf(report), [namespaces.path(0), '', namespaces.path(1)]);
  });
});

t.test('a thread that cannot get home ends itself; its data stays and the next namespaces are read by another', async (t) => {
  const paths = namespaces.paths.slice(0, 6);
  // Odd calls enter, even ones leave: the way home fails from the first and from the fourth namespace.
  const report = await reportOf({ jobs: [paths, paths, paths] }, withShim({ SETNS_FAILS: '2,8' }));
  const job = jobOf(report);
  t.strictSame(verdicts(job), ['denied restore', 'ok', 'ok', 'denied restore', 'ok', 'ok']);
  t.strictSame(job.outcomes[0]?.ends, [0, 0]);
  t.strictSame(job.outcomes[0]?.problem, {
    problem: 'denied',
    operation: 'restore',
    errno: 1,
    detail: 'setns back: Operation not permitted',
  });
  for (const later of report.jobs) {
    assertIdentities(later, paths);
    assertAtHome(later);
  }
  for (const later of report.jobs.slice(1)) t.strictSame(verdicts(later), Array<string>(6).fill('ok'));
  t.equal(jobOf(report, 2).lanes, 1);
});

t.test('when no thread ever gets home every namespace is still read, each by a thread of its own', async (t) => {
  const paths = namespaces.paths.slice(0, 20);
  const even = Array.from({ length: 20 }, (_, index) => String(2 * index + 2)).join(',');
  const report = await reportOf({ jobs: [paths] }, withShim({ SETNS_FAILS: even }));
  const job = jobOf(report);
  t.strictSame(verdicts(job), Array<string>(20).fill('denied restore'));
  for (const outcome of job.outcomes) t.strictSame(outcome.ends, [0, 0]);
  assertIdentities(job, paths);
  t.ok(job.lanes <= 1);
});

t.test('a namespace that may not be entered is denied, and the next one is read', async (t) => {
  const paths = namespaces.paths.slice(0, 3);
  const job = jobOf(await reportOf({ jobs: [paths] }, withShim({ SETNS_FAILS: '3' })));
  t.strictSame(verdicts(job), ['ok', 'denied enter', 'ok']);
  assertAtHome(job);
});

// Without the stuck thread these take some 100 ms (node itself), ten times that under a sanitizer.
for (const leave of ['exit', 'throw', 'close', 'worker-terminate'] as const) {
  t.test(`a process ends at once by ${leave} while a job is running`, async (t) => {
    const paths = Array.from({ length: 20000 }, (_, index) => namespaces.path(index % 20));
    const ended = await runChild({ jobs: [paths.slice(0, 1500)], leave });
    t.equal(ended.signal, null);
    t.equal(ended.status, leave === 'throw' ? 1 : 0, ended.stderr);
    t.ok(ended.ms < 15_000, `${ended.ms} ms`);
  });

  t.test(`a process ends at once by ${leave} while a thread is stuck`, async (t) => {
    const hung = join(folder, 'hangs-here');
    const plan = { jobs: [[hung, namespaces.path(0)]], timeLimitMs: 20000, leave };
    const ended = await runChild(plan, withShim({ OPEN_HANGS: 'hangs-here' }, releaseFile()));
    t.equal(ended.signal, null);
    t.equal(ended.status, leave === 'throw' ? 1 : 0, ended.stderr);
    t.ok(ended.ms < 15_000, `${ended.ms} ms`);
  });
}

t.test('a process with an idle reader, and with threads left behind, ends by itself', async (t) => {
  const hung = join(folder, 'hangs-here');
  const ended = await runChild(
    { jobs: [[namespaces.path(0), hung]], timeLimitMs: 100 },
    withShim({ OPEN_HANGS: 'hangs-here' }, releaseFile()),
  );
  t.equal(ended.status, 0, ended.stderr);
  t.ok(ended.ms < 15_000, `${ended.ms} ms`);
});
