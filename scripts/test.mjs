// npm test [unit|live|swarm …] [part of a file's path …] [--grep PATTERN] [--no-build]
//
// Runs the tests and ends with one line, "N passed, N failed, N skipped". The exit status is 0 only when something ran,
// nothing failed, and exactly those tests were skipped that test/expected-skips.json knows of (and, but for CI=true, those that want a program
// which is not installed). A whole folder that cannot
// run here (no dockerd, no user namespaces) is one skip with its reason; with CI=true it is a failure.
import { parseArgs } from 'node:util';
import { build } from './lib/build.mjs';
import { checkPlatform, install } from './lib/install.mjs';
import { handOver } from './lib/ownership.mjs';
import { Problem, report, seconds } from './lib/process.mjs';
import { expectedSkips, FOLDERS, testFiles } from './lib/test-folders.mjs';

/** Tests slower than this are worth naming, in milliseconds. */
const SLOW_MS = 10_000;

/** How much of a failure is repeated at the end, in lines: all of it stands above. */
const RECALLED_LINES = 25;

/** `excused`: skips of tests that want a program which is not installed. */
const total = { pass: 0, fail: 0, skip: 0, excused: 0 };
/** What failed, repeated at the end: the end is all that a log often keeps. */
const failures = [];
let interrupted = false;
/** Loaded late: it needs what `npm ci` installs. */
let testFile;

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, () => {
    interrupted = true;
    void testFile?.then(({ interruptAll }) => interruptAll('SIGTERM'));
  });
}

try {
  checkPlatform();
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { grep: { type: 'string' }, 'no-build': { type: 'boolean', default: false } },
  });
  if (!values['no-build']) {
    await install(console.log);
    await build(console.log);
    handOver();
  }
  testFile = import('./lib/test-file.mjs');
  await testFile;
  await runFolders(positionals, values.grep);
} catch (error) {
  report(error);
  total.fail += 1;
}
if (failures.length > 0) console.log(`what failed:\n${failures.join('\n')}\n`);
console.log(`${total.pass} passed, ${total.fail} failed, ${total.skip} skipped`);
process.exitCode = process.exitCode === 1 || total.fail > 0 || total.pass === 0 || interrupted ? 1 : 0;

async function runFolders(words, pattern) {
  const chosen = Object.keys(FOLDERS).filter((folder) => words.includes(folder));
  const filters = words.filter((word) => !(word in FOLDERS));
  const isWhole = filters.length === 0 && pattern === undefined;
  for (const folder of chosen.length > 0 ? chosen : Object.keys(FOLDERS)) {
    if (interrupted) return;
    await runFolder(folder, { filters, pattern, isWhole });
  }
  if (total.pass + total.fail === 0) throw new Problem(`no test ran${isWhole ? '' : ': nothing has the name asked for'}`);
}

async function runFolder(folder, { filters, pattern, isWhole }) {
  const files = testFiles(folder, filters);
  if (files.length === 0) return;
  const { concurrency, timeLimitMs, wrapper, obstacle } = FOLDERS[folder];
  const why = obstacle();
  if (why !== undefined) {
    skipFolder(folder, why);
    return;
  }
  const started = performance.now();
  const before = { ...total };
  const { runTestFile } = await testFile;
  const queue = [...files];
  const worker = async () => {
    for (let file = queue.shift(); file !== undefined && !interrupted; file = queue.shift()) {
      const begun = performance.now();
      const outcomes = await runTestFile({ file, wrapper, timeLimitMs, pattern });
      show(file, outcomes, performance.now() - begun);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  const skips = total.skip - before.skip;
  const counts = `${total.pass - before.pass} passed, ${total.fail - before.fail} failed, ${skips} skipped`;
  console.log(`${folder}: ${counts} in ${files.length} files, ${seconds(performance.now() - started)}\n`);
  if (isWhole && skips - (total.excused - before.excused) !== expectedSkips(folder)) {
    console.log(
      `✗ ${folder}: ${skips} tests were skipped, and test/expected-skips.json says ${expectedSkips(folder)}. A new skip is a decision: run it, or commit the number.\n`,
    );
    process.exitCode = 1;
  }
}

function skipFolder(folder, { reason, remedy }) {
  if (process.env.CI === 'true') {
    console.log(`✗ ${folder}: cannot run here, and CI has to run everything: ${reason}. To run it: ${remedy}\n`);
    total.fail += 1;
  } else {
    console.log(`- ${folder}: skipped, ${reason}. To run it: ${remedy}\n`);
    total.skip += 1;
  }
}

/** Whether a test was skipped because a program is not installed: it says so in its reason. */
function isExcused({ kind, reason }) {
  return kind === 'skip' && reason?.startsWith('not installed:');
}

/** One line for a file that is well; every failure with its reason. */
function show(file, outcomes, ms) {
  const name = file.replace(/^dist\/test\//, '').replace(/\.js$/, '');
  const count = (kind) => outcomes.filter((outcome) => outcome.kind === kind).length;
  for (const kind of ['pass', 'fail', 'skip']) total[kind] += count(kind);
  if (process.env.CI !== 'true') total.excused += outcomes.filter(isExcused).length;
  const failed = count('fail') > 0;
  const skips = count('skip') > 0 ? `, ${count('skip')} skipped` : '';
  const counts = `${count('pass')} passed${failed ? `, ${count('fail')} failed` : ''}${skips}`;
  console.log(`${failed ? '✗' : '✓'} ${name}: ${counts}, ${seconds(ms)}`);
  for (const outcome of outcomes) {
    if (outcome.kind === 'fail') {
      console.log(`    ✗ ${outcome.name}\n${indent(outcome.failure ?? '')}`);
      const lines = (outcome.failure ?? '').split('\n');
      failures.push(`✗ ${name} › ${outcome.name}\n${indent(lines.slice(0, RECALLED_LINES).join('\n'))}`);
    }
    if (outcome.kind === 'note') console.log(`    what the file printed:\n${indent(outcome.failure)}`);
    if (outcome.kind === 'skip') console.log(`    - ${outcome.name}${outcome.reason === undefined ? '' : `: ${outcome.reason}`}`);
    if (outcome.kind === 'pass' && outcome.ms > SLOW_MS) console.log(`    ${seconds(outcome.ms)}: ${outcome.name}`);
  }
}

function indent(text) {
  return text
    .split('\n')
    .map((line) => `        ${line}`)
    .join('\n');
}
