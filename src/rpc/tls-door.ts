import { constants } from 'node:crypto';
import type { Socket } from 'node:net';
import { createServer, type TlsOptions, type TLSSocket } from 'node:tls';
import { formatPeer } from './address.js';
import type { Notice } from './notices.js';
import { createRefuser } from './refuse.js';
import type { TlsMaterial } from './tls-files.js';
import { keepTls } from './tls-keeper.js';
import { refusalOf } from './tls-peer.js';
import type { Log, TlsFiles } from './types.js';

/** Where connections become TLS connections of clients that may come in. */
export interface TlsDoor {
  /** Takes over a connection on which nothing was said. `onClient` gets what is left when the TLS is taken off. */
  enter(socket: Socket, onClient: (client: TLSSocket) => void): void;
  close(): void;
}

interface DoorOptions {
  readonly log: Log;
  readonly notice: Notice;
  readonly pollMs: number;
  /** What is spoken inside; 'h2'. A client of HTTP/1.1 need not say in TLS that it is one. */
  readonly protocol?: 'h2' | 'http/1.1';
}

/** @throws TlsFileError when the certificates cannot be used */
export async function createTlsDoor(files: TlsFiles, { log, notice, pollMs, protocol = 'h2' }: DoorOptions): Promise<TlsDoor> {
  const waiting = new Map<string, (client: TLSSocket) => void>();
  const refuse = protocol === 'h2' ? createRefuser() : forbid;
  const keeper = await keepTls(files, { log, pollMs, onChange: (material) => server.setSecureContext(contextOf(material)) });
  const server = createServer({
    ...contextOf(keeper.initial),
    ALPNProtocols: [protocol],
    requestCert: true,
    // They are refused all the same, in words (refuse.ts).
    rejectUnauthorized: false,
  });

  server.on('secureConnection', (client) => {
    // What goes wrong from here on ends the HTTP/2 session, which is listened to.
    client.on('error', () => undefined);
    const onClient = waiting.get(keyOf(client));
    const peer = formatPeer(client.remoteAddress, client.remotePort);
    if (onClient === undefined) {
      client.destroy();
    } else if (protocol === 'h2' && client.alpnProtocol !== 'h2') {
      notice('not-http2', { peer }, 'a client did not say in TLS that it speaks HTTP/2 (ALPN h2); it was refused');
      client.destroy();
    } else {
      const refusal = refusalOf(client, files.allow);
      if (refusal === undefined) {
        onClient(client);
      } else {
        notice(refusal.kind, { peer, why: refusal.message, code: refusal.code }, 'a client was refused');
        refuse(client, refusal);
      }
    }
  });
  server.on('tlsClientError', (problem: NodeJS.ErrnoException, client) => {
    const peer = formatPeer(client.remoteAddress, client.remotePort);
    const { code = problem.message } = problem;
    const [kind, message] = explain(code);
    if (kind === 'left') log.debug({ peer, problem: code }, message);
    else notice(kind, { peer, problem: code }, message);
  });

  return {
    enter: (socket, onClient) => {
      const key = keyOf(socket);
      waiting.set(key, onClient);
      socket.once('close', () => waiting.delete(key));
      server.emit('connection', socket);
    },
    close: () => keeper.close(),
  };
}

function contextOf({ ca, cert, key }: TlsMaterial): TlsOptions {
  return {
    ca,
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
    minVersion: 'TLSv1.3',
    // A resumed session would not be checked again, and its certificate may have expired or lost its CA since.
    secureOptions: constants.SSL_OP_NO_TICKET,
  };
}

/** Says why in the words of HTTP/1.1. */
function forbid(client: TLSSocket, { message }: { readonly message: string }): void {
  const head = 'HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Type: text/plain; charset=utf-8';
  client.end(`${head}\r\nContent-Length: ${Buffer.byteLength(message) + 1}\r\n\r\n${message}\n`);
}

/** Identifies a connection among all open ones. */
function keyOf({ remoteAddress, remotePort, localAddress, localPort }: Socket): string {
  return [remoteAddress, remotePort, localAddress, localPort].join(' ');
}

/** Node's codes of OpenSSL's reasons: openssl/include/openssl/sslerr.h, 3.0 */
const REASONS: readonly (readonly [RegExp, kind: string, message: string])[] = [
  [/NO_APPLICATION_PROTOCOL/, 'not-http2', 'a client does not speak HTTP/2; it was refused'],
  [/UNSUPPORTED_PROTOCOL|VERSION_TOO_LOW|PROTOCOL_VERSION/, 'old-tls', 'a client does not speak TLS 1.3; it was refused'],
  [
    /UNKNOWN_CA|CERTIFICATE_UNKNOWN|BAD_CERTIFICATE|CERTIFICATE_EXPIRED/,
    'distrusted',
    'a client does not trust this server’s certificate',
  ],
  [
    /HTTP_REQUEST|HTTPS_PROXY_REQUEST|WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|RECORD_TOO_SMALL/,
    'plain',
    'a client spoke plain text where TLS is spoken; it was refused',
  ],
];

function explain(code: string): readonly [kind: string, message: string] {
  const known = REASONS.find(([pattern]) => pattern.test(code));
  if (known !== undefined) return [known[1], known[2]];
  if (code.startsWith('ERR_SSL')) return ['bad-tls', 'a TLS handshake failed'];
  return ['left', 'a connection ended in its TLS handshake'];
}
