// What the project's scripts share: running other programs and telling people what went wrong. Node built-ins only, because
// `npm start` and `npm test` run on a fresh clone that has no node_modules yet.
import { spawn } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { constants as os } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The project's top folder. */
export const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** Something a person has to do; printed without a stack trace. `remedy` is the command that fixes it. */
export class Problem extends Error {
  constructor(message, remedy = undefined) {
    super(message);
    this.name = 'Problem';
    this.remedy = remedy;
  }
}

/**
 * Runs a program and collects what it says. Resolves whatever the outcome.
 * @returns {Promise<{code: number | null, signal: string | null, output: string, ms: number}>} stdout and stderr together, as they came
 */
export function run(command, args, options = {}) {
  const started = performance.now();
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'], ...options });
    const chunks = [];
    child.stdout.on('data', (chunk) => chunks.push(chunk));
    child.stderr.on('data', (chunk) => chunks.push(chunk));
    const finish = (code, signal, extra = '') =>
      resolve({ code, signal, output: Buffer.concat(chunks).toString('utf8') + extra, ms: performance.now() - started });
    child.once('error', (error) => finish(null, null, `${command}: ${error.message}\n`));
    child.once('close', (code, signal) => finish(code, signal));
  });
}

/** Runs a program on the caller's terminal, in the caller's folder, and hands it the signals that would end this process. Resolves to an exit status. */
export function runInForeground(command, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: 'inherit' });
    const forward = (signal) => {
      // Ctrl-C on a terminal reaches the child by itself; a second one would make it hurry.
      if (signal === 'SIGINT' && process.stdin.isTTY) return;
      child.kill(signal);
    };
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, forward);
    child.once('error', reject);
    child.once('close', (code, signal) => {
      for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.off(name, forward);
      resolve(code ?? 128 + os.signals[signal]);
    });
  });
}

/** What the caller wrote after the script's name. npm takes the `--` before it away, a shell does not. */
export function givenArguments() {
  const given = process.argv.slice(2);
  return given[0] === '--' ? given.slice(1) : given;
}

/** Path of a program, or undefined. Also looks where Debian keeps administrators' programs, which are not in a user's PATH. */
export function which(name) {
  for (const folder of [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin', '/usr/local/sbin']) {
    const path = join(folder, name);
    try {
      accessSync(path, constants.X_OK);
      if (statSync(path).isFile()) return path;
    } catch {
      // Not in this folder.
    }
  }
  return undefined;
}

/** The last lines of a program's output, which is where the reason stands. */
export function tail(output, lines = 25) {
  return output.trimEnd().split('\n').slice(-lines).join('\n');
}

/** Milliseconds for people: "1.4 s". */
export function seconds(ms) {
  return `${(ms / 1000).toFixed(1)} s`;
}

/** Prints a problem and sets the exit status; the last resort of every script. */
export function report(error) {
  if (error instanceof Problem) {
    console.error(`nsatlas: ${error.message}`);
    if (error.remedy !== undefined) console.error(`\n  ${error.remedy}\n`);
  } else {
    console.error(error);
  }
  process.exitCode = 1;
}
