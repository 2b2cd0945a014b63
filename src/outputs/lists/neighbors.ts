import { seconds } from '../columns.js';
import { deviceOf } from '../facts.js';
import { defineRows } from './contract.js';

export const list = defineRows({
  name: 'neighbors',
  help: 'ARP and ND tables',
  example: 'nsatlas neighbors --ip 10.0.1.7',
  hasCounters: true,
  columns: () => [
    { title: 'INTERFACE', cell: (row) => row.ifname ?? row.ifindex },
    { title: 'IP', cell: (row) => row.ip },
    { title: 'MAC', cell: (row) => row.mac },
    {
      title: 'STATE',
      cell: (row) => row.state,
      mood: (row) => (row.state === 'FAILED' || row.state === 'INCOMPLETE' ? 'bad' : undefined),
    },
    { title: 'FLAGS', cell: (row) => row.flags.join(',') },
    { title: 'USED', cell: (row) => seconds(row.usedSeconds), align: 'right' },
    { title: 'UPDATED', cell: (row) => seconds(row.updatedSeconds), align: 'right' },
  ],
  changes: {
    subject: (row, netns) => `neigh ${row.ip} dev ${deviceOf(row, netns)}`,
    facts: (row) => [
      { label: 'lladdr', value: row.mac },
      { label: '', value: row.state },
      { label: 'proto', value: row.protocol },
      { label: '', key: 'flags', value: row.flags },
    ],
    factsWhenGone: true,
  },
});
