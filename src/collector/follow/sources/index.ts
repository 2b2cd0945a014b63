import { isAbsolute } from 'node:path';
import { parseHostPort } from '../../../rpc/address.js';
import { parseAddress } from './address.js';
import { dnsSource } from './dns.js';
import { swarmSource } from './swarm.js';
import { type AgentSource, SourceError } from './types.js';

/** What --agents-file names. */
export { fileSource as agentsFile } from './file.js';
export { SourceError } from './types.js';

/**
 * What --agent of a collector names: HOST:PORT or unix:PATH, one agent; dns:NAME:PORT, those at all addresses of a name;
 * swarm:SOCKET:PORT, those on the nodes that the manager at this socket lists.
 * @throws SourceError when it is none of these
 */
export function agentSource(text: string): AgentSource {
  const rest = text.slice(text.indexOf(':') + 1);
  if (text.startsWith('swarm:')) return parseSwarm(text, rest);
  if (text.startsWith('dns:') && rest.includes(':')) return parseDns(text, rest);
  const address = parseAddress(text);
  if (address === undefined)
    throw new SourceError(text, 'is neither HOST:PORT nor unix:PATH, dns:NAME:PORT or swarm:SOCKET:PORT; try 10.0.0.1:7117');
  const source = '--agent';
  return {
    name: source,
    follow: (onTargets) => {
      onTargets([{ address, source }]);
      return { close: () => undefined };
    },
  };
}

function parseDns(text: string, rest: string): AgentSource {
  const name = parseHostPort(rest);
  if (name === undefined || name.port === 0 || !/^[\w-]+(\.[\w-]+)*\.?$/.test(name.host) || name.host.length > 253)
    throw new SourceError(text, 'is not dns:NAME:PORT; try dns:tasks.nsatlas_agent:7117');
  return dnsSource(name.host, name.port);
}

function parseSwarm(text: string, rest: string): AgentSource {
  const at = rest.lastIndexOf(':');
  const socket = rest.slice(0, Math.max(0, at)).replace(/^unix:(\/\/(?=\/))?/, '');
  const port = Number(/^\d{1,5}$/.exec(rest.slice(at + 1))?.[0] ?? 0);
  if (!isAbsolute(socket) || socket.includes('\0') || port === 0 || port > 65_535)
    throw new SourceError(text, 'is not swarm:SOCKET:PORT; try swarm:/var/run/docker.sock:7117');
  return swarmSource(socket, port);
}
