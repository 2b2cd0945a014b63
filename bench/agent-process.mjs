// The real agent and a real client, each in a process of its own.
import { execFileSync, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { createAgentClient } from '../dist/src/client/agent.js';
import { ServerProcess } from './server-process.mjs';

const here = (name) => fileURLToPath(new URL(name, import.meta.url));
/** The bench has a network namespace of its own. */
const ADDRESS = '127.0.0.1:7117';
const START_LIMIT_MS = 120_000;

/** `nsatlas agent` on the namespaces of a folder. */
export class AgentProcess extends ServerProcess {
  /** @param {string} dir @returns an agent that answers */
  static async start(dir) {
    // A new network namespace has its loopback down.
    execFileSync('ip', ['link', 'set', 'lo', 'up']);
    const agent = new AgentProcess();
    await agent.start(ADDRESS, ['agent', '--listen', ADDRESS, '--netns-dir', dir, '--log-level', 'warn']);
    // Loading the program is one long stretch, before there is anybody to notice.
    await agent.stretch();
    const client = createAgentClient(ADDRESS, { timeoutMs: START_LIMIT_MS });
    await client.status();
    client.close();
    return agent;
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
