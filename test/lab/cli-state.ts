import { closeSync, existsSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Lab } from './lab.js';

/** Where the command line keeps what it knows of the lab that runs in the background; gone at the next boot, as the lab is. */
const FOLDER = '/run/nsatlas-lab';
const STATE = join(FOLDER, 'state.json');

/** What the process in the background prints. */
const LOG = join(FOLDER, 'keeper.log');

/** The lab that runs in the background. */
export interface LabState {
  /** The process that keeps it. */
  readonly keeperPid: number;
  readonly dir: string;
  readonly hosts: readonly {
    readonly name: string;
    readonly pid: number;
    readonly address: string;
    readonly dockerSocket: string;
  }[];
}

/** The lab that runs now, or undefined. What a lab that ended without "down" left is removed. */
export function readState(): LabState | undefined {
  if (!existsSync(STATE)) return undefined;
  const state = JSON.parse(readFileSync(STATE, 'utf8')) as LabState;
  // A lab removes its folder when it ends, whatever ends it; the PID alone may be another's by now.
  if (isKeeper(state.keeperPid) && existsSync(state.dir)) return state;
  removeState();
  return undefined;
}

/** Called by the process in the background when its lab is ready. */
export function writeState(lab: Lab): void {
  const hosts = lab.hosts.map(({ name, pid, address, dockerSocket }) => ({ name, pid, address, dockerSocket }));
  const state: LabState = { keeperPid: process.pid, dir: lab.dir, hosts };
  // Readers see all of it or nothing.
  writeFileSync(`${STATE}.new`, `${JSON.stringify(state, undefined, 2)}\n`);
  renameSync(`${STATE}.new`, STATE);
}

/** Forgets the lab, and its log. */
export function removeState(): void {
  rmSync(FOLDER, { recursive: true, force: true });
}

/** What the process in the background has printed; "" when there is no log. */
export function readLog(): string {
  return existsSync(LOG) ? readFileSync(LOG, 'utf8').trimEnd() : '';
}

/** Opens a fresh log for the process in the background; the caller closes it with the function returned. */
export function openLog(): { readonly fd: number; close(): void } {
  mkdirSync(FOLDER, { recursive: true, mode: 0o700 });
  const fd = openSync(LOG, 'w', 0o600);
  return { fd, close: () => closeSync(fd) };
}

/** Whether the process is one that keeps a lab. */
export function isKeeper(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').includes('keep');
  } catch {
    // ENOENT: there is no such process.
    return false;
  }
}
