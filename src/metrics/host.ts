import type { Registry } from 'prom-client';
import { netnsName } from '../model/ids.js';
import type { Feature, Freshness, Gap, Host, Netns, ReadStatus, Table } from '../model/types.js';
import type { NetnsTally, OpenLiveHost } from '../live/index.js';
import { askedCounter, askedGauge, askedGauges, askedHistogram } from './families.js';
import { formatLabels, labelValue } from './labels.js';
import type { Collected, MetricSource, Scrape, SeriesBudget } from './scrape.js';
import { Sheet } from './sheet.js';

/** Inputs of a host's metrics. */
export interface HostMetricsOptions {
  readonly live: MeasuredHost;
  /** Which features work here. */
  readonly features: () => Promise<readonly Feature[]>;
  /** How long to wait for the first read, or one that is due, before the known state is exported. Milliseconds; 5,000. */
  readonly readyMs?: number;
}

/** The parts of a live host that are used. */
export type MeasuredHost = Pick<OpenLiveHost, 'ready' | 'host' | 'freshness' | 'gaps' | 'stats' | 'tallies'>;

/** The tables that are counted. */
const TABLES: readonly Table[] = ['LINKS', 'FDB', 'NEIGHBORS'];

const NAMESPACE_FAMILIES = [
  {
    name: 'nsatlas_namespace_up',
    type: 'gauge',
    help: 'Whether a network namespace could be read: 1, else 0.',
  },
] as const;

const OVERLAY_FAMILIES = [
  { name: 'nsatlas_overlay_info', type: 'gauge', help: 'A VXLAN interface and the network it belongs to; always 1.' },
  { name: 'nsatlas_overlay_fdb_entries', type: 'gauge', help: 'Forwarding rows of a VXLAN interface.' },
  { name: 'nsatlas_overlay_neighbors', type: 'gauge', help: 'Neighbours (ARP and ND) of a VXLAN interface.' },
] as const;

/** Kinds of interfaces with a series of their own: their names come from kernel modules, and there may be any number. */
const MOST_KINDS = 100;

/** Metrics of a host with live state. */
export function createHostMetrics(registry: Registry, options: HostMetricsOptions): MetricSource {
  return new HostMetrics(registry, options);
}

/** Counts of one scrape. */
class Counts {
  /** "role status" */
  readonly namespaces = new Map<string, number>();
  /** "table status" */
  readonly tables = new Map<string, number>();
  readonly kinds = new Map<string, number>();
}

class HostMetrics implements MetricSource {
  readonly name = 'host';
  readonly #options: HostMetricsOptions;
  #counts = new Counts();
  #gaps = new Map<string, number>();
  #features: readonly Feature[] = [];
  #host: Host | undefined;
  #freshness: Freshness | undefined;

  constructor(registry: Registry, options: HostMetricsOptions) {
    this.#options = options;
    this.#addState(registry);
    this.#addWork(registry);
  }

  async collect(scrape: Scrape): Promise<Collected> {
    const { live, features, readyMs = 5000 } = this.#options;
    let problem: Error | undefined;
    try {
      await live.ready(TABLES, AbortSignal.timeout(readyMs));
    } catch (cause) {
      // Export the known state; its age is a metric, too.
      problem = new Error(`this host could not be read in time: ${cause instanceof Error ? cause.message : String(cause)}`, {
        cause,
      });
    }
    this.#host = live.host();
    this.#freshness = live.freshness();
    this.#features = await features();
    this.#gaps = countGaps(live.gaps());
    const sheets = await this.#count(scrape);
    return { sheets, ...(problem !== undefined && { problem }) };
  }

  async #count({ slices, budget }: Scrape): Promise<readonly Sheet[]> {
    const counts = new Counts();
    const host = this.#host?.id;
    const [namespaces, overlays] = [new Sheet(NAMESPACE_FAMILIES), new Sheet(OVERLAY_FAMILIES)];
    const well: Netns[] = [];
    for (const tally of this.#options.live.tallies()) {
      note(counts, tally);
      addOverlays(overlays, tally, host, budget);
      // Whatever the limit drops, it must not be the problems.
      if (tally.head.status === 'OK') well.push(tally.head);
      else addNamespace(namespaces, tally.head, host, budget);
      if (slices.areDue) await slices.rest();
    }
    for (const head of well) {
      addNamespace(namespaces, head, host, budget);
      if (slices.areDue) await slices.rest();
    }
    this.#counts = counts;
    return [overlays, namespaces];
  }

  #addState(registry: Registry): void {
    const info = { name: 'nsatlas_host_info', help: 'The host, by its id; always 1.' };
    askedGauges(registry, { ...info, labelNames: ['host', 'name', 'boot_id', 'kernel'] }, () => {
      if (this.#host === undefined) return [];
      const { id: host, name, bootId: boot_id, kernel } = this.#host;
      return [[{ host: labelValue(host), name: labelValue(name), boot_id, kernel }, 1]];
    });
    const namespaces = { name: 'nsatlas_namespaces', help: 'Network namespaces by role and read status.' };
    askedGauges(registry, { ...namespaces, labelNames: ['role', 'status'] }, () =>
      pairs(this.#counts.namespaces, 'role', 'status'),
    );
    const tables = {
      name: 'nsatlas_tables',
      help: 'Tables of network namespaces by read status; not_read: not requested.',
    };
    askedGauges(registry, { ...tables, labelNames: ['table', 'status'] }, () => pairs(this.#counts.tables, 'table', 'status'));
    const kinds = { name: 'nsatlas_interfaces', help: 'Interfaces by kind; none: lo, hardware.' };
    askedGauges(registry, { ...kinds, labelNames: ['kind'] }, () =>
      [...this.#counts.kinds].map(([kind, value]) => [{ kind: labelValue(kind) }, value]),
    );
    const gaps = { name: 'nsatlas_gaps', help: 'Gaps (things that could not be read) by status and operation.' };
    askedGauges(registry, { ...gaps, labelNames: ['status', 'operation'] }, () => pairs(this.#gaps, 'status', 'operation'));
    const features = {
      name: 'nsatlas_feature_enabled',
      help: 'Whether a feature works here: 1, else 0; GetStatus gives the reason.',
    };
    askedGauges(registry, { ...features, labelNames: ['feature'] }, () => {
      const all = new Map<string, number>();
      for (const { name, enabled } of this.#features) all.set(name, Math.min(all.get(name) ?? 1, enabled ? 1 : 0));
      return [...all].map(([feature, value]) => [{ feature }, value]);
    });
  }

  #addWork(registry: Registry): void {
    const { live } = this.#options;
    askedGauge(registry, { name: 'nsatlas_events_followed', help: '1: following the kernel’s events; 0: polling.' }, () =>
      this.#freshness === undefined ? undefined : Number(this.#freshness.mode === 'EVENTS'),
    );
    const age = {
      name: 'nsatlas_state_age_seconds',
      help: 'Time since the exported state was last known to match the kernel’s.',
    };
    askedGauge(registry, age, () => (this.#freshness === undefined ? undefined : this.#freshness.ageMs / 1000));
    askedCounter(registry, { name: 'nsatlas_events_total', help: 'Netlink event messages received.' }, () => live.stats().events);
    const lost = {
      name: 'nsatlas_events_lost_total',
      help: 'How often the kernel dropped events; each time a full read followed.',
    };
    askedCounter(registry, lost, () => live.stats().lostEvents);
    const interrupted = {
      name: 'nsatlas_dumps_interrupted_total',
      help: 'Dumps that changes interrupted and that were repeated.',
    };
    askedCounter(registry, interrupted, () => live.stats().interruptedDumps);
    const lag = { name: 'nsatlas_event_lag_seconds', help: 'Time from receiving an event to publishing its change.' };
    askedHistogram(registry, lag, () => live.stats().lag);
    const reads = { name: 'nsatlas_read_duration_seconds', help: 'Duration of partial reads, of what is new or changed.' };
    askedHistogram(registry, reads, () => live.stats().reads);
    const scans = { name: 'nsatlas_scan_duration_seconds', help: 'Duration of full reads of the host.' };
    askedHistogram(registry, scans, () => live.stats().scans);
  }
}

function note(counts: Counts, { head, kinds }: NetnsTally): void {
  add(counts.namespaces, `${word(head.role)} ${word(head.status)}`);
  for (const { table, status } of head.tables) add(counts.tables, `${word(table)} ${word(status)}`);
  for (const [kind = 'none', count] of kinds) {
    const known = counts.kinds.has(kind) || counts.kinds.size < MOST_KINDS;
    add(counts.kinds, known ? kind : 'other', count);
  }
}

function addNamespace(sheet: Sheet, head: Netns, host: string | undefined, budget: SeriesBudget): void {
  if (!budget.take('namespaces', sheet.width)) return;
  const { owner } = head;
  const labels = formatLabels({
    host,
    netns: head.id,
    role: word(head.role),
    name: netnsName(head),
    network: head.networkName ?? head.networkId,
    service: owner?.serviceName,
    container: owner?.containerName,
  });
  sheet.add(labels, [Number(head.status === 'OK')]);
}

function addOverlays(sheet: Sheet, { head, vxlans }: NetnsTally, host: string | undefined, budget: SeriesBudget): void {
  const network = head.networkName ?? head.networkId;
  for (const { ifindex, name, vni, fdb, neighbors } of vxlans) {
    if (!budget.take('overlays', sheet.width)) continue;
    // Two names can become the same label; numbers cannot.
    const labels = formatLabels({
      host,
      netns: head.id,
      interface: name,
      ifindex: `${ifindex}`,
      vni: vni?.toString(),
      network,
      network_id: head.networkId,
    });
    sheet.add(labels, [1, fdb, neighbors]);
  }
}

/** @returns "status operation" to how many */
export function countGaps(gaps: readonly Gap[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { status, operation = 'none' } of gaps) add(counts, `${word(status)} ${operation.replaceAll(' ', '-')}`);
  return counts;
}

/** Counts of two words as labels. */
export function pairs<First extends string, Second extends string>(
  counts: ReadonlyMap<string, number>,
  first: First,
  second: Second,
): (readonly [Record<First | Second, string>, number])[] {
  return [...counts].map(([key, value]) => {
    const [one = '', two = ''] = key.split(' ');
    return [{ [first]: one, [second]: two } as Record<First | Second, string>, value] as const;
  });
}

function add(counts: Map<string, number>, key: string, count = 1): void {
  counts.set(key, (counts.get(key) ?? 0) + count);
}

/** Spelled as in flags and labels: "load_balancer". */
function word(name: Netns['role'] | ReadStatus | Table): string {
  return name.toLowerCase();
}
