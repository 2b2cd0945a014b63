// Rows of policy rules, next hops and netconf in the shape of `ip -j rule`, `ip -j nexthop` and `ip -j netconf`.
import type { Netconf, NexthopObject, Rule } from '../../src/model/types.js';

type Json = Record<string, unknown>;

/** Without what is undefined; a flag that iproute2 prints as null stays. */
function defined(object: Json): Json {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));
}

/** A word of iproute2 that stands for true by being there. */
const flag = (set: boolean): null | undefined => (set ? null : undefined);
const hex = (value: number | undefined): string | undefined => (value === undefined ? undefined : `0x${value.toString(16)}`);
const TABLES: Readonly<Record<number, string>> = { 253: 'default', 254: 'main', 255: 'local' };

/** print_rule(), ip/iprule.c, iproute2 6.1 */
export function ruleAsIp(row: Rule): Json {
  const [src, srclen] = prefix(row.src);
  const [dst, dstlen] = prefix(row.dst);
  const oneMark = row.fwmask === 0xffffffff;
  const fails = ['blackhole', 'unreachable', 'prohibit'].includes(row.action);
  return defined({
    priority: row.priority,
    not: flag(row.flags.includes('INVERT')),
    src: src ?? 'all',
    srclen,
    dst,
    dstlen,
    tos: row.tos === undefined ? undefined : `0x${row.tos.toString(16).padStart(2, '0')}`,
    fwmark: row.fwmark === undefined && row.fwmask !== undefined ? '0' : hex(row.fwmark),
    fwmask: oneMark ? undefined : hex(row.fwmask),
    iif: row.iif,
    iif_detached: flag(row.flags.includes('IIF_DETACHED')),
    oif: row.oif,
    oif_detached: flag(row.flags.includes('OIF_DETACHED')),
    l3mdev: flag(row.l3mdev),
    uid_start: row.uidStart,
    uid_end: row.uidEnd,
    ipproto: row.ipProtocol,
    ...range('sport', row.sportStart, row.sportEnd),
    ...range('dport', row.dportStart, row.dportEnd),
    tun_id: row.tunnelId === undefined ? undefined : Number(row.tunnelId),
    table: row.table === undefined ? undefined : (TABLES[row.table] ?? `${row.table}`),
    suppress_prefixlen: row.suppressPrefixLength,
    suppress_ifgroup: row.suppressInterfaceGroup?.toString(),
    flow_from: row.realmFrom?.toString(),
    flow_to: row.realmTo?.toString(),
    protocol: row.protocol === 'kernel' ? undefined : row.protocol,
    goto: row.gotoPriority,
    unresolved: flag(row.flags.includes('UNRESOLVED')),
    nop: flag(row.action === 'nop'),
    action: fails ? row.action : undefined,
  });
}

function prefix(text: string | undefined): [string | undefined, number | undefined] {
  const [address, length] = text?.split('/') ?? [];
  if (address === undefined) return [undefined, undefined];
  return [address, Number(length) === (address.includes(':') ? 128 : 32) ? undefined : Number(length)];
}

function range(name: string, start: number | undefined, end: number | undefined): Json {
  return start === end ? { [name]: start } : { [`${name}_start`]: start, [`${name}_end`]: end };
}

/** print_nexthop(), ip/ipnexthop.c, iproute2 6.1 */
export function nexthopAsIp(row: NexthopObject): Json {
  const resilient = {
    buckets: row.buckets,
    idle_timer: row.idleTimerSeconds,
    unbalanced_timer: row.unbalancedTimerSeconds,
  };
  return defined({
    id: row.id,
    group:
      row.group.length === 0
        ? undefined
        : row.group.map(({ id, weight }) => defined({ id, weight: weight === 1 ? undefined : weight })),
    type: row.groupType === 'mpath' ? undefined : row.groupType,
    resilient_args: row.buckets === undefined ? undefined : resilient,
    encap: row.encapsulation,
    gateway: row.gateway,
    dev: row.ifname,
    scope: row.scope,
    protocol: row.protocol,
    blackhole: flag(row.blackhole),
    flags: row.flags.map((word) => word.toLowerCase()),
    fdb: flag(row.fdb),
  });
}

/** The same of iproute2 without what changes by itself, and of an encapsulation its name only. */
export function ipNexthop(row: Json): Json {
  const args = row['resilient_args'] as Json | undefined;
  const { unbalanced_time: _time, ...lasting } = args ?? {};
  const { encap, mpls: _labels, dst: _dst, ...rest } = row;
  return defined({ ...rest, encap: encap ?? undefined, resilient_args: args === undefined ? undefined : lasting });
}

/** print_netconf(), ip/ipnetconf.c, iproute2 6.1 */
export function netconfAsIp(row: Netconf): Json {
  return defined({
    family: row.family,
    interface: row.ifname,
    forwarding: row.forwarding,
    // A number where it has no word.
    rp_filter: /^\d+$/.test(row.rpFilter ?? '') ? Number(row.rpFilter) : row.rpFilter,
    mc_forwarding: row.mcForwarding,
    proxy_neigh: row.proxyNeigh,
    ignore_routes_with_linkdown: row.ignoreRoutesWithLinkdown,
    input: row.input,
  });
}
