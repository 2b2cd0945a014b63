import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import t from 'tap';
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
  readonly pattern?: string;
}

const { runTestFile } = (await import(pathToFileURL(join(ROOT, 'scripts/lib/test-file.mjs')).href)) as {
  readonly runTestFile: (options: RunOptions) => Promise<Outcome[]>;
};

const scratch = mkdtempSync(join(tmpdir(), 'nsatlas-runner-'));
t.teardown(() => rmSync(scratch, { recursive: true, force: true }));

let files = 0;

/** Runs a made-up test file and gives what the runner counts: "pass a", "fail b". */
async function outcomes(body: string, options: { timeLimitMs?: number; pattern?: string } = {}): Promise<Outcome[]> {
  const file = join(scratch, `made-up-${files++}.test.mjs`);
  writeFileSync(file, `import t from '${import.meta.resolve('tap')}';\n${body}`);
  const { timeLimitMs = 20_000, pattern } = options;
  return runTestFile({ file, wrapper: [], timeLimitMs, ...(pattern !== undefined && { pattern }) });
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
t.test('the runner', { jobs: 4 }, async (t) => {
  t.test('passing, failing and skipped tests are counted', async (t) => {
    const list = await outcomes(`
      t.test('a', async (t) => { t.ok(true); t.ok(true); });
      t.test('b', async (t) => { t.equal(1, 2); t.equal('x', 'y'); });
      t.test('c', { skip: true }, async () => {});
      t.test('d', { skip: 'no wind' }, async () => {});
      t.test('e', async (t) => { t.plan(0, 'no sea'); });
      t.test('f', async (t) => { t.ok(false, 'not here', { skip: 'no sun' }); });`);
    t.strictSame(summary(list), ['pass a', 'fail b', 'skip c', 'skip d', 'skip e', 'skip f › not here']);
    t.match(list[1]?.failure, /-2\n\+1/);
    t.match(list[1]?.failure, /-y\n\+x/);
    t.match(list[1]?.failure, /made-up-\d+\.test\.mjs:4:/);
    t.strictSame(
      list.slice(2).map(({ reason }) => reason),
      [undefined, 'no wind', 'no sea', 'no sun'],
    );
  });

  t.test('a test passes whose checks are not tap’s, and fails when one of them throws', async (t) => {
    const list = await outcomes(`
      import assert from 'node:assert/strict';
      t.test('a', async () => { assert.equal(1, 1); });
      t.test('b', async () => { assert.equal(1, 2); });
      t.test('c', () => new Promise((resolve, reject) => setTimeout(reject, 1, new Error('late'))));`);
    t.strictSame(summary(list), ['pass a', 'fail b', 'fail c']);
    t.match(list[1]?.failure, /strictly equal[^]*1 !== 2/);
    t.match(list[2]?.failure, /late/);
  });

  t.test('a test that nobody has written is a skip', async (t) => {
    t.strictSame(summary(await outcomes("t.todo('a'); t.test('b', async (t) => { t.pass(); });")), ['skip a', 'pass b']);
  });

  t.test('a test with subtests is counted by them', async (t) => {
    const body = `
      t.test('a', async (t) => {
        await t.test('b', async (t) => { t.pass(); });
        t.ok(true, 'between');
        await t.test('c', async (t) => { t.fail('no'); });
      });
      t.test('d', async (t) => { t.pass(); });`;
    t.strictSame(summary(await outcomes(body)), ['pass a › b', 'fail a › c', 'pass d']);
  });

  t.test('a test that fails by itself beside its subtests is a failure of its own', async (t) => {
    const body = `
      t.test('a', async (t) => { await t.test('b', async (t) => { t.pass(); }); throw new Error('late'); });
      t.test('c', async (t) => { t.ok(false); await t.test('d', async (t) => { t.fail('too'); }); });`;
    t.strictSame(summary(await outcomes(body)), ['pass a › b', 'fail a', 'fail c › d', 'fail c']);
  });

  t.test('tests that run at once are counted as others are', async (t) => {
    const body = `
      t.test('s', { jobs: 3 }, async (t) => {
        t.test('a', async (t) => { t.test('b', async (t) => { t.pass(); }); t.test('c', async () => { throw new Error('no'); }); });
        t.test('d', async (t) => { t.pass(); });
      });`;
    t.strictSame(summary(await outcomes(body)), ['pass s › a › b', 'fail s › a › c', 'pass s › d']);
  });

  t.test('a file with no more than assertions is one test', async (t) => {
    t.strictSame(summary(await outcomes('t.ok(true); t.ok(true);')), ['pass (the file itself)']);
    t.strictSame(summary(await outcomes('t.ok(true); t.ok(false);')), ['fail (the file itself)']);
  });

  t.test('a wrong plan is a failure, of a test and of a file', async (t) => {
    const inside = await outcomes(
      "t.test('a', async (t) => { t.plan(1); t.ok(true); t.ok(true); }); t.test('b', async (t) => { t.pass(); });",
    );
    // tap reports the assertion that is too many beside the test, which has ended.
    t.strictSame(summary(inside), ['fail a', 'pass b', 'fail (the file itself)']);
    t.match(inside.at(-1)?.failure, /count exceeds plan/);
    const printed = await outcomes("console.log('TAP version 14\\n1..3\\nok 1 - a\\nok 2 - b');");
    t.equal(printed.at(-1)?.kind, 'fail');
    t.match(printed.at(-1)?.failure, /incorrect number of tests/);
  });

  t.test('a file that crashes is a failure', async (t) => {
    const list = await outcomes(`
      t.test('a', async (t) => { t.pass(); });
      t.test('b', async () => { process.kill(process.pid, 'SIGSEGV'); await new Promise((r) => setTimeout(r, 1000)); });`);
    t.equal(summary(list)[0], 'pass a');
    t.equal(list.at(-1)?.kind, 'fail');
    t.match(list.at(-1)?.failure, /was killed by SIGSEGV/);
  });

  t.test('a file that exits in the middle with status 0 is a failure', async (t) => {
    for (const exit of ['process.exit(0)', 'process.reallyExit(0)']) {
      const list = await outcomes(`t.test('a', async (t) => { t.pass(); }); t.test('b', async () => { ${exit}; });`);
      t.equal(summary(list)[0], 'pass a', exit);
      t.equal(list.at(-1)?.kind, 'fail', exit);
    }
  });

  t.test('a file that exits with a status of its own is a failure', async (t) => {
    const list = await outcomes("t.test('a', async (t) => { t.pass(); }); process.on('exit', () => { process.exitCode = 3; });");
    t.strictSame(summary(list), ['pass a', 'fail (the file itself)']);
    t.match(list[1]?.failure, /exited with status 3/);
  });

  t.test('a file that cannot be loaded is a failure', async (t) => {
    const list = await outcomes("import './not-there.mjs'; t.test('a', async () => {});");
    t.strictSame(summary(list), ['fail (the file itself)']);
    t.match(list[0]?.failure, /ERR_MODULE_NOT_FOUND/);
  });

  t.test('a file that hangs is a failure, and what it started is ended', async (t) => {
    const body = `
      import { spawn } from 'node:child_process';
      t.test('a', async (t) => { t.pass(); });
      t.test('b', () => new Promise(() => { console.log('child', spawn('sleep', ['600']).pid); setInterval(() => {}, 1000); }));`;
    const list = await outcomes(body, { timeLimitMs: 2500 });
    t.match(list.at(-1)?.failure, /did not end within 2\.5 s/);
    const pid = Number(/child (\d+)/.exec(list.at(-1)?.failure ?? '')?.[1]);
    t.ok(pid > 0);
    t.equal(isAlive(pid), false);
  });

  t.test('a file without tests is a failure', async (t) => {
    t.match((await outcomes('')).at(-1)?.failure, /without tests|has no tests/);
    t.match((await outcomes('t.pragma({});')).at(-1)?.failure, /without tests|has no tests/);
  });

  t.test('a hook that fails is a failure', async (t) => {
    for (const hook of ['teardown', 'afterEach', 'beforeEach']) {
      const list = await outcomes(
        `t.${hook}(() => { throw new Error('left behind'); }); t.test('a', async (t) => { t.pass(); });`,
      );
      t.equal(list.at(-1)?.kind, 'fail', hook);
      t.match(list.at(-1)?.failure, /left behind/, hook);
    }
  });

  t.test('tests that a pattern leaves out are not counted', async (t) => {
    const body = `
      t.test('apple', async (t) => { t.pass(); });
      t.test('pear', async (t) => { t.fail(); });
      t.test('s', async (t) => { t.test('apple too', async (t) => { t.pass(); }); t.test('plum', async (t) => { t.fail(); }); });
      t.test('of apples', async (t) => { t.test('each', async (t) => { t.pass(); }); });
      t.test('none', async (t) => { t.test('fig', async (t) => { t.fail(); }); });`;
    t.strictSame(summary(await outcomes(body, { pattern: 'apple' })), [
      'pass apple',
      'pass s › apple too',
      'pass of apples › each',
    ]);
  });
});
