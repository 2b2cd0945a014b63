// A server of ours in a process of its own, started as users start it but for the probe.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { CLI } from './tools.mjs';

const PROBE = fileURLToPath(new URL('probe.mjs', import.meta.url));
const START_LIMIT_MS = 120_000;
const ASK_AGAIN_MS = 20;

/** @param {string} address HOST:PORT or unix:PATH */
async function isListening(address) {
  const [host, port] = address.split(':');
  const socket = host === 'unix' ? connect(port) : connect(Number(port), host);
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    // Refused: not yet.
    return false;
  } finally {
    socket.destroy();
  }
}

/** `nsatlas` with some arguments, and what its process costs. */
export class ServerProcess {
  address;
  #child;
  #said = '';
  #asked = 0;
  #hasEnded = false;

  /**
   * Starts it and waits until it listens.
   * @param {string} address that it is told to serve by `argv`
   * @param {readonly string[]} argv of nsatlas
   * @param {readonly string[]} execArgv of Node
   */
  async start(address, argv, execArgv = []) {
    this.address = address;
    this.#child = spawn(process.execPath, [...execArgv, '--import', PROBE, CLI, ...argv], {
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    this.#child.stderr.setEncoding('utf8').on('data', (text) => (this.#said += text));
    this.#child.once('exit', () => (this.#hasEnded = true));
    process.once('exit', this.#kill);
    for (const limit = performance.now() + START_LIMIT_MS; !(await isListening(address)); await sleep(ASK_AGAIN_MS)) {
      if (this.#hasEnded) throw new Error(`nsatlas ${argv[0]} has ended: ${this.#said}`);
      if (performance.now() > limit) throw new Error(`nsatlas ${argv[0]} does not listen: ${this.#said}`);
    }
  }

  #kill = () => this.#child.kill('SIGKILL');

  get pid() {
    return this.#child.pid;
  }

  /** What it has written to stderr. */
  get said() {
    return this.#said;
  }

  /**
   * Longest stretch in which the main thread did nothing else, since the last call that said `watch` (probe.mjs).
   * @returns {Promise<{ ownMs: number, wallMs: number, gcMs: number }>} without and with the time in which others had the cores; the
   *   longest pause for garbage
   */
  async stretch({ watch = true } = {}) {
    return (await this.#ask({ isWatched: watch })).longest;
  }

  /** Bytes in use after everything else was thrown away; for a process that was started with --expose-gc. */
  async liveBytes() {
    const { heapUsed, external } = await this.#ask({ isWatched: false, live: true });
    return { heapUsed, external };
  }

  async #ask(question) {
    const id = ++this.#asked;
    this.#child.send({ id, ...question });
    for (;;) {
      const [answer] = await once(this.#child, 'message');
      if (answer.id === id) return answer;
    }
  }

  /** Megabytes (10^6): what is resident, and the most there was. */
  memory() {
    const status = readFileSync(`/proc/${this.#child.pid}/status`, 'utf8');
    const field = (name) => (Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)[1]) * 1024) / 1e6;
    return { residentMb: field('VmRSS'), peakMb: field('VmHWM') };
  }

  /** Milliseconds that all threads have computed. */
  cpuMs() {
    const task = `/proc/${this.#child.pid}/task`;
    return readdirSync(task).reduce((sum, tid) => {
      try {
        return sum + Number(readFileSync(`${task}/${tid}/schedstat`, 'utf8').split(' ')[0]) / 1e6;
      } catch {
        // A thread that has ended meanwhile.
        return sum;
      }
    }, 0);
  }

  async stop() {
    process.off('exit', this.#kill);
    if (this.#hasEnded) return;
    this.#child.kill('SIGTERM');
    await once(this.#child, 'exit');
  }
}
