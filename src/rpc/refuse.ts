import { createServer, type Http2Session } from 'node:http2';
import type { Duplex } from 'node:stream';
import type { CallCode } from '../text/error.js';
import { CODE_KEY, statusOf } from './trailer.js';

/** Why a client is turned away. */
interface Why {
  readonly code: CallCode;
  readonly message: string;
}

/** How long a client may take to call and to receive the answer, in milliseconds. */
const TIME_LIMIT_MS = 3000;

/** Limit of clients that are being answered; further ones are disconnected without a message. */
const MAX_REFUSED = 32;

/**
 * Node cannot report in TLS why it refuses a certificate: it sends no alert, it only closes the connection, and the client has
 * to guess. So the handshake is completed, and the first call is answered with a status (docs/decisions/0013-mtls.md).
 * No call gets further than that, and none is read.
 * @returns takes over a connection, answers what is called with a message that every gRPC client shows, and ends it
 */
export function createRefuser(): (socket: Duplex, why: Why) => void {
  const reasons = new Map<Http2Session, Why>();
  const server = createServer({
    // In megabytes, and it is the least that Node has.
    maxSessionMemory: 1,
    maxHeaderListPairs: 64,
    settings: { maxConcurrentStreams: 4, maxHeaderListSize: 8192, initialWindowSize: 0 },
  });
  server.on('stream', (stream) => {
    stream.on('error', ignore);
    const { session } = stream;
    const why = session === undefined ? undefined : reasons.get(session);
    if (session === undefined || why === undefined) return;
    const headers = {
      ':status': 200,
      'content-type': 'application/grpc',
      'grpc-status': String(statusOf(why.code)),
      // doc/PROTOCOL-HTTP2.md of gRPC: Percent-Encoded. The messages are printable ASCII.
      'grpc-message': why.message.replaceAll('%', '%25'),
      [CODE_KEY]: why.code,
    };
    stream.respond(headers, { endStream: true });
    session.close();
  });

  return (socket, why) => {
    if (reasons.size >= MAX_REFUSED) {
      socket.destroy();
      return;
    }
    let session: Http2Session | undefined;
    server.once('session', (begun) => (session = begun));
    server.emit('connection', socket);
    if (session === undefined) {
      socket.destroy();
      return;
    }
    const begun = session;
    reasons.set(begun, why);
    const timer = setTimeout(() => socket.destroy(), TIME_LIMIT_MS).unref();
    begun.on('error', ignore);
    begun.once('close', () => {
      clearTimeout(timer);
      reasons.delete(begun);
      socket.destroy();
    });
  };
}

/** The client is being sent away; how it leaves does not matter. */
function ignore(): void {
  return;
}
