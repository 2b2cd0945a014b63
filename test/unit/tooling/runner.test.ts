import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import { ROOT } from '../../support/root.js';

interface Outcome {
  readonly kind: 'pass' | 'fail' | 'skip' | 'note';
  readonly name: string;
  readonly failure?: string;
  readonly reason?: string;
}

interface RunOptions {
  readonly file: string;
  readonly wrapper: readonly string[];
  readonly timeLimitMs: number;
  readonly scratch: string;
  readonly pattern?: string;
}

const { runTestFile } = (await import(pathToFileURL(join(ROOT, 'scripts/lib/test-file.mjs')).href)) as {
  readonly runTestFile: (options: RunOptions) => Promise<Outcome[]>;
};

const scratch = mkdtempSync(join(tmpdir(), 'nsatlas-runner-'));
after(() => rmSync(scratch, { recursive: true, force: true }));

let files = 0;

/** Runs a made-up test file and gives what the runner counts: "pass a", "fail b". */
async function outcomes(body: string, options: { timeLimitMs?: number; pattern?: string } = {}): Promise<Outcome[]> {
  const file = join(scratch, `made-up-${files++}.test.mjs`);
  const head = "import { after, describe, it, test } from 'node:test';\nimport assert from 'node:assert/strict';\n";
  writeFileSync(file, head + body);
  const { timeLimitMs = 20_000, pattern } = options;
  return runTestFile({ file, wrapper: [], timeLimitMs, scratch, ...(pattern !== undefined && { pattern }) });
}

function summary(list: readonly Outcome[]): string[] {
  return list.filter(({ kind }) => kind !== 'note').map(({ kind, name }) => `${kind} ${name}`);
}

/** A process that was ended and that nobody has waited for yet is not alive. */
function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    // ENOENT: it is gone altogether.
    return false;
  }
}

// At once: most of the time is Node's start.
describe('the runner', { concurrency: 4 }, () => {
  it('passing, failing and skipped tests are counted', async () => {
    const list = await outcomes(
      "test('a', () => {}); test('b', () => assert.equal(1, 2)); test.skip('c'); test('d', (t) => t.skip('no wind'));",
    );
    assert.deepEqual(summary(list), ['pass a', 'fail b', 'skip c', 'skip d']);
    assert.match(list[1]!.failure!, /1 !== 2/);
    assert.equal(list[3]!.reason, 'no wind');
  });

  it('a test that nobody has written is a skip', async () => {
    assert.deepEqual(summary(await outcomes("test.todo('a'); test('b', () => {});")), ['skip a', 'pass b']);
  });

  it('a test with subtests is counted by them', async () => {
    const body =
      "test('a', async (t) => { await t.test('b', () => {}); await t.test('c', () => assert.fail('no')); }); test('d', () => {});";
    assert.deepEqual(summary(await outcomes(body)), ['pass a › b', 'fail a › c', 'pass d']);
  });

  it('a test that fails by itself after its subtests is a failure of its own', async () => {
    const body = "test('a', async (t) => { await t.test('b', () => {}); assert.fail('late'); });";
    assert.deepEqual(summary(await outcomes(body)), ['pass a › b', 'fail a']);
  });

  it('suites are not counted, what is in them is', async () => {
    const body = "describe('s', () => { it('a', () => {}); describe('t', () => { it('b', () => {}); }); });";
    assert.deepEqual(summary(await outcomes(body)), ['pass s › a', 'pass s › t › b']);
  });

  it('a file that crashes is a failure', async () => {
    const list = await outcomes("test('a', () => {}); test('b', () => process.kill(process.pid, 'SIGSEGV'));");
    assert.equal(list.at(-1)!.kind, 'fail');
    assert.match(list.at(-1)!.failure!, /was killed by SIGSEGV/);
  });

  it('a file that exits in the middle with status 0 is a failure', async () => {
    const list = await outcomes("test('a', () => {}); test('b', () => process.exit(0));");
    assert.match(list.at(-1)!.failure!, /before its tests had finished/);
  });

  it('a file that cannot be loaded is a failure', async () => {
    const list = await outcomes("import './not-there.mjs'; test('a', () => {});");
    assert.deepEqual(summary(list), ['fail (the file itself)']);
    assert.match(list[0]!.failure!, /ERR_MODULE_NOT_FOUND/);
  });

  it('a file that hangs is a failure, and what it started is ended', async () => {
    const body =
      "import { spawn } from 'node:child_process'; test('a', () => {}); test('b', () => new Promise(() => { console.log('child', spawn('sleep', ['600']).pid); setInterval(() => {}, 1000); }));";
    const list = await outcomes(body, { timeLimitMs: 1500 });
    assert.match(list.at(-1)!.failure!, /did not end within 1\.5 s/);
    const pid = Number(/child (\d+)/.exec(list.at(-1)!.failure!)![1]);
    assert.equal(isAlive(pid), false);
  });

  it('a file without tests is a failure', async () => {
    assert.match((await outcomes('')).at(-1)!.failure!, /before its tests had finished|has no tests/);
  });

  it('a hook that fails is a failure', async () => {
    const list = await outcomes("after(() => assert.fail('left something behind')); test('a', () => {});");
    assert.ok(list.some(({ kind }) => kind === 'fail'));
  });

  it('tests that a pattern leaves out are not counted', async () => {
    const body =
      "test('apple', () => {}); test('pear', () => {}); describe('s', () => { it('apple too', () => {}); it('plum', () => {}); });";
    assert.deepEqual(summary(await outcomes(body, { pattern: 'apple' })), ['pass apple', 'pass s › apple too']);
  });
});
