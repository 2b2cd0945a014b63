import type { Registry } from 'prom-client';
import type { Members } from '../collector/types.js';
import type { AgentState, HostEntry, Overlay } from '../model/types.js';
import { ROW_TABLES } from '../tables/index.js';
import { askedGauges } from './families.js';
import { countGaps, pairs } from './host.js';
import { formatLabels } from './labels.js';
import type { Collected, MetricSource, Scrape } from './scrape.js';
import { type Family, Sheet } from './sheet.js';

/** Inputs of a collector's metrics. */
export interface CollectorMetricsOptions {
  readonly members: Members;
  /** The overlays of all hosts, in batches, so that other work can run in between; empty batches are just pauses. Absent: no metrics of overlays. */
  readonly overlays?: () => Iterable<readonly Overlay[]>;
}

const STATES: readonly AgentState[] = ['LIVE', 'SYNCING', 'STALE', 'UNREACHABLE', 'CONFLICT'];

/** A family with one value for each agent. */
interface AgentFamily extends Family {
  readonly value: (entry: HostEntry) => number | undefined;
}

const AGENT_FAMILIES: readonly AgentFamily[] = [
  {
    name: 'nsatlas_agent_up',
    type: 'gauge',
    help: 'Whether an agent is in sync and not silent: 1, else 0.',
    value: ({ state }) => Number(state === 'LIVE'),
  },
  {
    name: 'nsatlas_agent_age_seconds',
    type: 'gauge',
    help: 'Time since the data of a host was last known to match its agent’s state.',
    value: ({ ageMs }) => seconds(ageMs),
  },
  {
    name: 'nsatlas_agent_lag_seconds',
    type: 'gauge',
    help: 'How far an agent reports to be behind its kernel.',
    value: ({ freshness }) => seconds(freshness?.ageMs),
  },
  {
    name: 'nsatlas_agent_events_lost_total',
    type: 'counter',
    help: 'How often an agent lost events of its kernel.',
    value: ({ freshness }) => freshness?.lostEvents,
  },
  {
    name: 'nsatlas_agent_disconnects_total',
    type: 'counter',
    help: 'How often the stream of an agent ended.',
    value: ({ disconnects }) => disconnects,
  },
  {
    name: 'nsatlas_agent_resyncs_total',
    type: 'counter',
    help: 'How often an agent had to send its full state again.',
    value: ({ resyncs }) => resyncs,
  },
  {
    name: 'nsatlas_agent_namespaces',
    type: 'gauge',
    help: 'Network namespaces of a host.',
    value: ({ namespaces }) => namespaces,
  },
  {
    name: 'nsatlas_agent_interfaces',
    type: 'gauge',
    help: 'Interfaces of a host.',
    value: ({ interfaces }) => interfaces,
  },
  ...ROW_TABLES.map(
    ({ section, counted: { metric, title } }): AgentFamily => ({
      name: `nsatlas_agent_${metric}`,
      type: 'gauge',
      help: `${title} of a host.`,
      value: ({ rows }) => rows[section],
    }),
  ),
  { name: 'nsatlas_agent_gaps', type: 'gauge', help: 'Things that an agent could not read.', value: ({ gaps }) => gaps },
];

const FABRIC_FAMILIES: readonly Family[] = [
  { name: 'nsatlas_fabric_overlay_members', type: 'gauge', help: 'VXLAN interfaces of an overlay, on all hosts.' },
  { name: 'nsatlas_fabric_overlay_endpoints', type: 'gauge', help: 'Endpoints of an overlay, on all hosts.' },
  {
    name: 'nsatlas_fabric_overlay_fdb_entries',
    type: 'gauge',
    help: 'Forwarding rows of an overlay’s VXLAN interfaces, on all hosts.',
  },
  {
    name: 'nsatlas_fabric_overlay_unknown_vteps',
    type: 'gauge',
    help: 'Distinct VTEPs that forwarding rows of an overlay point at and that belong to no known host.',
  },
];

/** Metrics of the hosts that a collector follows, and of their overlays. */
export function createCollectorMetrics(registry: Registry, { members, overlays }: CollectorMetricsOptions): MetricSource {
  askedGauges(registry, { name: 'nsatlas_agents', help: 'Followed agents by state.', labelNames: ['state'] }, () => {
    const counts = new Map<AgentState, number>(STATES.map((state) => [state, 0]));
    for (const { state } of members.entries()) counts.set(state, (counts.get(state) ?? 0) + 1);
    return [...counts].map(([state, count]) => [{ state: state.toLowerCase() }, count] as const);
  });
  const gaps = {
    name: 'nsatlas_collector_gaps',
    help: 'Agent sources that could not be queried, and agents that are not live.',
  };
  askedGauges(registry, { ...gaps, labelNames: ['status', 'operation'] }, () =>
    pairs(countGaps(members.gaps()), 'status', 'operation'),
  );
  return {
    name: 'fabric',
    collect: async (scrape): Promise<Collected> => ({
      sheets: [agentsOf(members, scrape), ...(overlays === undefined ? [] : [await overlaysOf(overlays(), scrape)])],
    }),
  };
}

function agentsOf(members: Members, { budget }: Scrape): Sheet {
  const sheet = new Sheet(AGENT_FAMILIES);
  const seen = new Set<string>();
  for (const entry of members.entries()) {
    const labels = formatLabels({ host: entry.host, name: entry.hostName, agent: entry.agent });
    // A series is emitted once, whatever the list contains.
    if (seen.has(labels) || !budget.take('agents', sheet.width)) continue;
    seen.add(labels);
    sheet.add(
      labels,
      AGENT_FAMILIES.map(({ value }) => value(entry)),
    );
  }
  return sheet;
}

async function overlaysOf(overlays: Iterable<readonly Overlay[]>, { slices, budget }: Scrape): Promise<Sheet> {
  const sheet = new Sheet(FABRIC_FAMILIES);
  for (const some of overlays) {
    for (const overlay of some) {
      if (budget.take('overlays', sheet.width)) sheet.add(overlayLabels(overlay), overlayValues(overlay));
    }
    if (slices.areDue) await slices.rest();
  }
  return sheet;
}

function overlayLabels({ id, vni, networkName, networkId }: Overlay): string {
  return formatLabels({ overlay: id, vni: `${vni}`, network: networkName ?? networkId, network_id: networkId });
}

/** In the order of FABRIC_FAMILIES. */
function overlayValues({ members, endpoints }: Overlay): (number | undefined)[] {
  const known = members.flatMap(({ fdbEntries }) => (fdbEntries === undefined ? [] : [fdbEntries]));
  const unknown = new Set(
    members.flatMap(({ remotes }) => remotes.filter(({ host }) => host === undefined).map(({ vtep }) => vtep)),
  );
  const rows = known.length === 0 ? undefined : known.reduce((sum, count) => sum + count, 0);
  return [members.length, endpoints, rows, unknown.size];
}

function seconds(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : ms / 1000;
}
