import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { isForThisMachine, parseListen } from '../rpc/address.js';
import { ListenError } from '../rpc/error.js';
import { listen } from '../rpc/listener.js';
import { createNotices } from '../rpc/notices.js';
import { createTlsDoor, type TlsDoor } from '../rpc/tls-door.js';
import type { Log, TlsFiles } from '../rpc/types.js';
import type { Metrics } from './metrics.js';

/** How to serve metrics. */
export interface MetricsServerOptions {
  /** HOST:PORT or unix:PATH. Port 0 is any free port. An address that other machines can reach needs `tls` or `insecure`. */
  readonly listen: string;
  /** Serves with TLS to scrapers that have a certificate. A unix socket stays without. */
  readonly tls?: TlsFiles;
  /** Serves any address in plain text. */
  readonly insecure?: boolean;
  /** How often the certificates' files are looked at, in milliseconds; 5,000. */
  readonly tlsPollMs?: number;
  readonly log: Log;
  /** How long a connection may take for a request and its answer, or stay idle, in milliseconds; 30,000. */
  readonly connectionLimitMs?: number;
}

/** A running server of metrics. */
export interface RunningMetrics {
  /** Where, with the real port. */
  readonly address: string;
  /** Takes no more scrapes and ends those under way. Harmless when repeated. */
  close(): Promise<void>;
}

/** Limit for connections: some Prometheus servers and some people. */
const MAX_CONNECTIONS = 32;
const MAX_HEADER_BYTES = 8 * 1024;

/** // Prometheus, docs/instrumenting/exposition_formats.md */
const TEXT_FORMAT = 'text/plain; version=0.0.4; charset=utf-8';

/**
 * Serves /metrics in Prometheus' text format, and /healthz, on a port of its own.
 * @throws ListenError when the address cannot be served; TlsFileError when the certificates cannot be used
 */
export async function startMetrics(metrics: Pick<Metrics, 'render'>, options: MetricsServerOptions): Promise<RunningMetrics> {
  const { log, connectionLimitMs = 30_000 } = options;
  const isOpen = checkReach(options);
  const notice = createNotices(log, { now: () => performance.now() });
  const door =
    options.tls === undefined || options.listen.startsWith('unix:')
      ? undefined
      : await createTlsDoor(options.tls, { log, notice, pollMs: options.tlsPollMs ?? 5000, protocol: 'http/1.1' });
  const server = createServer({ maxHeaderSize: MAX_HEADER_BYTES, keepAlive: true }, (request, response) => {
    answer(metrics, request, response).catch((cause: unknown) => {
      // The scraper has gone, or the error is unexpected; either way nothing more can be sent.
      log.debug({ err: cause }, 'a scrape failed');
      response.destroy();
    });
  });
  server.on('clientError', (_cause: Error, socket: Socket) => {
    if (socket.writable) socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
    socket.destroySoon();
  });
  const sockets = new Set<Socket>();
  const onConnection = (socket: Socket): void => enter(server, { sockets, door, limitMs: connectionLimitMs }, socket);
  const listener = await listen(options.listen, onConnection, 'any').catch((cause: unknown) => {
    door?.close();
    throw cause;
  });
  if (isOpen) log.warn({ address: listener.address }, 'serving metrics in plain text to everybody who can reach this address');
  log.info({ address: listener.address, tls: door !== undefined }, 'serving metrics');
  return {
    address: listener.address,
    close: async () => {
      await listener.close();
      door?.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** @returns whether anybody can read the metrics @throws ListenError if that was not allowed explicitly */
function checkReach({ listen: text, tls, insecure = false }: MetricsServerOptions): boolean {
  if (isForThisMachine(parseListen(text, 'any')) || tls !== undefined) return false;
  if (insecure) return true;
  const ways =
    'give certificates (--tls-cert, --tls-key and --tls-ca), or --metrics-insecure to serve everybody who can reach it, unencrypted; or listen on 127.0.0.1:PORT';
  throw new ListenError(text, `other machines can reach it; ${ways}`);
}

interface Hall {
  readonly sockets: Set<Socket>;
  readonly door: TlsDoor | undefined;
  readonly limitMs: number;
}

/**
 * Hands over a connection. The listening socket belongs to rpc/, so Node's own limits on slow clients do not apply: one limit for a request and its answer
 * replaces them all.
 */
function enter(server: Server, { sockets, door, limitMs }: Hall, socket: Socket): void {
  if (sockets.size >= MAX_CONNECTIONS) {
    socket.destroy();
    return;
  }
  sockets.add(socket);
  const timer = setTimeout(() => socket.destroy(), limitMs);
  socket.once('close', () => {
    clearTimeout(timer);
    sockets.delete(socket);
  });
  // Clients may hang up.
  socket.on('error', () => undefined);
  const hand = (client: Socket): void => {
    ANSWERED.set(client, () => timer.refresh());
    server.emit('connection', client);
  };
  if (door === undefined) hand(socket);
  else door.enter(socket, hand);
}

/** Callback for each connection, called once it has its answer. */
const ANSWERED = new WeakMap<Socket, () => void>();

async function answer(metrics: Pick<Metrics, 'render'>, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { socket } = request;
  response.once('finish', () => ANSWERED.get(socket)?.());
  const path = (request.url ?? '').replace(/[?#].*$/, '');
  if (path !== '/metrics' && path !== '/healthz') {
    say(response, 404, 'Not found. Try /metrics or /healthz.\n');
  } else if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.setHeader('Allow', 'GET, HEAD');
    say(response, 405, 'Only GET and HEAD are allowed.\n');
  } else if (path === '/healthz') {
    say(response, 200, 'ok\n');
  } else {
    await send(request, response, await metrics.render());
  }
}

async function send(request: IncomingMessage, response: ServerResponse, pieces: readonly Uint8Array[]): Promise<void> {
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
  response.writeHead(200, { 'Content-Type': TEXT_FORMAT, 'Content-Length': length });
  if (request.method === 'HEAD') response.end();
  else await pipeline(Readable.from(pieces), response);
}

/** The body of a request is not read: the connection ends with the answer. */
function say(response: ServerResponse, status: number, text: string): void {
  const headers = { 'Content-Type': 'text/plain; charset=utf-8', 'Content-Length': Buffer.byteLength(text) };
  response.writeHead(status, { ...headers, ...(status === 200 ? {} : { Connection: 'close' }) });
  response.end(text);
}
