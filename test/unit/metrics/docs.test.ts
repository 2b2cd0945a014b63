import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { createCollectorMetrics } from '../../../src/metrics/collector.js';
import { HostMetrics } from '../../../src/metrics/host.js';
import { createInterfaceMetrics } from '../../../src/metrics/interfaces.js';
import { Metrics } from '../../../src/metrics/metrics.js';
import { DurationCounter } from '../../../src/live/stats.js';
import { ROOT } from '../../support/root.js';
import { fakeLog, fakeSnapshot } from '../agent/fake-host.js';

/** Names of all families that agents and collectors can tell. */
async function families(): Promise<Set<string>> {
  const metrics = new Metrics({ version: '1', log: fakeLog() });
  const live = {
    ready: async () => undefined,
    features: async () => [],
    host: () => fakeSnapshot([]).host,
    freshness: () => ({ mode: 'EVENTS', ageMs: 0, rescanMs: 0, lostEvents: 0, interruptedDumps: 0 }) as const,
    gaps: () => [],
    stats: () => {
      const none = new DurationCounter();
      return { scans: none, reads: none, lag: none, events: 0, lostEvents: 0, interruptedDumps: 0 };
    },
    tallies: () => [],
    head: () => undefined,
    networks: () => [],
    counters: async () => [],
  };
  const members = { tables: [], members: () => [], entries: () => [], gaps: () => [], subscribe: () => () => undefined };
  metrics.add(new HostMetrics(metrics.registry, live));
  metrics.add(createInterfaceMetrics(metrics.registry, live));
  metrics.add(createCollectorMetrics(metrics.registry, members, () => []));
  const text = Buffer.concat(await metrics.render()).toString();
  metrics.close();
  return new Set([...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name = '']) => name));
}

function namesIn(path: string): Set<string> {
  const text = readFileSync(join(ROOT, path), 'utf8').replaceAll(/nsatlas-\w+/g, '');
  return new Set(text.match(/\b(?:nsatlas|process|nodejs)_[a-z0-9_]*[a-z0-9]\b/g));
}

t.test('the manual of the metrics', async (t) => {
  t.test('names every family that there is, and no other', async (t) => {
    t.strictSame([...namesIn('docs/metrics.md')].sort(), [...(await families())].sort());
  });

  t.test('is what the rules and alerts are made of: they name no family that there is not', async (t) => {
    const known = await families();
    const named = namesIn('deploy/prometheus-rules.yml');
    t.ok(named.size >= 8, `${named.size}`);
    for (const name of named) t.ok(known.has(name), name);
  });
});
