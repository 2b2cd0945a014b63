import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from './root.js';

/** Compiles write-kinds.c against the installed kernel headers and has it write KIND/NAME.bin and KIND/META below `folder`. */
export function writeHeaderFixtures(folder: string): void {
  const scratch = mkdtempSync(join(tmpdir(), 'nsatlas-write-kinds-'));
  try {
    const program = join(scratch, 'write-kinds');
    execFileSync('cc', ['-Wall', '-Werror', '-o', program, join(ROOT, 'test/support/write-kinds.c')]);
    execFileSync(program, [folder]);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}
