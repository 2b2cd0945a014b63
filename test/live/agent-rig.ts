// What the tests of the agent share: an agent over a host that is made up, and buf curl, a gRPC client that shares no code
// with us.

import { spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { type ClientHttp2Session, type ClientHttp2Stream, connect } from 'node:http2';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Test } from 'tap';
import { type AgentClient, createAgentClient } from '../../src/client/agent.js';
import { type AgentOptions, startAgent } from '../../src/agent/server.js';
import type { RunningServer } from '../../src/rpc/types.js';
import { ROOT } from '../support/root.js';
import { fakeLog } from '../unit/agent/fake-host.js';
import { AnsweringHost } from '../unit/agent/fake-live.js';

export const BUF = join(ROOT, 'node_modules/.bin/buf');

export interface Served {
  readonly agent: RunningServer;
  readonly source: AnsweringHost;
  readonly log: ReturnType<typeof fakeLog>;
  readonly address: string;
  readonly client: AgentClient;
}

/** An agent for one test; drained when the test ends, whatever became of it. */
export async function serve(t: Test, answer: AnsweringHost['read'], options: Partial<AgentOptions> = {}): Promise<Served> {
  const source = new AnsweringHost(answer, [{ name: 'enter', enabled: true, detail: 'works' }]);
  const log = fakeLog();
  const agent = await startAgent({ live: source, log, listen: ['127.0.0.1:0'], ...options });
  const address = agent.addresses[0] ?? '';
  const client = createAgentClient(address);
  t.after(async () => {
    client.close();
    await agent.drain(1000);
  });
  return { agent, source, log, address, client };
}

export interface Finished {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end. Not spawnSync: the agent it talks to lives in this process. */
export function run(
  command: string,
  args: readonly string[],
  { input = '', onOutput }: { input?: string | Uint8Array; onOutput?: () => void } = {},
): Promise<Finished> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: 'pipe' });
    const [stdout, stderr]: [Buffer[], Buffer[]] = [[], []];
    child.stdout.on('data', (chunk: Buffer) => {
      stdout.push(chunk);
      onOutput?.();
    });
    child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
    child.once('error', reject);
    child.once('close', (status) =>
      resolve({ status, stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString() }),
    );
    child.stdin.end(input);
  });
}

/** buf curl, through reflection alone. @param onOutput called when it prints something */
export function curl(address: string, what: string, args: readonly string[] = [], onOutput?: () => void): Promise<Finished> {
  const target = address.startsWith('unix:')
    ? ['--unix-socket', address.slice('unix:'.length), `http://localhost${what}`]
    : [`http://${address}${what}`];
  const options = onOutput === undefined ? {} : { onOutput };
  return run(BUF, ['curl', '--http2-prior-knowledge', '--protocol', 'grpc', ...args, ...target], options);
}

/** The same for a call that goes on: it is there when its first message is. */
export async function begunCurl(address: string, what: string, args: readonly string[]): Promise<{ ended: Promise<Finished> }> {
  const printed = new EventEmitter();
  const ended = curl(address, what, args, () => printed.emit('output'));
  await Promise.race([once(printed, 'output'), ended]);
  return { ended };
}

/** The messages that buf curl printed, one after another. */
export function messagesOf(stdout: string): unknown[] {
  const messages: unknown[] = [];
  let start = 0;
  // Each message is an object over several lines that ends with a brace in the first column.
  for (const match of stdout.matchAll(/^\}$|^\{\}$/gm)) {
    const end = match.index + match[0].length;
    messages.push(JSON.parse(stdout.slice(start, end)));
    start = end;
  }
  return messages;
}

/** A folder of the test's own, gone when it ends. */
export function scratch(t: Test): string {
  const folder = mkdtempSync(join(tmpdir(), 'nsatlas-agent-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/**
 * A call by hand over HTTP/2 that takes what its window holds (64 KiB) and no more, until it is resumed. (grpc-js's own
 * client takes everything until it was read from once.)
 */
export function holdCall(session: ClientHttp2Session, method: string): ClientHttp2Stream {
  const headers = { ':method': 'POST', ':path': method, 'content-type': 'application/grpc', te: 'trailers' };
  const stream = session.request(headers);
  stream.on('error', () => undefined);
  stream.pause();
  // A message without any field set: no compression, length 0.
  stream.end(Buffer.alloc(5));
  return stream;
}

/** A connection for holdCall. */
export function holdSession(t: Test, address: string): ClientHttp2Session {
  const session = connect(`http://${address}`);
  session.on('error', () => undefined);
  t.after(() => session.destroy());
  return session;
}

/** The messages of a body: each has 5 bytes before it, the last four its length. */
export function* framesOf(body: Buffer): Generator<Buffer> {
  for (let at = 0; at < body.length; ) {
    const length = body.readUInt32BE(at + 1);
    yield body.subarray(at + 5, at + 5 + length);
    at += 5 + length;
  }
}
