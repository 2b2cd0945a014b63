// A process of its own that keeps the namespaces of a folder true. Says on standard output, one JSON line each time something changed, which
// namespaces it knows. Usage: node live-child.js DIR
import { liveOptions } from './live-options.js';
import { ALL_TABLES } from '../../src/tables/index.js';
import { createLiveHost } from '../../src/live/index.js';

const live = createLiveHost(liveOptions(process.argv[2] ?? ''));
live.lease(ALL_TABLES);
await live.ready(ALL_TABLES, AbortSignal.timeout(20_000));
const tell = (): void => {
  const namespaces = live.keys().map((key) => live.head(key)?.id);
  process.stdout.write(`${JSON.stringify({ namespaces, mode: live.freshness().mode })}\n`);
};
live.subscribe(tell);
tell();
// Nothing else keeps the process alive.
process.stdin.resume();
process.stdin.on('end', () => live.close());
