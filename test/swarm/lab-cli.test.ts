import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { labObstacle, waitFor } from '../lab/index.js';
import { ROOT } from '../support/root.js';
import { tracesOf } from './lab-traces.js';

t.setTimeout(0);

const skip = labObstacle() ?? false;

const CLI = join(ROOT, 'dist/test/lab/cli.js');

/** Runs a shell script in which "lab" is the lab's command line, with a /run of its own: somebody's lab may be up on this machine. */
function shell(script: string): { status: number | null; lines: string[]; errors: string } {
  const lab = `lab() { '${process.execPath}' '${CLI}' "$@"; }`;
  // The lab would outlive this test only if "down" failed.
  const frame = `mount -t tmpfs run /run; ${lab}; trap 'lab down' EXIT; ${script}`;
  const result = spawnSync('unshare', ['--mount', '--propagation', 'private', 'bash', '-c', frame], {
    encoding: 'utf8',
    timeout: 120_000,
  });
  return { status: result.status, lines: result.stdout.trim().split('\n'), errors: result.stderr };
}

t.test('up leaves a swarm in the background, exec enters it, down ends it', { skip }, async (t) => {
  const { status, lines, errors } = shell(`
    set -e
    lab up 1
    lab exec h1 docker node ls --format 'node {{.Hostname}} {{.Status}}'
    echo from outside | lab exec h1 cat
    lab exec h1 sh -c 'exit 7' || echo "exec ended with $?"
    lab exec h2 true || echo "no such host: $?"
    lab up 1 || echo "up again: $?"
    lab status | grep '^h1'
    set -- $(lab status | grep -o '/[^ ]*/host-h1')
    lab down
    lab status || echo "status: $?"
    echo "folder $1"`);
  t.equal(status, 0, errors);
  t.match(lines[1]!, /^h1 +198\.51\.100\.11 +\d+ +Ready Leader +\/.*\/host-h1\/docker\.sock$/);
  t.strictSame(lines.slice(2, 7), ['node h1 Ready', 'from outside', 'exec ended with 7', 'no such host: 2', 'up again: 2']);
  t.match(lines[7]!, /^h1 /);
  assert.deepEqual(lines.slice(8, 10), ['no lab is up', 'status: 1']);
  t.match(errors, /there is no host "h2"; the lab has h1/);
  t.match(errors, /a lab is up already/);
  const dir = /^folder (.*)\/host-h1$/.exec(lines[10]!)?.[1];
  assert.ok(dir !== undefined && dir.length > 4, lines[10]);
  t.strictSame(tracesOf(dir), []);
});

t.test('an interrupted up leaves nothing', { skip }, async (t) => {
  const known = new Set(labFolders());
  const inOwnRun = ['--mount', '--propagation', 'private', 'sh', '-c', 'mount -t tmpfs run /run && exec "$@"', 'sh'];
  const up = spawn('unshare', [...inOwnRun, process.execPath, CLI, 'up', '2'], { stdio: ['ignore', 'ignore', 'pipe'] });
  t.after(() => up.kill());
  let errors = '';
  up.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  const dir = await waitFor('the folder of the lab', () => labFolders().find((name) => !known.has(name)), {
    timeoutMs: 10_000,
    everyMs: 5,
  });
  const ended = once(up, 'exit');
  up.kill('SIGINT');
  t.strictSame(await ended, [1, null]);
  t.match(errors, /^lab: the lab will not come: /);
  t.strictSame(tracesOf(dir), []);
});

/** Folders of labs that the command line has made. */
function labFolders(): string[] {
  return readdirSync(tmpdir())
    .filter((name) => name.startsWith('nsatlas-cli-'))
    .map((name) => join(tmpdir(), name));
}
