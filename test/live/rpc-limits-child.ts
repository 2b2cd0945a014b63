// A server to be attacked, in a process of its own: what it costs is measured there.

import { startAgent } from '../../src/agent/server.js';
import type { ServeOptions } from '../../src/rpc/types.js';
import { fakeLog, fakeNetns, fakeSnapshot } from '../unit/agent/fake-host.js';
import { AnsweringHost } from '../unit/agent/fake-live.js';

/** What the child is started with, and what it tells. */
export interface ChildOptions
  extends Partial<Pick<ServeOptions, 'tls' | 'handshakeLimitMs' | 'maxConnections' | 'stallLimitMs'>> {
  readonly listen: readonly string[];
}

export interface ChildReport {
  readonly address: string;
  readonly rss: number;
  readonly log: readonly string[];
}

const log = fakeLog();
let address = '';

process.on('message', (options: ChildOptions | 'report') => {
  if (options !== 'report') {
    const live = new AnsweringHost(() => fakeSnapshot([fakeNetns(1)]));
    void startAgent({ live, log, ...options }).then((agent) => {
      address = agent.addresses[0] ?? '';
      report();
    });
  } else {
    global.gc?.();
    report();
  }
});
process.on('disconnect', () => process.exit());

function report(): void {
  const lines = log.lines.map(({ level, message, fields }) => `${level} ${message} ${JSON.stringify(fields)}`);
  process.send?.({ address, rss: process.memoryUsage().rss, log: lines } satisfies ChildReport);
}
