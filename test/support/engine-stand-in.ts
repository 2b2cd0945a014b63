import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createRawServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Something that listens at a unix socket in place of a Docker engine, for faults that a real one cannot be made to have. */
export interface StandIn {
  readonly socket: string;
  /** Connections that are open now. */
  readonly connections: ReadonlySet<Socket>;
  /** Ends all connections and removes the socket. */
  close(): Promise<void>;
}

/** Answers one request. */
export type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** Speaks HTTP, as the handler says. */
export async function standIn(handler: Handler): Promise<StandIn> {
  return listen(createServer(handler));
}

/** Speaks whatever the function writes to the connection. */
export async function rawStandIn(onConnection: (socket: Socket) => void): Promise<StandIn> {
  return listen(createRawServer(onConnection));
}

async function listen(server: ReturnType<typeof createServer> | ReturnType<typeof createRawServer>): Promise<StandIn> {
  const directory = mkdtempSync(join(tmpdir(), 'nsatlas-engine-'));
  const socket = join(directory, 'docker.sock');
  const connections = new Set<Socket>();
  server.on('connection', (connection: Socket) => {
    connections.add(connection);
    // A client that hangs up in the middle of an answer is what many tests are about.
    connection.on('error', () => undefined);
    connection.on('close', () => connections.delete(connection));
  });
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  return {
    socket,
    connections,
    close: async () => {
      for (const connection of connections) connection.destroy();
      await new Promise((resolve) => server.close(resolve));
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** A container as the stand-in tells of it. */
export interface FakeContainer {
  readonly id: string;
  name?: string;
  running?: boolean;
  pid?: number;
  mode?: string;
  labels?: Record<string, unknown>;
  networks?: Record<string, { NetworkID: string; MacAddress?: string }>;
}

/** A network as the stand-in tells of it. */
export interface FakeNetwork {
  readonly Id: string;
  Name: string;
  Driver: string;
}

/** A small engine that behaves, so that a test can spoil one thing of it. */
export class FakeEngine {
  readonly containers = new Map<string, FakeContainer>();
  readonly networks = new Map<string, FakeNetwork>();
  /** Paths that were asked for, without the version, in order. */
  readonly asked: string[] = [];
  /** Looked at first; true when it has answered. */
  override: (path: string, response: ServerResponse, request: IncomingMessage) => boolean = () => false;
  apiVersion = '1.41';
  minApiVersion = '1.12';
  #streams = new Set<ServerResponse>();

  readonly handler: Handler = (request, response) => {
    const path = (request.url ?? '').replace(/^\/v[0-9.]+/, '').replace(/\?.*$/, '');
    this.asked.push(path);
    if (request.method !== 'GET') {
      json(response, { message: 'only GET is expected' }, 500);
      return;
    }
    if (!this.override(path, response, request)) this.#answer(path, response);
  };

  /** Sends a line to everybody who follows the events. */
  emit(line: string | object): void {
    for (const stream of this.#streams) stream.write(typeof line === 'string' ? line : `${JSON.stringify(line)}\n`);
  }

  /** How many follow the events. */
  get followers(): number {
    return this.#streams.size;
  }

  /** Ends all streams of events. */
  breakStreams(): void {
    for (const stream of this.#streams) stream.socket?.destroy();
  }

  #answer(path: string, response: ServerResponse): void {
    const [, room, id] = path.split('/');
    if (path === '/version')
      json(response, { Version: '20.10.24', ApiVersion: this.apiVersion, MinAPIVersion: this.minApiVersion });
    else if (path === '/_ping') response.end('OK');
    else if (path === '/info') json(response, { ID: 'AAAA:BBBB', Name: 'h1', Swarm: { NodeID: '' } });
    else if (path === '/events') this.#stream(response);
    else if (path === '/networks') json(response, [...this.networks.values()]);
    else if (path === '/containers/json') {
      json(
        response,
        [...this.containers.values()].filter(({ running }) => running !== false).map((container) => ({ Id: container.id })),
      );
    } else if (room === 'networks') this.#object(response, this.networks.get(id ?? ''));
    else if (room === 'containers') this.#object(response, this.#inspect(id ?? ''));
    else json(response, { message: 'page not found' }, 404);
  }

  #stream(response: ServerResponse): void {
    response.writeHead(200, { 'Content-Type': 'application/json' });
    response.flushHeaders();
    this.#streams.add(response);
    response.on('close', () => this.#streams.delete(response));
  }

  #object(response: ServerResponse, object: object | undefined): void {
    if (object === undefined) json(response, { message: 'No such object' }, 404);
    else json(response, object);
  }

  #inspect(id: string): object | undefined {
    const container = this.containers.get(id);
    if (container === undefined) return undefined;
    const { name = 'c', running = true, pid = 4242, mode = 'default', labels = {}, networks = {} } = container;
    return {
      Id: id,
      Name: `/${name}`,
      State: { Running: running, Pid: running ? pid : 0 },
      Config: { Image: 'localhost:1/box:1', Labels: labels },
      HostConfig: { NetworkMode: mode },
      NetworkSettings: { SandboxKey: `/var/run/docker/netns/${id.slice(0, 12)}`, Networks: networks },
    };
  }
}

/** Ends a response with JSON. */
export function json(response: ServerResponse, value: unknown, status = 200): void {
  response.writeHead(status, { 'Content-Type': 'application/json' });
  response.end(JSON.stringify(value));
}
