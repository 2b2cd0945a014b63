import { once } from 'node:events';
import { styleText } from 'node:util';
import type { Paint } from '../outputs/contract.js';

/** Where a command writes; the process's own streams, or buffers in tests. */
export interface Terminal {
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
}

/** What a command gets from its caller. */
export interface Context {
  readonly terminal: Terminal;
  readonly env: NodeJS.ProcessEnv;
  /** One line on stderr. */
  readonly warn: (line: string) => void;
}

/** Writes a text at the reader's pace. A reader that went away (`| head`) is not an error. */
export async function writeAll(stream: NodeJS.WriteStream, text: string): Promise<void> {
  for (let at = 0; at < text.length; at += CHUNK) {
    if (stream.destroyed) return;
    if (!stream.write(text.slice(at, at + CHUNK)) && !(await drained(stream))) return;
  }
}

/** False once the reader has gone. */
async function drained(stream: NodeJS.WriteStream): Promise<boolean> {
  try {
    await Promise.race([once(stream, 'drain'), once(stream, 'close')]);
    return true;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'EPIPE') return false;
    throw cause;
  }
}

const CHUNK = 1 << 16;

const COLOURS = { good: 'green', bad: 'red', dim: 'dim', changed: 'yellow' } as const;

/** Colours for a stream; undefined when it shows none. */
export function paintFor(stream: NodeJS.WriteStream, env: NodeJS.ProcessEnv): Paint | undefined {
  // What the stream shows was decided here; later releases of Node would look at process.stdout.
  return wantsColour(stream, env) ? (mood, text) => styleText(COLOURS[mood], text, { validateStream: false }) : undefined;
}

/** NO_COLOR (no-color.org) and FORCE_COLOR decide before the terminal does. */
function wantsColour(stream: NodeJS.WriteStream, env: NodeJS.ProcessEnv): boolean {
  if (env['NO_COLOR'] !== undefined && env['NO_COLOR'] !== '') return false;
  if (env['FORCE_COLOR'] !== undefined && env['FORCE_COLOR'] !== '0') return true;
  return stream.isTTY && env['TERM'] !== 'dumb';
}

/** Shows progress on a terminal if something takes more than a second. */
export async function withProgress<Value>(stderr: NodeJS.WriteStream, what: string, work: Promise<Value>): Promise<Value> {
  if (!stderr.isTTY) return work;
  const started = Date.now();
  const timer = setInterval(() => stderr.write(`\r${what} … ${Math.round((Date.now() - started) / 1000)} s`), 1000);
  try {
    return await work;
  } finally {
    clearInterval(timer);
    if (Date.now() - started >= 1000) stderr.write('\r\u001b[K');
  }
}
