import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { removeFolder, scratchFolder, withoutPreload } from '../support/native-namespaces.js';
import { ROOT } from '../support/root.js';

test('the C++ that walks bytes survives any bytes and finds the end of every answer', () => {
  const folder = scratchFolder();
  try {
    const program = join(folder, 'native-reply');
    const sources = ['test/support/native-reply.cc', 'native/netlink_reply.cc', 'native/job.cc'].map((name) => join(ROOT, name));
    const flags = [
      '-std=c++17',
      '-g',
      '-O1',
      '-Wall',
      '-Wextra',
      '-Werror',
      '-fsanitize=address,undefined',
      '-fno-sanitize-recover=all',
    ];
    execFileSync('g++', [...flags, '-o', program, ...sources], { env: withoutPreload() });
    const env = { ...withoutPreload(), ASAN_OPTIONS: '' };
    assert.equal(execFileSync(program, { env, encoding: 'utf8' }), 'ok\n');
  } finally {
    removeFolder(folder);
  }
});
