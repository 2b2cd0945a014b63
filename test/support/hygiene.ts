import assert from 'node:assert/strict';
import { fstatSync, readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Test } from 'tap';

/** What a process has open and where its threads are, at one moment. */
export interface Footprint {
  /** Open files by number: what the kernel says they are, "socket:[1234]". */
  readonly fds: ReadonlyMap<number, string>;
  /** The network namespace of each thread, by thread id. */
  readonly tasks: ReadonlyMap<number, string>;
}

/** How long things may take that the process closes asynchronously (sockets, ends of threads), in milliseconds. */
const PATIENCE_MS = 15_000;

/** Made by Node on first use and kept for good: event loops, wake-ups of threads, the pipe of signals. */
const NODES_OWN = /^(anon_inode:|pipe:)/;

/** @throws nothing: what goes away while it is looked at is left out */
export function takeFootprint(): Footprint {
  return { fds: links('/proc/self/fd', ''), tasks: links('/proc/self/task', '/ns/net') };
}

function links(folder: string, below: string): Map<number, string> {
  const found = new Map<number, string>();
  for (const name of readdirSync(folder)) {
    try {
      found.set(Number(name), readlinkSync(`${folder}/${name}${below}`));
    } catch {
      // The descriptor of this very listing, or a thread that has ended.
    }
  }
  return found;
}

/** Descriptors that refer to a namespace of whatever type. Told by the device: a mounted one is linked to as its path. */
export function namespaceFds(): number[] {
  const nsfs = statSync('/proc/self/ns/net').dev;
  return readdirSync('/proc/self/fd')
    .map(Number)
    .filter((fd) => {
      try {
        return fstatSync(fd).dev === nsfs;
      } catch {
        // Closed meanwhile: the descriptor of this very listing.
        return false;
      }
    });
}

/** Mounts of namespaces that this process sees, for a comparison of before and after. */
export function namespaceMounts(): string[] {
  const lines = readFileSync('/proc/self/mountinfo', 'utf8').trimEnd().split('\n');
  const paths = lines.filter((line) => line.includes(' - nsfs ')).map((line) => line.split(' ')[4] ?? '');
  // proc_pid_mountinfo(5): blanks and backslashes are octal escapes.
  return paths.map((path) => path.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8))));
}

/**
 * What is wrong with the process now, one sentence for each.
 * @param before descriptors that were open then are none of ours
 * @param home the namespace that every thread has to be in
 */
export function findUncleanliness(before: Footprint, home: string): string[] {
  const now = takeFootprint();
  const leaked = [...now.fds]
    .filter(([fd, target]) => before.fds.get(fd) !== target && !NODES_OWN.test(target))
    .map(([fd, target]) => `fd ${fd} is open: ${target}`);
  const astray = [...now.tasks]
    .filter(([, netns]) => netns !== home)
    .map(([tid, netns]) => `thread ${tid} is in ${netns}, not in ${home}`);
  const pinning = namespaceFds().filter((fd) => !before.fds.has(fd));
  return [...leaked, ...astray, ...pinning.map((fd) => `fd ${fd} refers to a namespace`)];
}

/**
 * Waits a little for what closes by itself, then insists: no new descriptor, none of a namespace, every thread at home.
 * @throws AssertionError naming each thing that stayed
 */
export async function assertClean(before: Footprint, home: string = readlinkSync('/proc/self/ns/net')): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  let unclean = findUncleanliness(before, home);
  while (unclean.length > 0 && performance.now() < deadline) {
    await sleep(20);
    unclean = findUncleanliness(before, home);
  }
  assert.deepEqual(unclean, [], 'the test left something behind');
}

/**
 * Call it once at the top of a live test file, with tap's own `t`: after each test (and after what the test itself cleans up with its own
 * afterEach) the process has to be as clean as before it.
 */
export function guardHygiene(t: Pick<Test, 'beforeEach' | 'afterEach'>): void {
  const home = readlinkSync('/proc/self/ns/net');
  let before = takeFootprint();
  t.beforeEach(() => {
    before = takeFootprint();
  });
  t.afterEach(() => assertClean(before, home));
}

/**
 * Waits until a condition holds.
 * @throws AssertionError with `what` when it does not within the time
 */
export async function eventually(what: string, holds: () => boolean | Promise<boolean>, limitMs = 20_000): Promise<void> {
  const deadline = performance.now() + limitMs;
  while (!(await holds())) {
    assert.ok(performance.now() < deadline, `${what}: not within ${limitMs} ms`);
    await sleep(20);
  }
}
