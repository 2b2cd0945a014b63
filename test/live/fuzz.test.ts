import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { removeFolder, scratchFolder, withoutPreload } from '../support/native-namespaces.js';
import { ROOT } from '../support/root.js';

t.setTimeout(0);

const FLAGS = [
  '-std=c++17',
  '-g',
  '-O1',
  '-Wall',
  '-Wextra',
  '-Werror',
  '-fsanitize=address,undefined',
  '-fno-sanitize-recover=all',
  '-D_GNU_SOURCE',
  `-I${join(ROOT, 'native')}`,
];

const CASES = {
  'what a filter copies and what a comparison finds is right, case by case': [
    'test/support/native-filter.cc',
    'native/rows/filter.cc',
    'native/rows/row_format.cc',
    'native/rows/rows.cc',
  ],
  'the C++ that walks bytes survives any bytes and finds the end of every answer': [
    'test/support/native-reply.cc',
    'native/netlink/read_only.cc',
    'native/netlink/reply.cc',
    'native/netns/job.cc',
  ],
  'of all message types, commands and paths only those that read are taken': [
    'test/support/native-read-only.cc',
    'native/netlink/genl.cc',
    'native/netlink/read_only.cc',
    'native/netns/job.cc',
  ],
};

for (const [what, sources] of Object.entries(CASES)) {
  t.test(what, async (t) => {
    const folder = scratchFolder();
    try {
      const program = join(folder, 'program');
      execFileSync('g++', [...FLAGS, '-o', program, ...sources.map((name) => join(ROOT, name))], { env: withoutPreload() });
      t.equal(execFileSync(program, { env: { ...withoutPreload(), ASAN_OPTIONS: '' }, encoding: 'utf8' }), 'ok\n');
    } finally {
      removeFolder(folder);
    }
  });
}

for (const name of ['filter', 'diff', 'reply', 'read_only']) {
  t.test(`every seed of the fuzzer passes: ${name}`, async (t) => {
    const seeds = readdirSync(join(ROOT, 'test', 'fixtures', `fuzz-${name}`)).length;
    const script = join(ROOT, 'scripts', 'fuzz-native.mjs');
    const said = execFileSync(process.execPath, [script, name, '--replay'], { env: withoutPreload(), encoding: 'utf8' });
    t.equal(said, `${name}: ${seeds} seeds replayed\n`);
  });
}
