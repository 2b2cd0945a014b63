import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import t from 'tap';
import { ROOT } from '../support/root.js';

t.setTimeout(0);

const PARTS = ['scan', 'agent', 'decode', 'big'];

t.test('the benchmark of a host runs at a small size, in longer than a test may take, and measures what it says', async (t) => {
  const sizes = ['--size', '10', '--rounds', '1', '--idle', '1', '--flood', '2', '--rows', '200', '--only', PARTS.join(',')];
  // Rejects when a part fails.
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [join(ROOT, 'bench/run.mjs'), ...sizes], {
    maxBuffer: 1 << 24,
    timeout: 240_000,
  });
  t.match(stderr, /comparing with iproute2/);
  t.notMatch(stderr, /failed/);
  t.notMatch(stdout, /NaN|undefined|Infinity/);
  t.notMatch(stdout, /TAP version/);
  t.match(stdout, /changes or rows that are not as iproute2 .* \| 10 \| none \| 0 \| met \|/);
  t.match(stdout, /one row changed: messages \| 1 with 2 × 200 rows \| one \| 1 \| met \|/);
});

t.test('replicas of a collector and the same as protobuf bytes are compared', async (t) => {
  const { stdout } = await promisify(execFile)(process.execPath, [
    '--expose-gc',
    join(ROOT, 'bench/replica.mjs'),
    'interfaces',
    '2',
  ]);
  t.match(stdout, /the same as protobuf bytes: 800 interfaces\n {2}\d/);
  t.match(stdout, /\ninterfaces: 800 interfaces\n {2}\d/);
});
