import { isIPv4, isIPv6 } from 'node:net';
import { isAbsolute } from 'node:path';
import { ListenError } from './error.js';

/** Where to listen. */
export type ListenAddress =
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string };

/** HOST:PORT taken apart; the host of [::1]:7117 is "::1". */
export interface HostPort {
  readonly host: string;
  readonly port: number;
}

/**
 * An address for --listen.
 * @param reach 'this-machine' without access control: what is served is the map of a network. 'any' with TLS, or
 * where somebody has said that it is to be served in the open
 * @throws ListenError for an address that is beyond reach, and for what is no address
 */
export function parseListen(text: string, reach: 'this-machine' | 'any' = 'this-machine'): ListenAddress {
  if (text.startsWith('unix:')) return { kind: 'unix', path: parseUnixPath(text) };
  const address = parseHostPort(text);
  if (address === undefined) {
    throw new ListenError(
      text,
      'it is neither HOST:PORT nor unix:PATH; try 127.0.0.1:7117, [::1]:7117 or unix:/run/nsatlas.sock',
    );
  }
  // The name is not looked up: what it stands for must not depend on a file that says otherwise.
  const host = address.host === 'localhost' ? '127.0.0.1' : address.host;
  if (!isLoopback(host) && reach === 'this-machine') {
    throw new ListenError(
      text,
      'other machines can reach it; give certificates (--tls-cert, --tls-key and --tls-ca), or --insecure to serve everybody ' +
        'who can reach it, unencrypted; or listen on 127.0.0.1:PORT, [::1]:PORT, localhost:PORT or unix:PATH',
    );
  }
  if (isIPv4(host) || isIPv6(host)) return { kind: 'tcp', host, port: address.port };
  throw new ListenError(text, 'it has a name where an IP address is wanted; 0.0.0.0:PORT and [::]:PORT are all addresses');
}

/** "192.0.2.7:51234"; "unix" for a client on this machine's unix socket. Undefined parts are those of a closed socket. */
export function formatPeer(address: string | undefined, port: number | undefined): string {
  return address === undefined || port === undefined ? 'unix' : formatHostPort({ host: address, port });
}

/** undefined when it is not HOST:PORT. */
export function parseHostPort(text: string): HostPort | undefined {
  const match = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  if (host === undefined || port > 65535) return undefined;
  if (match?.[1] !== undefined && !isIPv6(host)) return undefined;
  return { host, port };
}

/** HOST:PORT of its parts. */
export function formatHostPort({ host, port }: HostPort): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Whether no other machine can reach an address. */
export function isForThisMachine(address: ListenAddress): boolean {
  return address.kind === 'unix' || isLoopback(address.host);
}

function isLoopback(host: string): boolean {
  return (isIPv4(host) && host.startsWith('127.')) || (isIPv6(host) && /^(0{0,4}:){2,7}0{0,3}1$/.test(host));
}

/** sockaddr_un.sun_path less its terminating zero; linux/un.h UNIX_PATH_MAX, v6.12 */
const MAX_SOCKET_PATH = 107;

/** Longest that a socket's path may be, in bytes: it is made under a name of its own first, beside the final one. */
export const SOCKET_NAME_RESERVE = '/.nsatlas-XXXXXX/s'.length;

function parseUnixPath(text: string): string {
  // unix:///run/x is the same as unix:/run/x, as in gRPC's naming (doc/naming.md).
  const path = text.slice('unix:'.length).replace(/^\/\/(?=\/)/, '');
  if (!isAbsolute(path) || path.endsWith('/') || path.includes('\0')) {
    throw new ListenError(text, 'the path of a unix socket has to be absolute and name a file, as in unix:/run/nsatlas.sock');
  }
  const folder = path.slice(0, path.lastIndexOf('/'));
  if (Buffer.byteLength(path) > MAX_SOCKET_PATH || Buffer.byteLength(folder) + SOCKET_NAME_RESERVE > MAX_SOCKET_PATH) {
    throw new ListenError(
      text,
      `the path is too long for a unix socket (the folder's may have ${MAX_SOCKET_PATH - SOCKET_NAME_RESERVE} bytes)`,
    );
  }
  return path;
}
