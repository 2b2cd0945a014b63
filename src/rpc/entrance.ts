import type { Duplex } from 'node:stream';
import type { Http2Server, ServerHttp2Session } from 'node:http2';
import type { Socket } from 'node:net';
import { type ConnectionInjector, type Server, ServerCredentials } from '@grpc/grpc-js';
import { type Connections, createConnections } from './connections.js';
import { createNotices } from './notices.js';
import { createStreams } from './streams.js';
import { createTlsDoor } from './tls-door.js';
import type { ServeOptions } from './types.js';

/** Where connections come in, before gRPC sees them. */
export interface Entrance {
  /** What becomes of the connections to one more address. */
  open(address: string): (socket: Socket) => void;
  /** All that are open. */
  readonly sockets: ReadonlySet<Socket>;
  /** Takes no notice of new certificates any more, and ends the connections that are not yet those of a client. */
  close(): void;
  /** Ends the calls of all connections. */
  end(): void;
}

/** Streams that are not calls of maxCalls: health, reflection, requests under way. */
const UNCOUNTED = 256;

/**
 * grpc-js is given connections rather than addresses: so the listening sockets are ours, with their limits and permissions.
 * @throws TlsFileError when the certificates cannot be used
 */
export async function createEntrance(server: Server, options: ServeOptions): Promise<Entrance> {
  const { log, tls, now = () => performance.now(), handshakeLimitMs = 10_000, maxConnections: max = 256 } = options;
  const { maxCalls = 1000, stallLimitMs: requestLimitMs = 60_000 } = options;
  const notice = createNotices(log, { now });
  const door = tls && (await createTlsDoor(tls, { log, notice, pollMs: options.tlsPollMs ?? 5000 }));
  const injector = server.createConnectionInjector(ServerCredentials.createInsecure());
  const inject = injection(server, injector);
  const sockets = new Set<Socket>();
  const countStreams = createStreams({ max: maxCalls + UNCOUNTED, requestLimitMs, notice, now });
  const all: Connections[] = [];
  return {
    sockets,
    open: (address) => {
      const connections = createConnections({ max, handshakeLimitMs, notice, open: sockets, countStreams });
      all.push(connections);
      // A unix socket is guarded by the permissions of its file.
      const plain = door === undefined || address.startsWith('unix:');
      return (socket) => {
        if (!connections.enter(socket)) return;
        if (plain) inject(connections, socket, socket);
        else door.enter(socket, (client) => inject(connections, socket, client));
      };
    },
    close: () => {
      door?.close();
      for (const connections of all) connections.dropPending();
    },
    // Not forceShutdown: without channelz grpc-js 1.14 knows of no session there (Server._sessionHandler).
    end: () => injector.drain(0),
  };
}

/**
 * Hands connections to grpc-js, and their HTTP/2 sessions to Connections. grpc-js 1.14 keeps its HTTP/2 server to itself, so it is
 * taken from inside (Server.http2Servers); where a later release has it elsewhere, connections are taken as admitted once they
 * are handed over, and its keepalive is what is left. test/live/rpc-limits.test.ts shows that it works.
 */
function injection(
  server: Server,
  injector: ConnectionInjector,
): (connections: Connections, socket: Socket, client: Duplex) => void {
  const inside = server as unknown as { http2Servers?: ReadonlyMap<Http2Server, unknown> };
  const [http2] = inside.http2Servers?.keys() ?? [];
  let arriving: ((session: ServerHttp2Session) => void) | undefined;
  http2?.on('session', (session) => arriving?.(session));
  return (connections, socket, client) => {
    const seen = { session: false };
    arriving = (session) => {
      seen.session = true;
      connections.begin(socket, session);
    };
    // It begins the session before it returns.
    injector.injectConnection(client);
    arriving = undefined;
    if (!seen.session) connections.admit(socket);
  };
}
