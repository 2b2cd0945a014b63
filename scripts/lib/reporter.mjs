// A reporter for node:test that writes one line of JSON for each finished test to descriptor 3, which the runner opens
// (test-file.mjs). Only events that Node 20, 22 and 24 share are used.
import { writeSync } from 'node:fs';

const REPORT_FD = 3;

/** The longest failure text that is kept of one test, in characters. */
const MAX_FAILURE = 6000;

/** What Node 20 says of a test that --test-name-pattern leaves out; later releases say nothing of it. */
const NOT_SELECTED = 'test name does not match pattern';

/**
 * Lines: {kind: 'pass' | 'fail' | 'skip', name, ms, failure?} for each leaf test, {kind: 'end'} when the file came to its end.
 * A test with subtests is counted by them, and by itself only when it failed for a reason of its own.
 */
// A generator, because node:test asks for one; it has nothing for the standard output.
export default async function* reporter(source) {
  /** Names of the open tests, by nesting. */
  const path = [];
  /** Whether a test of this nesting has finished since the last one of the nesting above. */
  const hasChildren = [];
  for await (const { type, data } of source) {
    if (type === 'test:start') {
      path[data.nesting] = data.name;
      path.length = data.nesting + 1;
    }
    if (type !== 'test:pass' && type !== 'test:fail') continue;
    const isParent = hasChildren[data.nesting + 1] === true || data.details?.type === 'suite';
    hasChildren[data.nesting + 1] = false;
    hasChildren[data.nesting] = true;
    const kind = outcome(type, data);
    if (kind === 'skip' && data.skip === NOT_SELECTED) continue;
    if (isParent && (kind === 'pass' || data.details?.error?.failureType === 'subtestsFailed')) continue;
    const name = [...path.slice(0, data.nesting), data.name].join(' › ');
    const line = { kind, name, ms: data.details?.duration_ms ?? 0 };
    if (kind === 'fail') line.failure = describe(data.details?.error);
    if (kind === 'skip' && typeof (data.skip ?? data.todo) === 'string') line.reason = data.skip ?? data.todo;
    writeSync(REPORT_FD, `${JSON.stringify(line)}\n`);
  }
  writeSync(REPORT_FD, '{"kind":"end"}\n');
}

/** A test marked todo is one that nobody has written: it counts as skipped, whatever it did. */
function outcome(type, data) {
  if (isMarked(data.skip) || isMarked(data.todo)) return 'skip';
  return type === 'test:pass' ? 'pass' : 'fail';
}

function isMarked(mark) {
  return mark !== undefined && mark !== false;
}

/** The cause is what the test threw; the error around it only says that a test failed. */
function describe(error) {
  const cause = error?.cause ?? error;
  const text = cause instanceof Error || typeof cause?.stack === 'string' ? cause.stack : String(cause);
  const inner = cause?.cause instanceof Error ? `\n  caused by ${cause.cause.stack}` : '';
  return (text + inner).slice(0, MAX_FAILURE);
}
