import type { ServerHttp2Session } from 'node:http2';
import type { Socket } from 'node:net';
import { formatPeer } from './address.js';
import type { Notice } from './notices.js';
import type { CountStreams } from './streams.js';

/** The connections to one address. */
export interface Connections {
  /**
   * Takes a connection that has just been made. It has a time limit to become one of HTTP/2.
   * @returns false when there is no room: then it has been ended
   */
  enter(socket: Socket): boolean;
  /** It speaks HTTP/2 from here on, or tries to. */
  begin(socket: Socket, session: ServerHttp2Session): void;
  /** It stays without a session that can be looked at. */
  admit(socket: Socket): void;
  /** Ends those that are not yet connections of a client. */
  dropPending(): void;
}

interface ConnectionLimits {
  readonly max: number;
  readonly handshakeLimitMs: number;
  readonly notice: Notice;
  /** All that are open, whatever their address; added to and taken from. */
  readonly open: Set<Socket>;
  readonly countStreams: CountStreams;
}

/**
 * Counts and limits connections. Half of an attack is to be slow: who says nothing, or half of something, must not take the
 * place of who has something to ask. So those that have not got as far as HTTP/2's first SETTINGS have a time limit and a
 * quarter of the places, the oldest making way for the newest; and where all places are taken, the oldest connection that never
 * had a call makes way, then the one that has been without for longest. Those with calls never do.
 */
export function createConnections({ max, handshakeLimitMs, notice, open, countStreams }: ConnectionLimits): Connections {
  /** In the order in which they came. */
  const pending = new Map<Socket, NodeJS.Timeout>();
  /** Without calls, in the order in which they have been so: those that never had one, and those that had. */
  const [unused, idle] = [new Set<Socket>(), new Set<Socket>()];
  const maxPending = Math.max(1, Math.floor(max / 4));
  let count = 0;

  const admit = (socket: Socket): boolean => {
    const timer = pending.get(socket);
    clearTimeout(timer);
    return pending.delete(socket);
  };

  const makeRoom = (): boolean => {
    if (pending.size >= maxPending) return drop(pending.keys(), 'too many connections in their handshakes; the oldest was ended');
    if (count < max) return true;
    return (
      drop(unused, 'too many connections; the oldest without a call was ended') ||
      drop(idle, 'too many connections; the one without calls for longest was ended') ||
      drop(pending.keys(), 'too many connections; the oldest in its handshake was ended')
    );
  };
  const drop = (from: Iterable<Socket>, message: string): boolean => {
    const [oldest] = from;
    if (oldest === undefined) return false;
    notice('too-many', { peer: peerOf(oldest), max }, message);
    oldest.destroy();
    // Its 'close' event comes a little later, but its place is free now.
    forget(oldest);
    return true;
  };
  const forget = (socket: Socket): void => {
    if (!open.delete(socket)) return;
    count -= 1;
    admit(socket);
    unused.delete(socket);
    idle.delete(socket);
  };

  return {
    enter: (socket) => {
      if (!makeRoom()) {
        notice('too-many', { peer: peerOf(socket), max }, 'too many connections, all with calls; a new one was refused');
        socket.destroy();
        return false;
      }
      const peer = peerOf(socket);
      const timer = setTimeout(() => {
        notice('slow', { peer, limitMs: handshakeLimitMs }, 'a connection did not begin to speak HTTP/2 in time; it was ended');
        socket.destroy();
      }, handshakeLimitMs);
      pending.set(socket, timer.unref());
      open.add(socket);
      count += 1;
      // Its 'close' says all that matters.
      socket.on('error', () => undefined);
      socket.once('close', () => forget(socket));
      return true;
    },
    begin: (socket, session) => {
      const peer = peerOf(socket);
      onceSpeaking(session, { peer, notice }, () => {
        if (admit(socket)) unused.add(socket);
      });
      countStreams(session, {
        peer,
        onBusy: () => {
          unused.delete(socket);
          idle.delete(socket);
        },
        onIdle: () => {
          if (open.has(socket)) idle.add(socket);
        },
        end: () => socket.destroy(),
      });
    },
    admit: (socket) => void admit(socket),
    dropPending: () => {
      for (const socket of pending.keys()) socket.destroy();
    },
  };
}

/** Calls back once the client has spoken HTTP/2, and logs if it sends something else. */
function onceSpeaking(
  session: ServerHttp2Session,
  { peer, notice }: { readonly peer: string; readonly notice: Notice },
  onSpeaking: () => void,
): void {
  let speaks = false;
  session.once('remoteSettings', () => {
    speaks = true;
    onSpeaking();
  });
  session.on('error', (problem: Error) => {
    const fields = { peer, problem: problem.message };
    if (speaks) notice('broken', fields, 'a connection broke the rules of HTTP/2; it was ended');
    else notice('not-http2', fields, 'what a connection sent is not HTTP/2; it was ended');
  });
}

function peerOf({ remoteAddress, remotePort }: Socket): string {
  return formatPeer(remoteAddress, remotePort);
}
