// Written by scripts/registry.mjs. Do not edit: add a file to src/kinds and run it.
import type { LinkKind } from './contract.js';
import { kind as kind_bond } from './bond.js';
import { kind as kind_bridge } from './bridge.js';
import { kind as kind_dummy } from './dummy.js';
import { kind as kind_erspan } from './erspan.js';
import { kind as kind_geneve } from './geneve.js';
import { kind as kind_gre } from './gre.js';
import { kind as kind_gretap } from './gretap.js';
import { kind as kind_ifb } from './ifb.js';
import { kind as kind_ip6erspan } from './ip6erspan.js';
import { kind as kind_ip6gre } from './ip6gre.js';
import { kind as kind_ip6gretap } from './ip6gretap.js';
import { kind as kind_ip6tnl } from './ip6tnl.js';
import { kind as kind_ipip } from './ipip.js';
import { kind as kind_ipoib } from './ipoib.js';
import { kind as kind_ipvlan } from './ipvlan.js';
import { kind as kind_ipvtap } from './ipvtap.js';
import { kind as kind_macvlan } from './macvlan.js';
import { kind as kind_macvtap } from './macvtap.js';
import { kind as kind_netkit } from './netkit.js';
import { kind as kind_nlmon } from './nlmon.js';
import { kind as kind_sit } from './sit.js';
import { kind as kind_team } from './team.js';
import { kind as kind_tun } from './tun.js';
import { kind as kind_veth } from './veth.js';
import { kind as kind_vlan } from './vlan.js';
import { kind as kind_vrf } from './vrf.js';
import { kind as kind_vti } from './vti.js';
import { kind as kind_vti6 } from './vti6.js';
import { kind as kind_vxcan } from './vxcan.js';
import { kind as kind_vxlan } from './vxlan.js';
import { kind as kind_wireguard } from './wireguard.js';
import { kind as kind_xfrm } from './xfrm.js';

/** Every kind this release knows, by IFLA_INFO_KIND. */
export const KINDS: ReadonlyMap<string, LinkKind> = new Map([
  ['bond', kind_bond],
  ['bridge', kind_bridge],
  ['dummy', kind_dummy],
  ['erspan', kind_erspan],
  ['geneve', kind_geneve],
  ['gre', kind_gre],
  ['gretap', kind_gretap],
  ['ifb', kind_ifb],
  ['ip6erspan', kind_ip6erspan],
  ['ip6gre', kind_ip6gre],
  ['ip6gretap', kind_ip6gretap],
  ['ip6tnl', kind_ip6tnl],
  ['ipip', kind_ipip],
  ['ipoib', kind_ipoib],
  ['ipvlan', kind_ipvlan],
  ['ipvtap', kind_ipvtap],
  ['macvlan', kind_macvlan],
  ['macvtap', kind_macvtap],
  ['netkit', kind_netkit],
  ['nlmon', kind_nlmon],
  ['sit', kind_sit],
  ['team', kind_team],
  ['tun', kind_tun],
  ['veth', kind_veth],
  ['vlan', kind_vlan],
  ['vrf', kind_vrf],
  ['vti', kind_vti],
  ['vti6', kind_vti6],
  ['vxcan', kind_vxcan],
  ['vxlan', kind_vxlan],
  ['wireguard', kind_wireguard],
  ['xfrm', kind_xfrm],
]);
