// The programs that are built for a run, and small helpers.
import { execFile, execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const here = (name) => fileURLToPath(new URL(name, import.meta.url));

/** The command line program, as users start it. */
export const CLI = here('../dist/bundle/cli/main.js');
/** Where Debian's golang-*-dev packages put their sources. */
const GO_PATH = '/usr/share/gocode';
const GO_PACKAGES = ['github.com/vishvananda/netlink', 'github.com/vishvananda/netns', 'golang.org/x/sys/unix'];

/** Options for programs whose whole output is wanted. */
export const OUTPUT = { encoding: 'utf8', maxBuffer: 1 << 30, stdio: ['ignore', 'pipe', 'pipe'] };

/** Progress. @param {string} line */
export function say(line) {
  console.error(`bench: ${line}`);
}

/** Milliseconds that something takes. @param {() => unknown} work */
export async function timed(work) {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

/** @throws when a measure did not do what it is named for */
export function expect(what, got, wanted) {
  if (got !== wanted) throw new Error(`${what}: ${got} instead of ${wanted}`);
}

/**
 * Builds floor.c, poke.c and, where Go and the packages are installed, go/main.go.
 * @param {string} folder for the programs
 * @returns {{ floor: string, poke: string, go: string | undefined }} their paths
 */
export function buildPrograms(folder) {
  const c = (name) => {
    const program = join(folder, name);
    execFileSync('cc', ['-O2', '-Wall', '-Wextra', '-Werror', '-o', program, here(`${name}.c`)], { stdio: 'inherit' });
    return program;
  };
  return { floor: c('floor'), poke: c('poke'), go: buildGo(folder) };
}

function buildGo(folder) {
  const missing = GO_PACKAGES.filter((name) => !existsSync(join(GO_PATH, 'src', name)));
  if (missing.length > 0 || spawnSync('go', ['version']).status !== 0) {
    say(
      'skipped: the Go program; it needs golang-go, golang-github-vishvananda-netlink-dev and golang-github-vishvananda-netns-dev',
    );
    return undefined;
  }
  const program = join(folder, 'netlinkgo');
  const env = { ...process.env, GO111MODULE: 'off', GOPATH: GO_PATH, GOCACHE: join(folder, 'go-cache'), GOFLAGS: '' };
  execFileSync('go', ['build', '-o', program, '.'], { cwd: here('go'), env, stdio: 'inherit' });
  return program;
}

/**
 * One timed pass of the C floor.
 * @param {'links' | 'all' | 'settled'} mode see floor.c
 */
export async function runFloor(floor, dir, mode) {
  const { stdout } = await promisify(execFile)(floor, [dir, mode]);
  const [ns, links, addresses, others, bytes, up, tentative] = stdout.trim().split(' ').map(Number);
  return { ms: ns / 1e6, links, addresses, others, bytes, up, tentative };
}
