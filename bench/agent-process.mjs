// The real agent and a real client, each in a process of its own.
import { execFileSync, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { createAgentClient } from '../dist/src/agent/client.js';
import { CLI } from './tools.mjs';

const here = (name) => fileURLToPath(new URL(name, import.meta.url));
/** The bench has a network namespace of its own. */
const ADDRESS = '127.0.0.1:7117';
const START_LIMIT_MS = 120_000;
const ASK_AGAIN_MS = 20;

async function isListening() {
  const [host, port] = ADDRESS.split(':');
  const socket = connect(Number(port), host);
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

/** `nsatlas agent` on the namespaces of a folder, as users start it but for the probe. */
export class AgentProcess {
  address = ADDRESS;
  #child;
  #said = '';
  #asked = 0;
  #hasEnded = false;

  /** @param {string} dir @returns an agent that answers */
  static async start(dir) {
    // A new network namespace has its loopback down.
    execFileSync('ip', ['link', 'set', 'lo', 'up']);
    const agent = new AgentProcess();
    await agent.#start(dir);
    return agent;
  }

  async #start(dir) {
    const argv = ['--import', here('probe.mjs'), CLI, 'agent', '--listen', ADDRESS, '--netns-dir', dir, '--log-level', 'warn'];
    this.#child = spawn(process.execPath, argv, { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
    this.#child.stderr.setEncoding('utf8').on('data', (text) => (this.#said += text));
    this.#child.once('exit', () => (this.#hasEnded = true));
    process.once('exit', this.#kill);
    for (const limit = performance.now() + START_LIMIT_MS; !(await isListening()); await sleep(ASK_AGAIN_MS)) {
      if (this.#hasEnded) throw new Error(`the agent has ended: ${this.#said}`);
      if (performance.now() > limit) throw new Error(`the agent does not listen: ${this.#said}`);
    }
    // Loading the program is one long stretch, before there is anybody to notice.
    await this.stretch();
    const client = createAgentClient(ADDRESS, { timeoutMs: START_LIMIT_MS });
    await client.status();
    client.close();
  }

  #kill = () => this.#child.kill('SIGKILL');

  /**
   * Longest stretch in which the main thread did nothing else, since the last call that said `watch` (probe.mjs).
   * @returns {Promise<{ ownMs: number, wallMs: number }>} without and with the time in which others had the cores
   */
  async stretch({ watch = true } = {}) {
    const id = ++this.#asked;
    this.#child.send({ id, watch });
    for (;;) {
      const [answer] = await once(this.#child, 'message');
      if (answer.id === id) return answer.longest;
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

/** A client that watches everything and notes when it was told (client.mjs). */
export class WatchClient {
  /** Milliseconds from the start of the call to the mark that everything was told. */
  syncedMs;
  #child;
  #asked = 0;

  /** @returns a client that was told everything */
  static async start(address, tables) {
    const client = new WatchClient();
    client.#child = fork(here('client.mjs'), [address, tables.join(',')], { serialization: 'advanced' });
    process.once('exit', client.#kill);
    const [{ syncedMs }] = await Promise.race([once(client.#child, 'message'), client.#failure()]);
    client.syncedMs = syncedMs;
    return client;
  }

  #kill = () => this.#child.kill('SIGKILL');

  async #failure() {
    const [status] = await once(this.#child, 'exit');
    throw new Error(`the watching client has ended with ${status}`);
  }

  /** What was told since the last call. @returns {Promise<{ key: string, value: number, at: bigint }[]>} see client.mjs */
  arrivals() {
    return this.#ask('arrivals');
  }

  /** Bytes of the messages since the last call. @returns {Promise<number[]>} */
  sizes() {
    return this.#ask('sizes');
  }

  /** What is known now. @returns {Promise<{ links: [string, number, number][], fdb: [string, number, string, string][] }>} */
  state() {
    return this.#ask('state');
  }

  async #ask(what) {
    const id = ++this.#asked;
    this.#child.send({ id, what });
    for (;;) {
      const [answer] = await once(this.#child, 'message');
      if (answer.id === id) return answer.value;
    }
  }

  async stop() {
    process.off('exit', this.#kill);
    this.#child.kill('SIGTERM');
    await once(this.#child, 'exit');
  }
}
