import { open } from 'node:fs/promises';
import { type Clock, SYSTEM_CLOCK } from '../clock.js';
import { parseAgentsFile } from './agents-file.js';
import { askAgain, reasonOf } from './asking.js';
import type { AgentSource } from './types.js';

/** How often the file is looked at, in milliseconds. A look is one stat(). */
const LOOK_MS = 2000;

/** 10,000 agents with all there is to say of them take some 1 MB. */
const MOST_BYTES = 8 * 1024 * 1024;

/**
 * Agents that a file names; see parseAgentsFile() for what is in it. It is read again when it was written to, or replaced by another one (a
 * rename, a symlink that changed). While it is missing or broken, its last known agents are kept.
 */
export function fileSource(path: string, clock: Clock = SYSTEM_CLOCK): AgentSource {
  const name = `file ${path}`;
  return {
    name,
    follow: (onTargets, onProblem) => {
      let known: string | undefined;
      const look = async (signal: AbortSignal): Promise<void> => {
        try {
          const file = await readIfChanged(path, known);
          if (file === undefined || signal.aborted) return;
          known = file.version;
          const addresses = parseAgentsFile(file.text);
          onTargets(addresses.map((address) => ({ address, source: name })));
          onProblem(undefined);
        } catch (cause) {
          if (signal.aborted) return;
          // Whatever comes after a file that could not be opened is new.
          if (isErrno(cause)) known = undefined;
          onProblem(isErrno(cause) ? (PROBLEMS[cause.code ?? ''] ?? `cannot be read: ${cause.message}`) : reasonOf(cause));
        }
      };
      return askAgain(look, () => LOOK_MS, clock);
    },
  };
}

/** By errno of open(2). */
const PROBLEMS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file (ENOENT); keeping its last known agents',
  EACCES: 'no permission to read it (EACCES); allow this user to, or run as another one',
};

interface ReadFile {
  readonly text: string;
  /** Another one when the file was written to or is another file. */
  readonly version: string;
}

/** @returns undefined when it is the file that is known @throws an errno; Error when it is no file, or one too large */
async function readIfChanged(path: string, known: string | undefined): Promise<ReadFile | undefined> {
  // Not blocking: a named pipe would wait for somebody to write.
  const handle = await open(path, READ_NONBLOCK);
  try {
    const stat = await handle.stat({ bigint: true });
    const { dev, ino, mtimeNs, ctimeNs, size } = stat;
    const version = [dev, ino, mtimeNs, ctimeNs, size].join();
    if (version === known) return undefined;
    if (!stat.isFile()) throw Object.assign(new Error('it is not a file'), { code: 'EISDIR' });
    if (size > MOST_BYTES) throw new Error(`it has ${size} bytes, and ${MOST_BYTES} is the most`);
    return { text: await handle.readFile('utf8'), version };
  } finally {
    await handle.close();
  }
}

/** O_RDONLY | O_NONBLOCK, asm-generic/fcntl.h; the same on every architecture that Node runs on. */
const READ_NONBLOCK = 0o4000;

function isErrno(cause: unknown): cause is NodeJS.ErrnoException {
  return cause instanceof Error && 'code' in cause && !('line' in cause);
}
