#!/usr/bin/env node
import { run } from './program.js';

// A reader that went away (`nsatlas fdb | head`) is not an error.
process.stdout.on('error', (cause: NodeJS.ErrnoException) => {
  if (cause.code !== 'EPIPE') throw cause;
});

process.exitCode = await run(process.argv.slice(2), {
  terminal: { stdout: process.stdout, stderr: process.stderr },
  env: process.env,
  warn: (line) => process.stderr.write(`nsatlas: ${line}\n`),
});
