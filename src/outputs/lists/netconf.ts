import type { Netconf } from '../../model/types.js';
import type { Column } from '../columns.js';
import { deviceOf, type Fact } from '../facts.js';
import { defineRows } from './contract.js';

export const list = defineRows({
  name: 'netconf',
  help: 'forwarding, reverse path filter, proxy ARP and similar settings, by interface',
  example: 'nsatlas netconf --interface docker_gwbridge',
  without: ['mac', 'ip'],
  columns: (): Column<Netconf>[] => [
    { title: 'INTERFACE', cell: (row) => row.ifname ?? row.ifindex },
    { title: 'FAMILY', cell: (row) => row.family },
    { title: 'FORWARDING', cell: (row) => onOff(row.forwarding) },
    { title: 'RP_FILTER', cell: (row) => row.rpFilter },
    { title: 'PROXY', cell: (row) => onOff(row.proxyNeigh) },
    { title: 'MC_FORWARDING', cell: (row) => onOff(row.mcForwarding) },
    { title: 'BC_FORWARDING', cell: (row) => onOff(row.bcForwarding) },
    { title: 'IGNORE_LINKDOWN', cell: (row) => onOff(row.ignoreRoutesWithLinkdown) },
    { title: 'INPUT', cell: (row) => onOff(row.input) },
  ],
  changes: { subject: (row, netns) => `netconf ${row.family} dev ${deviceOf(row, netns)}`, facts },
});

function facts(row: Netconf): Fact[] {
  return [
    { label: 'forwarding', value: onOff(row.forwarding) },
    { label: 'rp_filter', value: row.rpFilter },
    { label: 'mc_forwarding', value: onOff(row.mcForwarding) },
    { label: 'bc_forwarding', value: onOff(row.bcForwarding) },
    { label: 'proxy_neigh', value: onOff(row.proxyNeigh) },
    { label: 'ignore_routes_with_linkdown', value: onOff(row.ignoreRoutesWithLinkdown) },
    { label: 'input', value: onOff(row.input) },
  ];
}

function onOff(value: boolean | undefined): string | undefined {
  return value === undefined ? undefined : value ? 'on' : 'off';
}
