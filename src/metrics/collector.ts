import type { Registry } from 'prom-client';
import { fabricList } from '../collector/serve/fabric.js';
import type { Members } from '../collector/types.js';
import type { AgentState, HostEntry, Overlay } from '../model/types.js';
import { ROW_TABLES } from '../tables/index.js';
import { Asked } from './families.js';
import { countGaps, pairs } from './host.js';
import { formatLabels } from './labels.js';
import type { Collected, MetricSource, Scrape } from './scrape.js';
import { Sheet } from './sheet.js';

const STATES: readonly AgentState[] = ['LIVE', 'SYNCING', 'STALE', 'UNREACHABLE', 'CONFLICT'];

/** Families with one value for each agent. */
const AGENT_FAMILIES: readonly (readonly [name: string, help: string, value: (entry: HostEntry) => number | undefined])[] = [
  ['nsatlas_agent_up', 'Whether an agent is in sync and not silent: 1, else 0.', ({ state }) => Number(state === 'LIVE')],
  [
    'nsatlas_agent_age_seconds',
    'Time since the data of a host was last known to match its agent’s state.',
    ({ ageMs }) => seconds(ageMs),
  ],
  [
    'nsatlas_agent_lag_seconds',
    'How far an agent reports to be behind its kernel.',
    ({ freshness }) => seconds(freshness?.ageMs),
  ],
  ['nsatlas_agent_events_lost_total', 'How often an agent lost events of its kernel.', ({ freshness }) => freshness?.lostEvents],
  ['nsatlas_agent_disconnects_total', 'How often the stream of an agent ended.', ({ disconnects }) => disconnects],
  ['nsatlas_agent_resyncs_total', 'How often an agent had to send its full state again.', ({ resyncs }) => resyncs],
  ['nsatlas_agent_namespaces', 'Network namespaces of a host.', ({ namespaces }) => namespaces],
  ['nsatlas_agent_interfaces', 'Interfaces of a host.', ({ interfaces }) => interfaces],
  ...ROW_TABLES.map(
    ({ section, counted: { metric, title } }) =>
      [`nsatlas_agent_${metric}`, `${title} of a host.`, ({ rows }: HostEntry) => rows[section]] as const,
  ),
  ['nsatlas_agent_gaps', 'Things that an agent could not read.', ({ gaps }) => gaps],
];

const AGENT_HELP = Object.fromEntries(AGENT_FAMILIES.map(([name, help]) => [name, help]));

const FABRIC_FAMILIES = {
  nsatlas_fabric_overlay_members: 'VXLAN interfaces of an overlay, on all hosts.',
  nsatlas_fabric_overlay_endpoints: 'Endpoints of an overlay, on all hosts.',
  nsatlas_fabric_overlay_fdb_entries: 'Forwarding rows of an overlay’s VXLAN interfaces, on all hosts.',
  nsatlas_fabric_overlay_unknown_vteps:
    'Distinct VTEPs that forwarding rows of an overlay point at and that belong to no known host.',
};

const HELP = {
  nsatlas_agents: 'Followed agents by state.',
  nsatlas_collector_gaps: 'Agent sources that could not be queried, and agents that are not live.',
} as const;

/**
 * Metrics of the hosts that a collector follows, and of their overlays.
 * @param overlays of all hosts, in batches, so that other work can run in between; empty batches are just pauses
 */
export function createCollectorMetrics(
  registry: Registry,
  members: Members,
  overlays: () => Iterable<readonly Overlay[]> = () => fabricList('overlays', members, {}),
): MetricSource {
  const asked = new Asked(registry, HELP);
  asked.gauges('nsatlas_agents', ['state'], () => {
    const counts = new Map<AgentState, number>(STATES.map((state) => [state, 0]));
    for (const { state } of members.entries()) counts.set(state, (counts.get(state) ?? 0) + 1);
    return [...counts].map(([state, count]) => [{ state: state.toLowerCase() }, count] as const);
  });
  asked.gauges('nsatlas_collector_gaps', ['status', 'operation'], () => pairs(countGaps(members.gaps()), 'status', 'operation'));
  return {
    name: 'fabric',
    collect: async (scrape): Promise<Collected> => ({
      sheets: [agentsOf(members, scrape), await overlaysOf(overlays(), scrape)],
    }),
  };
}

function agentsOf(members: Members, { budget }: Scrape): Sheet {
  const sheet = new Sheet(AGENT_HELP);
  const seen = new Set<string>();
  for (const entry of members.entries()) {
    const labels = formatLabels({ host: entry.host, name: entry.hostName, agent: entry.agent });
    // A series is emitted once, whatever the list contains.
    if (seen.has(labels) || !budget.take('agents', sheet.width)) continue;
    seen.add(labels);
    sheet.add(
      labels,
      AGENT_FAMILIES.map(([, , value]) => value(entry)),
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
