// Remembered rows when an answer is not whole, a lane is stuck or nobody listens any more.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import t from 'tap';
import type { ChildReport } from '../support/native-child.js';
import { compileHelper, Namespaces, removeFolder, scratchFolder } from '../support/native-namespaces.js';
import { reportOf } from '../support/native-run.js';

t.setTimeout(0);

/** For jobs in which a lane is stuck: much more than reading takes, also while other tests take namespaces down. */
const LIMIT_MS = 6000;
const EINTR = 4;
const EBADMSG = 74;
const folder = scratchFolder();
let namespaces: Namespaces;
let shim: string;

t.before(async () => {
  namespaces = await Namespaces.make(compileHelper(folder, 'native-namespaces'), 5);
  shim = compileHelper(folder, 'native-shim', true);
});

t.teardown(async () => {
  await namespaces.end();
  removeFolder(folder);
});

/** For each job, for each target: rows added and removed, and how the request ended, or the problem. */
function outcomes(report: ChildReport): string[][] {
  return report.jobs.map((job) =>
    job.outcomes.map(({ added, removed, ends, problem }) => `+${added} -${removed} ${problem?.problem ?? ends.join()}`),
  );
}

t.test('an interrupted dump changes nothing unless it is accepted', async () => {
  // The dump of one namespace is received at once, with its end by itself.
  const job = [namespaces.path(0)];
  const plan = { jobs: [job, job, job], rows: 'plain' } as const;
  const variables = { RECV_INTERRUPTED: '1' };
  assert.deepEqual(outcomes(await reportOf(plan, { shim, variables })), [[`+0 -0 ${EINTR}`], ['+1 -0 0'], ['+0 -0 0']]);
  const accepted = await reportOf({ ...plan, rows: 'accept' }, { shim, variables });
  assert.deepEqual(outcomes(accepted), [['+1 -0 0'], ['+0 -0 0'], ['+0 -0 0']]);
  // The end of the dump may be what says so.
  const late = await reportOf(plan, { shim, variables: { RECV_INTERRUPTED: '2' } });
  assert.deepEqual(outcomes(late), [[`+0 -0 ${EINTR}`], ['+1 -0 0'], ['+0 -0 0']]);
});

t.test('a broken datagram changes nothing', async () => {
  const job = [namespaces.path(0)];
  const report = await reportOf({ jobs: [job, job, job], rows: 'plain' }, { shim, variables: { RECV_BROKEN: '3' } });
  assert.deepEqual(outcomes(report), [['+1 -0 0'], [`+0 -0 ${EBADMSG}`], ['+0 -0 0']]);
});

t.test('a lane that was left behind tells and remembers nothing', { jobs: 8 }, async (t) => {
  t.test('when it wakes up after the job', async (t) => {
    const file = join(folder, 'release');
    const job = [0, 1, 2].map((at) => namespaces.path(at));
    // Two receives for each namespace: the third is the first of the second namespace.
    const variables = { RECV_HANGS: '3', RELEASE: file };
    const plan = { jobs: [job, job], rows: 'plain', timeLimitMs: LIMIT_MS, release: { file } } as const;
    const report = await reportOf(plan, { shim, variables });
    assert.deepEqual(outcomes(report), [
      ['+1 -0 0', '+0 -0 timeout', '+1 -0 0'],
      ['+0 -0 0', '+1 -0 0', '+0 -0 0'],
    ]);
    t.equal(report.after?.lanes, 1);
  });

  t.test('when it wakes up in the midst of another job', async (t) => {
    const file = join(folder, 'wake');
    const job = [0, 1, 2, 3, 4].map((at) => namespaces.path(at));
    const variables = { RECV_HANGS: '3', RELEASE: file };
    const report = await reportOf(
      { jobs: [job, job, job], rows: 'plain', timeLimitMs: LIMIT_MS, wake: { file } },
      { shim, variables },
    );
    assert.deepEqual(outcomes(report), [
      ['+1 -0 0', '+0 -0 timeout', '+1 -0 0', '+1 -0 0', '+1 -0 0'],
      ['+0 -0 0', '+1 -0 0', '+0 -0 0', '+0 -0 0', '+0 -0 0'],
      Array<string>(5).fill('+0 -0 0'),
    ]);
    t.equal(report.jobs[1]?.lanes, 1);
  });
});

t.test('a lane that cannot get home tells no rows: whoever is slow to hear them would keep the namespace', async () => {
  const job = [namespaces.path(0), namespaces.path(1)];
  const report = await reportOf({ jobs: [job, job], rows: 'plain' }, { shim, variables: { SETNS_FAILS: '2' } });
  assert.deepEqual(outcomes(report), [
    ['+0 -0 denied', '+1 -0 0'],
    ['+1 -0 0', '+0 -0 0'],
  ]);
});
