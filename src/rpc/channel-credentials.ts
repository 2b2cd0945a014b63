import { isIP, type Socket } from 'node:net';
import { checkServerIdentity, connect, type TLSSocket } from 'node:tls';
import { CallCredentials, ChannelCredentials } from '@grpc/grpc-js';
import { duration } from '../text/duration.js';
import { alertProblem, certificateProblem, type Reached, tlsProblem } from './channel-problems.js';
import { readTlsFiles, type TlsMaterial } from './tls-files.js';
import type { ClientTls } from './types.js';

/** The last attempt to connect. */
export interface LastFailure {
  reached: Reached;
  /** Why it failed, for people; undefined if unknown. */
  last: string | undefined;
}

interface Settings {
  /** With the host of the address. */
  readonly tls: (ClientTls & { readonly host: string }) | undefined;
  readonly limitMs: number;
  readonly warn: (message: string) => void;
}

type Connector = ReturnType<ChannelCredentials['_createSecureConnector']>;

/**
 * Credentials that read the files for each connection, and record why it failed. grpc-js's own
 * (createSsl) keep what they were created with, allow TLS 1.2, and lose the server's certificate, so that an error cannot say when it
 * expired. The overridden methods are internal in grpc-js 1.14, but typed: another release either compiles, or it does not.
 */
export class FreshCredentials extends ChannelCredentials {
  readonly #failure: LastFailure;
  readonly #settings: Settings;
  #material: TlsMaterial | undefined;

  constructor(failure: LastFailure, settings: Settings) {
    super();
    this.#failure = failure;
    this.#settings = settings;
  }

  override _isSecure(): boolean {
    return this.#settings.tls !== undefined;
  }

  override _equals(other: ChannelCredentials): boolean {
    return this === other;
  }

  override _createSecureConnector(
    _target: unknown,
    _options: unknown,
    callCredentials: CallCredentials = CallCredentials.createEmpty(),
  ): Connector {
    return {
      // Before the connection is made.
      waitForReady: async () => {
        this.#failure.last = undefined;
        this.#failure.reached = 'address';
        if (this.#settings.tls !== undefined) await this.#read(this.#settings.tls);
      },
      connect: (socket) => this.#connect(socket),
      getCallCredentials: () => callCredentials,
      destroy: () => undefined,
    };
  }

  /** What was good enough for the connection before is used while the files are being replaced. */
  async #read(tls: ClientTls): Promise<void> {
    try {
      this.#material = await readTlsFiles(tls);
    } catch (cause) {
      const message = (cause as Error).message;
      if (this.#material === undefined) throw this.#fail(message);
      this.#settings.warn(`${message}; connecting with what it held before`);
    }
  }

  async #connect(socket: Socket): Promise<{ socket: Socket; secure: boolean }> {
    this.#failure.reached = 'server';
    const { tls, limitMs } = this.#settings;
    const timer = setTimeout(() => {
      this.#fail(`it has taken the connection and said nothing for ${duration(limitMs)}`);
      socket.destroy();
    }, limitMs).unref();
    socket.once('close', () => clearTimeout(timer));
    const secure = tls === undefined ? undefined : await this.#handshake(socket, tls);
    awaitWord(socket, () => clearTimeout(timer), limitMs);
    return { socket: secure ?? socket, secure: secure !== undefined };
  }

  #handshake(socket: Socket, tls: ClientTls & { readonly host: string }): Promise<TLSSocket> {
    const name = tls.serverName ?? tls.host;
    const { ca, cert, key } = this.#material ?? {};
    return new Promise((resolve, reject) => {
      const secure = connect({
        socket,
        ...(ca !== undefined && { ca }),
        ...(cert !== undefined && { cert }),
        ...(key !== undefined && { key }),
        minVersion: 'TLSv1.3',
        ALPNProtocols: ['h2'],
        // RFC 6066, 3: addresses are no names to ask for.
        ...(isIP(name) === 0 && { servername: name }),
        checkServerIdentity: (_host, certificate) => checkServerIdentity(name, certificate),
        // Below: while the socket still knows the certificate.
        rejectUnauthorized: false,
      });
      const closed = (): void => reject(this.#fail('the connection ended in the TLS handshake'));
      secure.once('close', closed);
      secure.on('error', (cause: Error) => reject(this.#fail(tlsProblem(cause, tls))));
      secure.once('secureConnect', () => {
        secure.off('close', closed).removeAllListeners('error');
        // A server of another make refuses a client's certificate when the handshake is over for the client.
        secure.on('error', (cause: Error) => (this.#failure.last ??= alertProblem(cause, tls)));
        const problem = secure.authorized ? unfit(secure) : certificateProblem(secure, { ...tls, host: name });
        if (problem === undefined) {
          resolve(secure);
        } else {
          reject(this.#fail(problem));
          secure.destroy();
        }
      });
    });
  }

  /** The first failure of an attempt is its reason. */
  #fail(message: string): Error {
    this.#failure.last ??= message;
    return new Error(message);
  }
}

function unfit({ alpnProtocol }: TLSSocket): string | undefined {
  return alpnProtocol === 'h2' ? undefined : 'it speaks TLS, but not HTTP/2';
}

/** How often it is looked whether something has come, in milliseconds: HTTP/2 takes the bytes from below the socket. */
const LOOK_MS = 100;

/** Calls back when something has come on a socket since now. */
function awaitWord(socket: Socket, onWord: () => void, limitMs: number): void {
  const before = socket.bytesRead;
  const look = setInterval(
    () => {
      if (socket.bytesRead > before) onWord();
      else if (!socket.destroyed) return;
      clearInterval(look);
    },
    Math.min(LOOK_MS, limitMs / 4),
  ).unref();
  socket.once('close', () => clearInterval(look));
}
