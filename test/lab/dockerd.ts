import { closeSync, openSync, readFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { CLEAN_ENV } from './keeper.js';
import type { LabHost } from './host.js';
import { LabProcess } from './process.js';
import { run, type RunOptions, type RunResult, tryRun } from './run.js';
import { Hopeless, waitFor } from './wait.js';

/** How long a daemon may take to answer, in milliseconds. It takes one second on a quiet machine. */
const START_MS = 60_000;

/** How long a daemon may take to stop its containers and itself, in milliseconds. */
const STOP_MS = 30_000;

/** Lines of the daemon's log that an error shows. */
const TAIL_LINES = 30;

/** Everything is optional; the first daemon of a host gets Docker's own defaults. */
export interface DockerdOptions {
  /** What its files are named after: "docker" for the first daemon of a host, then "docker2", "docker3", … */
  readonly name?: string;
  /** Its default bridge, made when it is missing. Only docker0 is made by Docker itself. */
  readonly bridge?: string;
  /** Path on the host; network namespaces are mounted in its folder netns. */
  readonly execRoot?: string;
  /** Path on the host; in memory when not given. */
  readonly dataRoot?: string;
  /** Path of the socket on the host. */
  readonly socket?: string;
  /** More arguments for dockerd. */
  readonly args?: readonly string[];
}

/** A Docker daemon on a lab host. */
export class Dockerd {
  private process: LabProcess | undefined;

  /** Use LabHost.startDockerd(). */
  constructor(
    readonly host: LabHost,
    /** Unique on its host. */
    readonly name: string,
    private readonly options: DockerdOptions,
  ) {}

  /** Its socket as the machine sees it. */
  get socket(): string {
    return join(this.host.dir, `${this.name}.sock`);
  }

  /** Its socket as programs on the host see it. */
  get hostSocket(): string {
    return this.options.socket ?? `/run/${this.name}.sock`;
  }

  /** Its exec-root on the host; its namespaces are in `${execRoot}/netns`. */
  get execRoot(): string {
    return this.options.execRoot ?? `/run/${this.name}`;
  }

  /** Its log as the machine sees it. */
  get logFile(): string {
    return join(this.host.dir, `${this.name}.log`);
  }

  /** The daemon's PID as the machine counts; undefined when it does not run. */
  get pid(): number | undefined {
    return this.process === undefined || this.process.hasEnded ? undefined : this.process.pid;
  }

  /** Starts it and waits until it answers. Throws LabError with the tail of its log. */
  async start(): Promise<void> {
    const log = openSync(this.logFile, 'a', 0o600);
    try {
      this.process = await LabProcess.start(this.host.command(this.argv()), {
        stdio: ['ignore', log, log],
        // Its end is that of the host, not that of the terminal.
        detached: true,
        env: CLEAN_ENV,
        host: this.host.name,
      });
    } finally {
      closeSync(log);
    }
    this.process.child.unref();
    await waitFor(`${this.name} to answer`, () => this.answers(), {
      timeoutMs: START_MS,
      host: this.host.name,
      detail: () => this.logTail(),
    });
  }

  /** Stops it and waits until it has ended. SIGKILL leaves containers, mounts and namespaces behind, as a crash does. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    await this.process?.stop(signal, STOP_MS);
    this.process = undefined;
  }

  /** Runs the docker command line against this daemon; resolves to what it printed, trimmed. Throws LabError. */
  async docker(...args: string[]): Promise<string> {
    return (await run(this.dockerCommand(args), this.dockerOptions())).stdout.trim();
  }

  /** The same for commands that may fail, and with options. */
  tryDocker(args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
    return tryRun(this.dockerCommand(args), { ...this.dockerOptions(), ...options });
  }

  /** The last lines of its log. */
  logTail(): string {
    try {
      return `the end of ${this.name}'s log:\n${readFileSync(this.logFile, 'utf8').trimEnd().split('\n').slice(-TAIL_LINES).join('\n')}`;
    } catch (error) {
      return `(no log: ${(error as Error).message})`;
    }
  }

  private argv(): string[] {
    const { bridge, args = [], dataRoot = join(this.host.dir, 'data', this.name) } = this.options;
    return [
      'dockerd',
      // Not the machine's /etc/docker/daemon.json.
      ...['--config-file', join(this.host.dir, 'daemon.json')],
      ...['--data-root', dataRoot],
      ...['--exec-root', this.execRoot],
      ...['--pidfile', `${this.execRoot}.pid`],
      ...['--host', `unix://${this.hostSocket}`],
      ...['--host', `unix://${this.socket}`],
      // Below a cgroup of the host's own, so that it is known what to remove.
      ...['--cgroup-parent', `${this.host.cgroup}/${this.name}`],
      ...['--exec-opt', 'native.cgroupdriver=cgroupfs'],
      ...(bridge === undefined ? [] : ['--bridge', bridge]),
      ...args,
    ];
  }

  private dockerCommand(args: readonly string[]): string[] {
    return ['docker', '--config', join(this.host.dir, 'docker-config'), '--host', `unix://${this.socket}`, ...args];
  }

  private dockerOptions(): RunOptions {
    return { host: this.host.name, env: CLEAN_ENV };
  }

  /** Whether GET /_ping says OK; the condition of waitFor(). */
  private answers(): Promise<true | undefined> {
    if (this.process?.hasEnded === true) throw new Hopeless(`${this.name} has ended`);
    return new Promise((resolve, reject) => {
      const call = request({ socketPath: this.socket, path: '/_ping', timeout: 2000 }, (response) => {
        response.resume();
        resolve(response.statusCode === 200 ? true : undefined);
      });
      call.once('timeout', () => call.destroy(new Error('GET /_ping was not answered')));
      call.once('error', reject);
      call.end();
    });
  }
}
