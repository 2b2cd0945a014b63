import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { matchesOutput, parseExamples } from '../support/examples.js';
import { ROOT } from '../support/root.js';

t.setTimeout(0);

/** Where the commands of the documents run, and what they write stays until the last one. */
const folder = mkdtempSync(join(tmpdir(), 'nsatlas-examples-'));
t.teardown(() => rmSync(folder, { recursive: true }));

/** A shell command in the demo's topology, in namespaces of its own. */
function runInDemo(command: string): { status: number | null; stdout: string; stderr: string } {
  const inside = [process.execPath, join(ROOT, 'scripts/demo.mjs'), '--inside', 'bash', '-c', command];
  return spawnSync('unshare', ['-nm', '--propagation', 'private', ...inside], { encoding: 'utf8', cwd: folder, timeout: 60_000 });
}

const documents = ['README.md', 'CONTRIBUTING.md', ...readdirSync(join(ROOT, 'docs')).map((name) => `docs/${name}`)];

for (const path of documents.filter((name) => name.endsWith('.md') && existsSync(join(ROOT, name)))) {
  for (const { command, output, line } of parseExamples(readFileSync(join(ROOT, path), 'utf8'))) {
    t.test(`${path}:${line}: ${command}`, async (t) => {
      const { status, stdout, stderr } = runInDemo(command);
      t.equal(status, 0, stderr);
      t.ok(matchesOutput(output, stdout), `the document says\n${output.join('\n')}\nand the command prints\n${stdout}`);
    });
  }
}

t.test('an example in the demo sees its namespaces and nothing of the machine', async (t) => {
  const { status, stdout } = runInDemo(
    'ls /run/docker/netns | wc -l; ip -br link show docker_gwbridge | wc -l; ls /run | grep -c docker.sock || true',
  );
  t.equal(status, 0);
  t.equal(stdout, '8\n1\n0\n');
});

t.test('the demo shows the overlay: its namespaces, every pair, both VNIs and the rows of the other hosts', async (t) => {
  const result = spawnSync(
    'unshare',
    ['-nm', '--propagation', 'private', process.execPath, join(ROOT, 'scripts/demo.mjs'), '--inside'],
    { encoding: 'utf8', cwd: ROOT, timeout: 60_000 },
  );
  t.equal(result.status, 0, result.stderr);
  for (const word of [
    '1-x8sn2ys3vd',
    'lb_x8sn2ys3v',
    'ingress_sbox',
    '4d6dee9fdc0a',
    '4096',
    '4097',
    '192.0.2.12',
    '02:42:0a:00:09:15',
  ]) {
    t.ok(result.stdout.includes(word), `${word} is in\n${result.stdout}`);
  }
  t.equal(/PEER_NOT_VISIBLE|AMBIGUOUS/.test(result.stdout), false, result.stdout);
});
