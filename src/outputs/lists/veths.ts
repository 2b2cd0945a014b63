import type { VethEnd } from '../../model/types.js';
import { someOf, UP_STATES } from '../columns.js';
import type { ListView } from './contract.js';

export const list: ListView<'veths'> = {
  name: 'veths',
  group: 'Namespaces:',
  help: 'veth pairs across namespaces',
  example: 'nsatlas veths --container web',
  columns: () => [
    { title: 'NAMESPACE', cell: ({ a }) => a.netnsName ?? a.netnsId },
    { title: 'INTERFACE', cell: ({ a }) => a.name },
    { title: 'ADDRESSES', cell: ({ a }) => someOf(a.addresses.filter((address) => !address.startsWith('fe80:'))) },
    { title: 'STATE', cell: ({ a }) => a.operState, mood: ({ a }) => UP_STATES[a.operState] },
    { title: 'MASTER', cell: ({ a }) => a.masterName },
    { title: '', cell: ({ status: pairing }) => (pairing === 'PAIRED' ? '<->' : '-?-') },
    { title: 'PEER', cell: ({ b }) => b?.name },
    { title: 'STATE', cell: ({ b }) => b?.operState, mood: ({ b }) => UP_STATES[b?.operState ?? ''] },
    { title: 'MASTER', cell: ({ b }) => b?.masterName },
    { title: 'NAMESPACE', cell: ({ b }) => b?.netnsName },
    { title: 'STATUS', cell: (pair) => pair.status, mood: (pair) => (pair.status === 'PAIRED' ? 'good' : 'bad') },
    { title: 'ENDS', cell: ({ a, b }) => [a, b].flatMap((end) => (end === undefined ? [] : [endKey(end)])).join(' ') },
  ],
};

function endKey(end: VethEnd): string {
  return `${end.netnsId}/${end.ifindex}`;
}
