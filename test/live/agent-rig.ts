// What the tests of the agent share: an agent over a host that is made up, and buf curl, a gRPC client that shares no code
// with us.

import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { type AgentClient, createAgentClient } from '../../src/agent/client.js';
import { startAgent } from '../../src/agent/server.js';
import type { AgentOptions, RunningAgent } from '../../src/agent/types.js';
import { ROOT } from '../support/root.js';
import { fakeLog, type FakeSource, fakeSource } from '../unit/agent/fake-host.js';

export const BUF = join(ROOT, 'node_modules/.bin/buf');

export interface Served {
  readonly agent: RunningAgent;
  readonly source: FakeSource;
  readonly log: ReturnType<typeof fakeLog>;
  readonly address: string;
  readonly client: AgentClient;
}

/** An agent for one test; drained when the test ends, whatever became of it. */
export async function serve(t: TestContext, answer: FakeSource['answer'], options: Partial<AgentOptions> = {}): Promise<Served> {
  const source = fakeSource(answer, [{ name: 'enter', enabled: true, detail: 'works' }]);
  const log = fakeLog();
  const agent = await startAgent({ source, log, listen: ['127.0.0.1:0'], ...options });
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
export function run(command: string, args: readonly string[], input: string | Uint8Array = ''): Promise<Finished> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: 'pipe' });
    const [stdout, stderr]: [Buffer[], Buffer[]] = [[], []];
    child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
    child.once('error', reject);
    child.once('close', (status) => resolve({ status, stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString() }));
    child.stdin.end(input);
  });
}

/** buf curl, through reflection alone. */
export function curl(address: string, what: string, args: readonly string[] = []): Promise<Finished> {
  const target = address.startsWith('unix:') ? ['--unix-socket', address.slice('unix:'.length), `http://localhost${what}`] : [`http://${address}${what}`];
  return run(BUF, ['curl', '--http2-prior-knowledge', '--protocol', 'grpc', ...args, ...target]);
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
export function scratch(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'nsatlas-agent-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
