// Runs one compiled test file in a process of its own and tells what became of its tests.
import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join, resolve as resolvePath } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ROOT, seconds, tail } from './process.mjs';

const REPORTER = pathToFileURL(join(ROOT, 'scripts/lib/reporter.mjs')).href;

/** How long a file that ran into its time limit may take to clean up before it is killed, in milliseconds. */
const GRACE_MS = 15_000;

/** How long the output of a file that has ended is waited for: a process that left its group may hold the pipe for ever. */
const PIPE_GRACE_MS = 1000;

/** Process groups of the test files that run now; ended when the run is interrupted. */
const groups = new Set();

/** Asks every running test file to end. */
export function interruptAll(signal) {
  for (const pid of groups) signalGroup(pid, signal);
}

/**
 * @typedef {{kind: 'pass' | 'fail' | 'skip', name: string, ms: number, failure?: string, reason?: string}} Outcome
 * @param {{file: string, wrapper: readonly string[], timeLimitMs: number, scratch: string, pattern?: string}} options
 *   file: the compiled test; wrapper: a command line that is put before node's; scratch: a folder for the report
 * @returns {Promise<Outcome[]>} at least one: a file that crashed, hung or ran nothing is a failure of its own
 */
export async function runTestFile({ file, wrapper, timeLimitMs, scratch, pattern }) {
  const reportPath = join(scratch, `${file.replaceAll('/', '_')}.ndjson`);
  const node = [process.execPath, '--enable-source-maps', `--test-reporter=${REPORTER}`, '--test-reporter-destination=stdout'];
  if (pattern !== undefined) node.push(`--test-name-pattern=${pattern}`);
  const started = performance.now();
  const end = await finish([...wrapper, ...node, resolvePath(ROOT, file)], reportPath, timeLimitMs);
  const ms = performance.now() - started;
  const { outcomes, complete } = readReport(reportPath);
  const failure = verdict({ end, complete, outcomes, timeLimitMs, isFiltered: pattern !== undefined });
  if (failure !== undefined) {
    const said = end.output.trim() === '' ? '' : `\nits output ended with:\n${tail(end.output)}`;
    outcomes.push({ kind: 'fail', name: '(the file itself)', ms, failure: failure + said });
  } else if (outcomes.some((outcome) => outcome.kind === 'fail') && end.output.trim() !== '') {
    outcomes.push({ kind: 'note', name: 'output', ms: 0, failure: tail(end.output) });
  }
  return outcomes;
}

/** What is wrong with the file as a whole, beyond tests that failed. */
function verdict({ end, complete, outcomes, timeLimitMs, isFiltered }) {
  if (end.timedOut) return `did not end within ${seconds(timeLimitMs)}`;
  if (end.signal !== null) return `was killed by ${end.signal}`;
  if (end.startError !== undefined) return `could not be started: ${end.startError}`;
  if (!complete) return `ended with status ${end.code} before its tests had finished`;
  if (end.code !== 0 && !outcomes.some((outcome) => outcome.kind === 'fail'))
    return `exited with status ${end.code} although no test failed`;
  if (outcomes.length === 0 && !isFiltered) return 'has no tests';
  return undefined;
}

function finish(argv, reportPath, timeLimitMs) {
  return new Promise((resolve) => {
    // Descriptor 3 from the start, and a file: what was told before a crash is there, and tests that look for leaks do not see it come.
    const report = openSync(reportPath, 'w');
    // A process group of its own, so that what a hanging test started goes with it.
    // Under `node --test` this variable would make the file report in a binary form to nobody.
    const { NODE_TEST_CONTEXT: _, ...inherited } = process.env;
    // The kernel's lock of all network namespaces may be held for seconds while other tests take theirs down.
    const env = { NSATLAS_TIME_LIMIT: '20000', ...inherited };
    const child = spawn(argv[0], argv.slice(1), { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'pipe', report], detached: true });
    closeSync(report);
    const chunks = [];
    child.stdout.on('data', (chunk) => chunks.push(chunk));
    child.stderr.on('data', (chunk) => chunks.push(chunk));
    if (child.pid !== undefined) groups.add(child.pid);
    let timedOut = false;
    let killer;
    const limit = setTimeout(() => {
      timedOut = true;
      signalGroup(child.pid, 'SIGTERM');
      killer = setTimeout(() => signalGroup(child.pid, 'SIGKILL'), GRACE_MS);
    }, timeLimitMs);
    const settle = (code, signal, startError) => {
      clearTimeout(limit);
      clearTimeout(killer);
      groups.delete(child.pid);
      resolve({ code, signal, timedOut, startError, output: Buffer.concat(chunks).toString('utf8') });
    };
    child.once('error', (error) => settle(null, null, error.message));
    child.once('exit', (code, signal) => {
      // What the file left behind in its group goes now: it would hold the pipes, and nothing of a test may stay.
      signalGroup(child.pid, 'SIGKILL');
      const impatient = setTimeout(() => {
        child.stdout.destroy();
        child.stderr.destroy();
      }, PIPE_GRACE_MS);
      child.once('close', () => {
        clearTimeout(impatient);
        settle(code, signal);
      });
    });
  });
}

function signalGroup(pid, signal) {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // ESRCH: the group has ended by itself.
  }
}

/** A crash may leave half a line, which is no outcome. */
function readReport(path) {
  const records = readFileSync(path, 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line));
  return {
    outcomes: records.filter((record) => record.kind !== 'end'),
    complete: records.some((record) => record.kind === 'end'),
  };
}
