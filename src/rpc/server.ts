import type { Socket } from 'node:net';
import { Server } from '@grpc/grpc-js';
import { serviceDefinition } from '../wire/definitions.js';
import { type Calls, createCalls } from './calls.js';
import { createEntrance, type Entrance } from './entrance.js';
import { ListenError } from './error.js';
import { createHealth, type Health } from './health.js';
import { listen, type Listener } from './listener.js';
import { addReflection } from './reflection.js';
import type { RunningServer, ServedService, ServeOptions } from './types.js';

/** Settings of grpc-js (packages/grpc-js/README.md there); times in milliseconds. */
const CHANNEL_OPTIONS = {
  // A request is a selector.
  'grpc.max_receive_message_length': 256 * 1024,
  'grpc.max_concurrent_streams': 256,
  // A client that vanished without a word is noticed, and its calls end.
  'grpc.keepalive_time_ms': 30_000,
  'grpc.keepalive_timeout_ms': 20_000,
  // Connections do not grow old: under frequent health checks they grow in memory (grpc/grpc-node#2975).
  'grpc.max_connection_idle_ms': 300_000,
  'grpc.max_connection_age_ms': 3_600_000,
  'grpc.max_connection_age_grace_ms': 600_000,
  'grpc.enable_channelz': 0,
} as const;

/** What services need of the server that they are part of. */
export interface ServerParts {
  readonly calls: Calls;
  readonly health: Health;
  readonly now: () => number;
}

/**
 * Serves gRPC services, with health and reflection.
 * @param build makes the services
 * @throws ListenError when one of the addresses cannot be served; then none is. TlsFileError
 */
export async function startServer(
  options: ServeOptions,
  build: (parts: ServerParts) => readonly ServedService[],
): Promise<RunningServer> {
  const {
    log,
    stallLimitMs = 60_000,
    maxCalls = 1000,
    now = () => performance.now(),
    onCall = () => undefined,
    onCallBegin = () => undefined,
  } = options;
  const health = createHealth();
  const calls = createCalls({ log, maxCalls, stallLimitMs, now, onCall, onCallBegin });
  const server = new Server(CHANNEL_OPTIONS);
  const services = build({ calls, health, now });
  for (const { name, handlers } of services) {
    server.addService(serviceDefinition(name), handlers);
    health.set(name, true);
  }
  health.addTo(server);
  const endReflection = addReflection(
    server,
    services.map(({ name }) => name),
  );

  const entrance = await createEntrance(server, options);
  const listeners = await listenAll(options, entrance).catch((cause: unknown) => {
    entrance.close();
    throw cause;
  });
  const addresses = listeners.map((listener) => listener.address);
  if (options.insecure === true && options.tls === undefined)
    log.warn(
      { addresses },
      'serving in plain text (--insecure): everybody who can reach an address can read the networks of this host',
    );
  log.info({ addresses, tls: options.tls !== undefined }, 'serving');
  options.notify?.('READY=1');

  let drained: Promise<void> | undefined;
  const drain = async (limitMs: number): Promise<void> => {
    log.info({ calls: calls.running, limitMs }, 'stopping');
    options.notify?.('STOPPING=1');
    await Promise.all(listeners.map((listener) => listener.close()));
    entrance.close();
    health.drain();
    for (const service of services) service.stop?.();
    endReflection();
    // The sockets, too: on Node 24 the server says that it is closed while calls still run on its connections.
    const ended = await inTime((done) => server.tryShutdown(() => onceEmpty(entrance.sockets, done)), limitMs);
    if (ended) return;
    log.warn({ limitMs, calls: calls.running }, 'ending calls that did not finish in time');
    entrance.end();
    await inTime((done) => onceEmpty(entrance.sockets, done), GOODBYE_MS);
    for (const socket of entrance.sockets) socket.destroy();
  };
  return {
    addresses,
    drain: (limitMs) => {
      drained ??= drain(limitMs);
      return drained;
    },
  };
}

async function listenAll(options: ServeOptions, entrance: Entrance): Promise<Listener[]> {
  if (options.listen.length === 0) throw new ListenError('nothing', 'no address was given');
  const reach = options.tls !== undefined || options.insecure === true ? 'any' : 'this-machine';
  const listeners: Listener[] = [];
  try {
    for (const address of options.listen) listeners.push(await listen(address, entrance.open(address), reach));
    return listeners;
  } catch (cause) {
    await Promise.all(listeners.map((listener) => listener.close()));
    throw cause;
  }
}

/** How long a client may take to receive the end of its calls, in milliseconds. */
const GOODBYE_MS = 500;

/** Whether something was done within a time. */
function inTime(begin: (done: () => void) => void, limitMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, limitMs, false);
    begin(() => {
      clearTimeout(timer);
      resolve(true);
    });
  });
}

function onceEmpty(sockets: ReadonlySet<Socket>, done: () => void): void {
  if (sockets.size === 0) done();
  for (const socket of sockets) socket.once('close', () => (sockets.size === 0 ? done() : undefined));
}
