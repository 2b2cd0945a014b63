import type { Registry } from 'prom-client';
import { netnsName } from '../model/ids.js';
import type { Feature, Freshness, Gap, Host, Netns, ReadStatus, Table } from '../model/types.js';
import type { NetnsTally, OpenLiveHost } from '../live/index.js';
import { Asked } from './families.js';
import { formatLabels, labelValue } from './labels.js';
import type { Collected, MetricSource, Scrape, SeriesBudget } from './scrape.js';
import { Sheet } from './sheet.js';

/** The parts of a live host that are used. */
export type MeasuredHost = Pick<OpenLiveHost, 'ready' | 'host' | 'freshness' | 'features' | 'gaps' | 'stats' | 'tallies'>;

/** The tables that are counted. */
const TABLES: readonly Table[] = ['LINKS', 'FDB', 'NEIGHBORS'];

/** How long to wait for the first read, or one that is due, before the known state is exported, in milliseconds. */
const READY_MS = 5000;

const HELP = {
  nsatlas_host_info: 'The host, by its id; always 1.',
  nsatlas_namespaces: 'Network namespaces by role and read status.',
  nsatlas_tables: 'Tables of network namespaces by read status; not_read: not requested.',
  nsatlas_interfaces: 'Interfaces by kind; none: lo, hardware.',
  nsatlas_gaps: 'Gaps (things that could not be read) by status and operation.',
  nsatlas_feature_enabled: 'Whether a feature works here: 1, else 0; GetStatus gives the reason.',
  nsatlas_events_followed: '1: following the kernel’s events; 0: polling.',
  nsatlas_state_age_seconds: 'Time since the exported state was last known to match the kernel’s.',
  nsatlas_events_total: 'Netlink event messages received.',
  nsatlas_events_lost_total: 'How often the kernel dropped events; each time a full read followed.',
  nsatlas_dumps_interrupted_total: 'Dumps that changes interrupted and that were repeated.',
  nsatlas_event_lag_seconds: 'Time from receiving an event to publishing its change.',
  nsatlas_read_duration_seconds: 'Duration of partial reads, of what is new or changed.',
  nsatlas_scan_duration_seconds: 'Duration of full reads of the host.',
} as const;

const NAMESPACE_FAMILIES = { nsatlas_namespace_up: 'Whether a network namespace could be read: 1, else 0.' };

const OVERLAY_FAMILIES = {
  nsatlas_overlay_info: 'A VXLAN interface and the network it belongs to; always 1.',
  nsatlas_overlay_fdb_entries: 'Forwarding rows of a VXLAN interface.',
  nsatlas_overlay_neighbors: 'Neighbours (ARP and ND) of a VXLAN interface.',
};

/** Kinds of interfaces with a series of their own: their names come from kernel modules, and there may be any number. */
const MOST_KINDS = 100;

/** Counts of one scrape. */
class Counts {
  /** "role status" */
  readonly namespaces = new Map<string, number>();
  /** "table status" */
  readonly tables = new Map<string, number>();
  readonly kinds = new Map<string, number>();
}

/** Metrics of a host with live state. */
export class HostMetrics implements MetricSource {
  readonly name = 'host';
  readonly #live: MeasuredHost;
  readonly #readyMs: number;
  #counts = new Counts();
  #gaps = new Map<string, number>();
  #features: readonly Feature[] = [];
  #host: Host | undefined;
  #freshness: Freshness | undefined;

  constructor(registry: Registry, live: MeasuredHost, readyMs = READY_MS) {
    this.#live = live;
    this.#readyMs = readyMs;
    const asked = new Asked(registry, HELP);
    this.#addState(asked);
    this.#addWork(asked);
  }

  async collect(scrape: Scrape): Promise<Collected> {
    let problem: Error | undefined;
    try {
      await this.#live.ready(TABLES, AbortSignal.timeout(this.#readyMs));
    } catch (cause) {
      // Export the known state; its age is a metric, too.
      problem = new Error(`this host could not be read in time: ${cause instanceof Error ? cause.message : String(cause)}`, {
        cause,
      });
    }
    this.#host = this.#live.host();
    this.#freshness = this.#live.freshness();
    this.#features = await this.#live.features();
    this.#gaps = countGaps(this.#live.gaps());
    const sheets = await this.#count(scrape);
    return { sheets, ...(problem !== undefined && { problem }) };
  }

  async #count({ slices, budget }: Scrape): Promise<readonly Sheet[]> {
    const counts = new Counts();
    const host = this.#host?.id;
    const [namespaces, overlays] = [new Sheet(NAMESPACE_FAMILIES), new Sheet(OVERLAY_FAMILIES)];
    const well: Netns[] = [];
    for (const tally of this.#live.tallies()) {
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

  #addState(asked: Asked<keyof typeof HELP>): void {
    asked.gauges('nsatlas_host_info', ['host', 'name', 'boot_id', 'kernel'], () => {
      if (this.#host === undefined) return [];
      const { id: host, name, bootId: boot_id, kernel } = this.#host;
      return [[{ host: labelValue(host), name: labelValue(name), boot_id, kernel }, 1]];
    });
    asked.gauges('nsatlas_namespaces', ['role', 'status'], () => pairs(this.#counts.namespaces, 'role', 'status'));
    asked.gauges('nsatlas_tables', ['table', 'status'], () => pairs(this.#counts.tables, 'table', 'status'));
    asked.gauges('nsatlas_interfaces', ['kind'], () =>
      [...this.#counts.kinds].map(([kind, value]) => [{ kind: labelValue(kind) }, value]),
    );
    asked.gauges('nsatlas_gaps', ['status', 'operation'], () => pairs(this.#gaps, 'status', 'operation'));
    asked.gauges('nsatlas_feature_enabled', ['feature'], () => {
      const all = new Map<string, number>();
      for (const { name, enabled } of this.#features) all.set(name, Math.min(all.get(name) ?? 1, enabled ? 1 : 0));
      return [...all].map(([feature, value]) => [{ feature }, value]);
    });
  }

  #addWork(asked: Asked<keyof typeof HELP>): void {
    const live = this.#live;
    asked.gauge('nsatlas_events_followed', () =>
      this.#freshness === undefined ? undefined : Number(this.#freshness.mode === 'EVENTS'),
    );
    asked.gauge('nsatlas_state_age_seconds', () => (this.#freshness === undefined ? undefined : this.#freshness.ageMs / 1000));
    asked.counter('nsatlas_events_total', () => live.stats().events);
    asked.counter('nsatlas_events_lost_total', () => live.stats().lostEvents);
    asked.counter('nsatlas_dumps_interrupted_total', () => live.stats().interruptedDumps);
    asked.histogram('nsatlas_event_lag_seconds', () => live.stats().lag);
    asked.histogram('nsatlas_read_duration_seconds', () => live.stats().reads);
    asked.histogram('nsatlas_scan_duration_seconds', () => live.stats().scans);
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
