// A real collector, agents that are made up, and who asks the collector: each in a process of its own.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Client, credentials } from '@grpc/grpc-js';
import { decode, encode } from '../dist/src/wire/codec.js';
import { methodPath } from '../dist/src/wire/definitions.js';
import { ServerProcess } from './server-process.mjs';

const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const SERVICE = 'nsatlas.v1.Collector';
const MAX_MESSAGE_BYTES = 64 * 1024 * 1024;
/** Each question costs the collector some milliseconds of what is measured. */
const ASK_EVERY_MS = 200;
const SYNC_LIMIT_MS = 300_000;
const CALL_LIMIT_MS = 300_000;

/** A process that answers questions (replay-agents.mjs, collector-client.mjs). */
class Helper {
  #child;
  #name;
  #asked = 0;

  /** @param {string} name of the script @param {readonly string[]} argv @returns one that has said that it is ready */
  static async start(name, argv, execArgv = []) {
    const helper = new Helper();
    helper.#name = name;
    helper.#child = fork(here(name), argv, { serialization: 'advanced', execArgv });
    process.once('exit', helper.#kill);
    await Promise.race([once(helper.#child, 'message'), helper.#failure()]);
    return helper;
  }

  #kill = () => this.#child.kill('SIGKILL');

  async #failure() {
    const [status] = await once(this.#child, 'exit');
    throw new Error(`${this.#name} has ended with ${status}`);
  }

  async ask(what, more = {}) {
    const id = ++this.#asked;
    this.#child.send({ id, what, ...more });
    for (;;) {
      const [answer] = await Promise.race([once(this.#child, 'message'), this.#failure()]);
      if (answer.id === id) return answer.value;
    }
  }

  async stop() {
    process.off('exit', this.#kill);
    if (this.#child.exitCode !== null) return;
    this.#child.kill('SIGTERM');
    await once(this.#child, 'exit');
  }
}

/** A collector of agents that are made up. */
export class CollectorRig {
  /** Milliseconds from the start of the process until every agent was LIVE, and what it had computed by then. */
  syncedMs;
  syncedCpuMs;
  collector = new ServerProcess();
  #replay;
  #watcher;
  #client;

  /**
   * Starts the agents, then the collector, and waits until it knows all of them.
   * @param {import('./replay-host.mjs').Shape} shape
   * @param {string} folder for the list of agents and the socket
   */
  static async start(shape, folder) {
    const rig = new CollectorRig();
    try {
      rig.#replay = await Helper.start('replay-agents.mjs', [JSON.stringify(shape)]);
      await rig.#follow(shape, mkdtempSync(join(folder, 'collector-')));
      return rig;
    } catch (cause) {
      await rig.stop();
      throw cause;
    }
  }

  async #follow(shape, folder) {
    const [list, address] = [join(folder, 'agents.json'), `unix:${join(folder, 'socket')}`];
    writeFileSync(list, JSON.stringify(await this.#replay.ask('addresses')));
    const started = performance.now();
    const argv = ['collector', '--agents-file', list, '--listen', address, '--log-level', 'error'];
    await this.collector.start(address, argv, ['--expose-gc']);
    // Loading the program is no pause: nobody is served yet.
    await this.collector.stretch();
    this.#client = new Client(address, credentials.createInsecure(), { 'grpc.max_receive_message_length': MAX_MESSAGE_BYTES });
    for (;;) {
      const { agents } = await this.status();
      if (agents.every(({ state }) => state === 'LIVE') && sum(agents) === shape.agents) break;
      if (performance.now() - started > SYNC_LIMIT_MS) throw new Error(`the collector is not in sync: ${JSON.stringify(agents)}`);
      await sleep(ASK_EVERY_MS);
    }
    this.syncedMs = performance.now() - started;
    this.syncedCpuMs = this.collector.cpuMs();
  }

  /** nsatlas.v1.CollectorGetStatusResponse */
  async status() {
    const [answer] = await this.#call(
      'GetStatus',
      'nsatlas.v1.CollectorGetStatusRequest',
      {},
      'nsatlas.v1.CollectorGetStatusResponse',
    );
    return answer;
  }

  /** Every item of a list. @param {string} list "Interfaces", "Hosts", … @param {string[]} hosts ids; all of them when empty */
  async list(list, hosts = []) {
    const none = {
      netns: [],
      roles: [],
      networks: [],
      containers: [],
      services: [],
      kinds: [],
      interfaces: [],
      vnis: [],
      macs: [],
      ips: [],
    };
    const request = { selector: { ...none, hosts }, counters: false };
    const parts = await this.#call(`List${list}`, `nsatlas.v1.List${list}Request`, request, `nsatlas.v1.List${list}Response`);
    return parts.flatMap(({ items }) => items);
  }

  async #call(method, requestType, request, responseType) {
    const bytes = encode(requestType, request);
    const asTheyAre = (message) => message;
    const options = { deadline: Date.now() + CALL_LIMIT_MS };
    // A unary call is a stream with one message to those who read it as one.
    const call = this.#client.makeServerStreamRequest(methodPath(SERVICE, method), asTheyAre, asTheyAre, bytes, options);
    const parts = [];
    for await (const part of call) parts.push(decode(responseType, part));
    return parts;
  }

  /** Asks the agents' process: replay-agents.mjs. */
  replay(what, more) {
    return this.#replay.ask(what, more);
  }

  /** Starts a client that watches everything; resolves when it was told everything. */
  async watch() {
    this.#watcher = await Helper.start('collector-client.mjs', [this.collector.address]);
  }

  /** Asks it: collector-client.mjs. */
  watcher(what) {
    return this.#watcher.ask(what);
  }

  async stop() {
    this.#client?.close();
    await this.#watcher?.stop();
    if (this.collector.address !== undefined) await this.collector.stop();
    await this.#replay?.stop();
  }
}

function sum(agents) {
  return agents.reduce((total, one) => total + one.agents, 0);
}
