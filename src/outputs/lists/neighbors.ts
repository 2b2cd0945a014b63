import { seconds } from '../columns.js';
import { deviceOf, listFact } from '../facts.js';
import { defineRows } from './contract.js';

/** linux/neighbour.h */
const NUD_NOARP = 0x40;

export const list = defineRows({
  name: 'neighbors',
  help: 'ARP and ND tables',
  example: 'nsatlas neighbors --ip 10.0.1.7',
  hasCounters: true,
  // Entries that need no resolution (multicast, mostly) are omitted, as `ip neigh` does, with a note.
  lines: (rows) => rows.filter((row) => row.rawState !== NUD_NOARP),
  note: (rows) => {
    const hidden = rows.filter((row) => row.rawState === NUD_NOARP).length;
    return hidden === 0 ? undefined : `${hidden} NOARP rows are not shown; -o json has them`;
  },
  columns: () => [
    { title: 'NAMESPACE', cell: (row) => row.netnsName ?? row.netnsId },
    { title: 'INTERFACE', cell: (row) => row.ifname ?? row.ifindex },
    { title: 'IP', cell: (row) => row.ip },
    { title: 'MAC', cell: (row) => row.mac },
    {
      title: 'STATE',
      cell: (row) => row.state,
      mood: (row) => (row.state === 'FAILED' || row.state === 'INCOMPLETE' ? 'bad' : undefined),
    },
    { title: 'FLAGS', cell: (row) => row.flags.join(',') || undefined },
    { title: 'USED', cell: (row) => seconds(row.usedSeconds), align: 'right' },
    { title: 'UPDATED', cell: (row) => seconds(row.updatedSeconds), align: 'right' },
    { title: 'NETNS', cell: (row) => row.netnsId },
  ],
  changes: {
    subject: (row, netns) => `neigh ${row.ip} dev ${deviceOf(row, netns)}`,
    facts: (row) => [{ label: 'lladdr', value: row.mac }, { label: '', value: row.state }, listFact('', row.flags, 'flags')],
    factsWhenGone: true,
  },
});
