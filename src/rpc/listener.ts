import { chmod, link, lstat, mkdtemp, rm, stat, unlink } from 'node:fs/promises';
import { connect, createServer, type ListenOptions, type Server, type Socket } from 'node:net';
import { dirname, join } from 'node:path';
import { formatHostPort, parseListen } from './address.js';
import { ListenError } from './error.js';

/** A socket that takes connections. */
export interface Listener {
  /** As clients name it, with the real port. */
  readonly address: string;
  /** Takes no more connections; the file of a unix socket goes away. Connections that exist are left alone. */
  close(): Promise<void>;
}

/** Permissions of the file of a unix socket. */
const SOCKET_MODE = 0o600;

/**
 * Listens on HOST:PORT or unix:PATH.
 * @param onConnection takes over the socket
 * @param reach as for parseListen()
 * @throws ListenError when the address is refused, in use or not to be had
 */
export async function listen(
  text: string,
  onConnection: (socket: Socket) => void,
  reach: 'this-machine' | 'any',
): Promise<Listener> {
  const address = parseListen(text, reach);
  const server = createServer({ noDelay: true }, onConnection);
  if (address.kind === 'unix') return listenUnix(text, address.path, server);
  await bind(text, server, { host: address.host, port: address.port });
  const bound = server.address();
  const port = typeof bound === 'object' && bound !== null ? bound.port : address.port;
  return { address: formatHostPort({ host: address.host, port }), close: () => closeServer(server) };
}

async function bind(text: string, server: Server, where: ListenOptions): Promise<void> {
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(where, () => {
        server.off('error', reject);
        resolve();
      });
    });
  } catch (cause) {
    const { code = '', message } = cause as NodeJS.ErrnoException;
    throw new ListenError(text, BIND_PROBLEMS[code] ?? message, { cause });
  }
}

/** By errno of bind(2). */
const BIND_PROBLEMS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'the port is in use; is another `nsatlas agent` running? (`ss -ltnp` shows which process it is)',
  EACCES: 'the system refuses it (EACCES); take a port above 1023, or give the process CAP_NET_BIND_SERVICE',
  EADDRNOTAVAIL: 'this machine does not have the address (EADDRNOTAVAIL); is lo up?',
};

/**
 * The socket is created in a directory that only this user can enter, gets its permissions there, and is only then put where clients
 * look for it: at no time can anybody else connect, and a socket that somebody listens on is never replaced.
 */
async function listenUnix(text: string, path: string, server: Server): Promise<Listener> {
  let folder: string | undefined;
  try {
    folder = await mkdtemp(join(dirname(path), '.nsatlas-'));
    const made = join(folder, 's');
    await bind(text, server, { path: made });
    await chmod(made, SOCKET_MODE);
    await publish(text, made, path);
    const { dev, ino } = await stat(path);
    return { address: `unix:${path}`, close: () => closeUnix(server, path, { dev, ino }) };
  } catch (cause) {
    await closeServer(server);
    if (cause instanceof ListenError) throw cause;
    throw new ListenError(text, fileProblem(cause as NodeJS.ErrnoException, dirname(path)), { cause });
  } finally {
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  }
}

function fileProblem(cause: NodeJS.ErrnoException, folder: string): string {
  switch (cause.code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return `there is no directory ${folder}; create it first`;
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return `this process cannot write to ${folder} (${cause.code})`;
    case 'EEXIST':
      return 'another process has just begun to listen there; is another `nsatlas agent` running?';
    default:
      return cause.message;
  }
}

/** link(2) refuses to replace anything, so of two agents that start at the same time one fails. */
async function publish(text: string, made: string, path: string): Promise<void> {
  const taken = await lstat(path).catch((cause: unknown) => {
    if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') throw cause;
    return undefined;
  });
  if (taken !== undefined) {
    if (!taken.isSocket())
      throw new ListenError(text, 'there is a file of this name that is not a socket; remove it or take another path');
    if (await isListening(path))
      throw new ListenError(text, 'another process listens there; is another `nsatlas agent` running?');
    await unlink(path);
  }
  await link(made, path);
}

/** Only a refused connection proves that nothing listens. */
function isListening(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect({ path });
    probe.once('connect', () => {
      probe.destroy();
      resolve(true);
    });
    probe.once('error', (cause: NodeJS.ErrnoException) => resolve(cause.code !== 'ECONNREFUSED' && cause.code !== 'ENOENT'));
  });
}

async function closeUnix(server: Server, path: string, own: { dev: number; ino: number }): Promise<void> {
  try {
    // A successor may have put its own socket there.
    const now = await lstat(path);
    if (now.dev === own.dev && now.ino === own.ino) await unlink(path);
  } catch (cause) {
    // Somebody has removed it already.
    if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') throw cause;
  } finally {
    await closeServer(server);
  }
}

/** Does not wait for connections: net.Server's own callback would. */
function closeServer(server: Server): Promise<void> {
  if (server.listening) server.close();
  return Promise.resolve();
}
