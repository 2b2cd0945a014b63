// Namespaces in which everything changes at random, as fast as iproute2 can: links, addresses, routes, neighbours, forwarding rows.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Scratch, ScratchNetns } from './netns.js';
import { randomSource } from './topology.js';

/** Links of each namespace that may be there. */
const LINKS = 6;
/** What of a kind is told in one line. */
type Random = (below: number) => number;

/** A program that takes lines, started again when it ends: some mistakes end iproute2 whatever it was told. */
class Batch {
  readonly #argv: readonly string[];
  #child: ChildProcess | undefined;

  constructor(netns: ScratchNetns, program: string) {
    this.#argv = [`--net=${netns.path}`, program, '-force', '-batch', '-'];
  }

  async write(lines: readonly string[]): Promise<void> {
    if (lines.length === 0) return;
    const child = this.#running();
    const { stdin } = child;
    if (stdin === null || stdin.write(lines.map((line) => `${line}\n`).join(''))) return;
    await new Promise<void>((resolve) => {
      stdin.once('drain', resolve);
      child.once('exit', () => resolve());
    });
  }

  /** Resolves when all lines were carried out. */
  async end(): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.stdin?.end();
    await ended;
  }

  kill(): void {
    this.#child?.kill('SIGKILL');
  }

  #running(): ChildProcess {
    const known = this.#child;
    if (known !== undefined && known.exitCode === null && known.signalCode === null) return known;
    const child = spawn('nsenter', this.#argv, { stdio: ['pipe', 'ignore', 'ignore'] });
    // It may end while a line is on its way.
    child.stdin.on('error', () => undefined);
    this.#child = child;
    return child;
  }
}

/** A namespace and the two programs that change it. */
interface Victim {
  readonly netns: ScratchNetns;
  readonly ip: Batch;
  readonly bridge: Batch;
}

/** Changes namespaces until it is stopped. */
export class RandomChanges {
  readonly #scratch: Scratch;
  readonly #random: Random;
  readonly #keep: number;
  readonly #victims: Victim[] = [];
  #stopped = false;
  /** Lines written, and namespaces made. */
  lines = 0;
  made = 0;

  /** @param keep how many namespaces live at a time */
  constructor(scratch: Scratch, keep: number, seed: number) {
    this.#scratch = scratch;
    this.#random = randomSource(seed);
    this.#keep = keep;
    while (this.#victims.length < keep) this.#bear();
  }

  /** The namespaces that are there. */
  get namespaces(): ScratchNetns[] {
    return this.#victims.map(({ netns }) => netns);
  }

  /** Changes things for so long. Every namespace still there has taken in all its lines afterwards. */
  async run(ms: number): Promise<void> {
    const end = performance.now() + ms;
    let nextBirth = performance.now();
    while (performance.now() < end && !this.#stopped) {
      for (const victim of this.#victims) await this.#change(victim);
      if (performance.now() >= nextBirth) {
        nextBirth = performance.now() + 300;
        await this.#kill(this.#random(this.#victims.length));
        this.#bear();
      }
    }
    await Promise.all(this.#victims.map(quit));
  }

  /** Ends the programs, whatever they are doing. */
  stop(): void {
    this.#stopped = true;
    for (const { ip, bridge } of this.#victims) for (const batch of [ip, bridge]) batch.kill();
  }

  #bear(): void {
    const netns = this.#scratch.netns();
    netns.ipBatch([
      'link add br0 type bridge',
      'link set br0 up',
      'link add vx0 type vxlan id 42 dstport 4789',
      'link set vx0 master br0 up',
    ]);
    this.#victims.push({ netns, ip: new Batch(netns, 'ip'), bridge: new Batch(netns, 'bridge') });
    this.made++;
  }

  async #kill(at: number): Promise<void> {
    const [victim] = this.#victims.splice(at, 1);
    if (victim === undefined) return;
    await quit(victim);
    victim.netns.remove();
  }

  async #change({ ip, bridge }: Victim): Promise<void> {
    const random = this.#random;
    const ipLines = Array.from({ length: 1 + random(8) }, () => this.#ipLine());
    const bridgeLines = Array.from({ length: random(6) }, () => bridgeLine(random));
    this.lines += ipLines.length + bridgeLines.length;
    await Promise.all([ip.write(ipLines), bridge.write(bridgeLines)]);
    // Others have their turn: a line that waits for nobody would be written for ever.
    await nextTurn();
  }

  #ipLine(): string {
    const random = this.#random;
    const link = `v${random(LINKS)}`;
    const other = this.#victims[random(this.#victims.length)]?.netns.path ?? '';
    const address = `10.${random(4)}.0.${1 + random(20)}`;
    switch (random(14)) {
      case 0:
        return `link add ${link} type veth peer name w${random(LINKS)} netns ${other}`;
      case 1:
        return `link add ${link} type veth peer name w${random(LINKS)}`;
      case 2:
        return `link del ${link}`;
      case 3:
        return `link set ${link} up`;
      case 4:
        return `link set ${link} down`;
      case 5:
        return `link set ${link} mtu ${1280 + random(200)}`;
      case 6:
        return `link set ${link} master br0`;
      case 7:
        return `link set ${link} nomaster`;
      case 8:
        return `link set ${link} netns ${other}`;
      case 9:
        return `addr add ${address}/24 dev ${link}`;
      case 10:
        return `addr del ${address}/24 dev ${link}`;
      case 11:
        return `neigh replace ${address} lladdr 02:00:00:00:00:${hex(random(256))} dev vx0 nud permanent`;
      case 12:
        return `neigh del ${address} dev vx0`;
      default:
        return `route replace 172.16.${random(8)}.0/24 dev br0 metric ${1 + random(3)}`;
    }
  }
}

function bridgeLine(random: Random): string {
  const mac = `02:42:0a:00:00:${hex(random(16))}`;
  const dst = `192.0.2.${1 + random(5)}`;
  switch (random(4)) {
    case 0:
      return `fdb append ${mac} dev vx0 dst ${dst} self permanent`;
    case 1:
      return `fdb replace ${mac} dev vx0 dst ${dst} self permanent`;
    case 2:
      return `fdb del ${mac} dev vx0 self`;
    default:
      return `fdb replace ${mac} dev v${random(LINKS)} master static`;
  }
}

function hex(value: number): string {
  return value.toString(16).padStart(2, '0');
}

async function quit({ ip, bridge }: Victim): Promise<void> {
  await Promise.all([ip.end(), bridge.end()]);
}
