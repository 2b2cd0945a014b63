// Runs one compiled test file in a process of its own and counts its tests by the TAP that it prints.
import { spawn } from 'node:child_process';
import { resolve as resolvePath } from 'node:path';
import { ROOT, seconds, tail } from './process.mjs';
import { TapOutcomes } from './tap-outcomes.mjs';

const GREP = new URL('./grep.mjs', import.meta.url).href;

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
 * @param {{file: string, wrapper: readonly string[], timeLimitMs: number, pattern?: string}} options
 *   file: the compiled test; wrapper: a command line that is put before node's
 * @returns {Promise<(import('./tap-outcomes.mjs').Outcome | {kind: 'note', name: string, failure: string})[]>} at least one: a file that
 *   crashed, hung or ran nothing is a failure of its own
 */
export async function runTestFile({ file, wrapper, timeLimitMs, pattern }) {
  const node = [process.execPath, '--enable-source-maps'];
  if (pattern !== undefined) node.push(`--import=${GREP}`);
  const started = performance.now();
  const end = await finish([...wrapper, ...node, resolvePath(ROOT, file)], timeLimitMs, pattern);
  const { outcomes } = end.tap;
  const problem = end.tap.end();
  const failure = verdict({ end, problem, outcomes, timeLimitMs, isFiltered: pattern !== undefined });
  const output = end.tap.output + end.errors;
  if (failure !== undefined) {
    const said = output.trim() === '' ? '' : `\nits output ended with:\n${tail(output)}`;
    outcomes.push({ kind: 'fail', name: '(the file itself)', ms: performance.now() - started, failure: failure + said });
  } else if (outcomes.some((outcome) => outcome.kind === 'fail') && output.trim() !== '') {
    outcomes.push({ kind: 'note', name: 'output', failure: tail(output) });
  }
  return outcomes;
}

/** What is wrong with the file as a whole, beyond tests that failed. */
function verdict({ end, problem, outcomes, timeLimitMs, isFiltered }) {
  if (end.timedOut) return `did not end within ${seconds(timeLimitMs)}`;
  if (end.signal !== null) return `was killed by ${end.signal}`;
  if (end.startError !== undefined) return `could not be started: ${end.startError}`;
  if (outcomes.length === 0 && problem !== undefined) return `ended with status ${end.code} and without tests: ${problem}`;
  if (problem !== undefined) return problem;
  if (end.code !== 0 && !outcomes.some((outcome) => outcome.kind === 'fail'))
    return `exited with status ${end.code} although no test failed`;
  if (outcomes.length === 0 && !isFiltered) return 'has no tests';
  return undefined;
}

function finish(argv, timeLimitMs, pattern) {
  return new Promise((resolve) => {
    // The time limit is the runner's, which covers crashes of native code, too. TAP_…: a test may be run by tests of tap's own runner.
    const { TAP_CHILD_ID: _, TAP_GREP: __, ...inherited } = process.env;
    // The kernel's lock of all network namespaces may be held for seconds while other tests take theirs down.
    const env = {
      NSATLAS_TIME_LIMIT: '20000',
      ...inherited,
      TAP_TIMEOUT: '0',
      ...(pattern !== undefined && { NSATLAS_TEST_GREP: pattern }),
    };
    // A process group of its own, so that what a hanging test started goes with it.
    const child = spawn(argv[0], argv.slice(1), { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
    const tap = new TapOutcomes();
    let errors = '';
    child.stdout.setEncoding('utf8').on('data', (text) => tap.write(text));
    child.stderr.setEncoding('utf8').on('data', (text) => {
      errors += text;
    });
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
      resolve({ code, signal, timedOut, startError, tap, errors });
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
