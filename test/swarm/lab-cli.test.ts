import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { labObstacle } from '../lab/index.js';
import { ROOT } from '../support/root.js';
import { tracesOf } from './lab-traces.js';

const skip = labObstacle() ?? false;

/** Runs a shell script in which "lab" is the lab's command line, with a /run of its own: somebody's lab may be up on this machine. */
function shell(script: string): { status: number | null; lines: string[]; errors: string } {
  const lab = `lab() { '${process.execPath}' '${join(ROOT, 'dist/test/lab/cli.js')}' "$@"; }`;
  // The lab would outlive this test only if "down" failed.
  const frame = `mount -t tmpfs run /run; ${lab}; trap 'lab down' EXIT; ${script}`;
  const result = spawnSync('unshare', ['--mount', '--propagation', 'private', 'bash', '-c', frame], { encoding: 'utf8', timeout: 120_000 });
  return { status: result.status, lines: result.stdout.trim().split('\n'), errors: result.stderr };
}

test('up leaves a swarm in the background, exec enters it, down ends it', { skip }, () => {
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
  assert.equal(status, 0, errors);
  assert.match(lines[1]!, /^h1 +198\.51\.100\.11 +\d+ +Ready Leader +\/.*\/host-h1\/docker\.sock$/);
  assert.deepEqual(lines.slice(2, 7), ['node h1 Ready', 'from outside', 'exec ended with 7', 'no such host: 2', 'up again: 2']);
  assert.match(lines[7]!, /^h1 /);
  assert.deepEqual(lines.slice(8, 10), ['no lab is up', 'status: 1']);
  assert.match(errors, /there is no host "h2"; the lab has h1/);
  assert.match(errors, /a lab is up already/);
  const dir = /^folder (.*)\/host-h1$/.exec(lines[10]!)?.[1];
  assert.ok(dir !== undefined && dir.length > 4, lines[10]);
  assert.deepEqual(tracesOf(dir), []);
});

test('an interrupted up leaves nothing', { skip }, () => {
  const { lines, errors } = shell(`
    lab up 2 &
    # The function runs in a subshell of the job; it is the program in it that is interrupted.
    until pid=$(pgrep --parent $! node); do sleep 0.05; done
    until grep -q . /proc/$pid/task/$pid/children; do sleep 0.05; done
    keeper=$(tr -d ' ' </proc/$pid/task/$pid/children)
    until dir=$(tr '\\0' '\\n' </proc/$(cut -d ' ' -f 1 /proc/$keeper/task/$keeper/children)/cmdline | grep /nsatlas-cli-); do sleep 0.05; done 2>/dev/null
    kill -INT $pid
    wait $!
    echo "up ended with $?"
    while [ -e /proc/$keeper ]; do sleep 0.05; done
    echo "$dir"`);
  assert.equal(lines[0], 'up ended with 1', errors);
  assert.match(lines[1]!, /\/nsatlas-cli-/, errors);
  assert.deepEqual(tracesOf(lines[1]!), []);
});
