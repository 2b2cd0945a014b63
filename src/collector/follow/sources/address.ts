import { isIPv6, SocketAddress } from 'node:net';
import { isAbsolute } from 'node:path';
import { formatHostPort, parseHostPort } from '../../../rpc/address.js';

/**
 * An agent's address in its one spelling: HOST:PORT, or unix:PATH. Two spellings of one address are one agent.
 * @returns undefined when it is neither, or the port is 0
 */
export function parseAddress(text: string): string | undefined {
  if (text.startsWith('unix:')) {
    const path = text.slice('unix:'.length).replace(/^\/\/(?=\/)/, '');
    return isAbsolute(path) && !path.includes('\0') ? `unix:${path}` : undefined;
  }
  const address = parseHostPort(text);
  // Names have neither blanks nor anything else that could break a line, and gRPC's own schemes have a slash.
  if (address === undefined || address.port === 0 || /[^\w.:%-]/.test(address.host)) return undefined;
  return addressOf(address.host, address.port);
}

/** HOST:PORT of a name or an IP address, in its one spelling. */
export function addressOf(host: string, port: number): string {
  const canonical = isIPv6(host) && !host.includes('%') ? new SocketAddress({ address: host, family: 'ipv6' }).address : host;
  return formatHostPort({ host: canonical.toLowerCase(), port });
}
