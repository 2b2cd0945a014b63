import type { AgentState, HostEntry } from '../../model/types.js';
import { ROW_TABLES } from '../../tables/index.js';
import { shortDuration } from '../../text/duration.js';
import type { Column } from '../columns.js';
import type { ListView } from './contract.js';

const STATES: Readonly<Record<AgentState, 'good' | 'bad' | 'dim'>> = {
  LIVE: 'good',
  SYNCING: 'dim',
  STALE: 'bad',
  UNREACHABLE: 'bad',
  CONFLICT: 'bad',
};

export const list: ListView<'hosts'> = {
  name: 'hosts',
  group: 'Overlays and hosts:',
  help: 'hosts of a collector: which agents are live, and the age of their data',
  example: 'nsatlas hosts --collector 127.0.0.1:7127',
  columns: () => [
    { title: 'NAME', cell: (entry) => entry.hostName ?? entry.host },
    { title: 'STATE', cell: (entry) => entry.state, mood: (entry) => STATES[entry.state] },
    {
      title: 'AGE',
      cell: (entry) => (entry.ageMs === undefined ? undefined : shortDuration(entry.ageMs)),
      align: 'right',
      mood: (entry) => (entry.state === 'LIVE' ? undefined : 'bad'),
    },
    { title: 'AGENT', cell: (entry) => entry.agent },
    {
      title: 'MODE',
      cell: (entry) => entry.freshness?.mode,
      mood: (entry) => (entry.freshness?.mode === 'POLLING' ? 'bad' : undefined),
    },
    { title: 'NETNS', cell: (entry) => counted(entry, entry.namespaces), align: 'right' },
    { title: 'LINKS', cell: (entry) => counted(entry, entry.interfaces), align: 'right' },
    ...rowCounts(),
    {
      title: 'GAPS',
      cell: (entry) => counted(entry, entry.gaps),
      align: 'right',
      mood: (entry) => (entry.gaps === 0 ? undefined : 'bad'),
    },
    { title: 'LOST', cell: (entry) => entry.disconnects || undefined, align: 'right' },
    { title: 'KERNEL', cell: (entry) => entry.details?.kernel },
    { title: 'VERSION', cell: (entry) => entry.details?.agentVersion },
    { title: 'HOST', cell: (entry) => entry.host },
    { title: 'SOURCE', cell: (entry) => entry.source },
    { title: 'PROBLEM', cell: (entry) => entry.problem, mood: () => 'bad' },
  ],
};

/** A column for each table with a count. */
function rowCounts(): Column<HostEntry>[] {
  return ROW_TABLES.flatMap(({ section, counted: { heading } }): Column<HostEntry>[] =>
    heading === undefined ? [] : [{ title: heading, cell: (entry) => counted(entry, entry.rows[section]), align: 'right' }],
  );
}

/** The counts of a host that was never reached are unknown, not 0. */
function counted({ host }: HostEntry, count: number | undefined): number | undefined {
  return host === undefined ? undefined : count;
}
