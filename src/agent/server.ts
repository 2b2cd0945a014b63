import { Server, ServerCredentials } from '@grpc/grpc-js';
import { serviceDefinition } from '../wire/definitions.js';
import { createCalls } from './calls.js';
import { ListenError } from './error.js';
import { createHealth } from './health.js';
import { createKeeper } from './keeper.js';
import { listen, type Listener } from './listener.js';
import { createReflection } from './reflection.js';
import { AGENT_SERVICE, agentHandlers } from './service.js';
import type { AgentOptions, Log, RunningAgent } from './types.js';

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

/**
 * Serves a host.
 * @throws ListenError when one of the addresses cannot be served; then none is
 */
export async function startAgent(options: AgentOptions): Promise<RunningAgent> {
  const { source, log, maxAgeMs = 1000, readLimitMs = 30_000, stallLimitMs = 60_000, now = () => performance.now() } = options;
  const health = createHealth(['', AGENT_SERVICE]);
  const onOutcome = (problem: Error | undefined): void => {
    if (problem !== undefined) log.error({ err: problem }, 'reading this host failed');
    health.set(AGENT_SERVICE, problem === undefined);
  };
  const keeper = createKeeper({ source, maxAgeMs, readLimitMs, now, onOutcome });
  const calls = createCalls({ log, maxCalls: options.maxCalls ?? 1000, stallLimitMs, now });
  const server = new Server(CHANNEL_OPTIONS);
  server.addService(serviceDefinition(AGENT_SERVICE), agentHandlers({ calls, keeper, source, startedAt: now(), now }));
  health.addTo(server);
  const reflection = createReflection();
  reflection.addTo(server);

  // grpc-js is given connections rather than addresses: so the listening sockets are ours, with their limits and permissions.
  const injector = server.createConnectionInjector(ServerCredentials.createInsecure());
  const listeners = await listenAll(options, (socket) => injector.injectConnection(socket));
  const addresses = listeners.map((listener) => listener.address);
  log.info({ addresses }, 'serving');
  options.notify?.('READY=1');

  let drained: Promise<void> | undefined;
  const drain = async (limitMs: number): Promise<void> => {
    log.info({ calls: calls.running, limitMs }, 'stopping');
    options.notify?.('STOPPING=1');
    await Promise.all(listeners.map((listener) => listener.close()));
    health.drain();
    reflection.drain();
    await shutDown(server, limitMs, log);
    keeper.close();
  };
  return {
    addresses,
    drain: (limitMs) => {
      drained ??= drain(limitMs);
      return drained;
    },
  };
}

async function listenAll(options: AgentOptions, onConnection: Parameters<typeof listen>[1]): Promise<Listener[]> {
  if (options.listen.length === 0) throw new ListenError('nothing', 'no address was given');
  const settings = { socketMode: options.socketMode ?? 0o600, maxConnections: options.maxConnections ?? 256 };
  const listeners: Listener[] = [];
  try {
    for (const address of options.listen) listeners.push(await listen(address, onConnection, settings));
    return listeners;
  } catch (cause) {
    await Promise.all(listeners.map((listener) => listener.close()));
    throw cause;
  }
}

/** Lets calls end, and ends those that do not. */
async function shutDown(server: Server, limitMs: number, log: Log): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<'limit'>((resolve) => {
    timer = setTimeout(resolve, limitMs, 'limit');
  });
  const done = new Promise<'done'>((resolve) => server.tryShutdown(() => resolve('done')));
  const outcome = await Promise.race([done, limit]);
  clearTimeout(timer);
  if (outcome === 'limit') log.warn({ limitMs }, 'ending calls that did not end in time');
  server.forceShutdown();
}

