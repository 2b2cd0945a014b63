// What the tests of TLS share: an agent that serves with it, and clients of other makes.

import { once } from 'node:events';
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls';
import { join } from 'node:path';
import type { Test } from 'tap';
import { type AgentClient, createAgentClient } from '../../src/client/agent.js';
import type { AgentOptions } from '../../src/agent/server.js';
import type { ClientTls } from '../../src/rpc/types.js';
import { ROOT } from '../support/root.js';
import type { Certificates, Pair } from '../support/certificates.js';
import { fakeNetns, fakeSnapshot } from '../unit/agent/fake-host.js';
import { BUF, type Finished, run, serve, type Served } from './agent-rig.js';

/** An agent with one namespace and TLS. Its own client is plain, and of no use. */
export function serveTls(t: Test, certificates: Certificates, options: Partial<AgentOptions> = {}): Promise<Served> {
  return serve(t, () => fakeSnapshot([fakeNetns(1)]), { tls: certificates.server, tlsPollMs: 50, ...options });
}

/** Our client; closed when the test ends. */
export function clientOf(t: Test, address: string, tls?: ClientTls): AgentClient {
  const client = createAgentClient(address, { timeoutMs: 10_000, ...(tls !== undefined && { tls }) });
  t.after(() => client.close());
  return client;
}

/** buf curl over TLS. With the schema at hand: what it finds wrong while it asks for one by reflection, it shows with -v only. */
export function curlTls(address: string, { ca }: { ca: string }, pair?: Pair, args: readonly string[] = []): Promise<Finished> {
  const own = pair === undefined ? [] : ['--cert', pair.cert, '--key', pair.key];
  const url = `https://${address}/nsatlas.v1.Agent/ListNetns`;
  return run(BUF, [
    'curl',
    '--schema',
    join(ROOT, 'proto'),
    '--protocol',
    'grpc',
    '--cacert',
    ca,
    ...own,
    ...args,
    '-d',
    '{}',
    url,
  ]);
}

/** What a client of TLS meets: the code of its error, or "secure". */
export async function handshake(t: Test, address: string, options: ConnectionOptions): Promise<string> {
  const [host = '', port = ''] = address.split(':');
  const socket: TLSSocket = connect({ host, port: Number(port), rejectUnauthorized: false, ...options });
  t.after(() => socket.destroy());
  const failed = new Promise<string>((resolve) => {
    socket.once('error', (cause: NodeJS.ErrnoException) => resolve(cause.code ?? cause.message));
    socket.once('close', () => resolve('closed'));
  });
  return Promise.race([failed, once(socket, 'secureConnect').then(() => 'secure')]);
}
