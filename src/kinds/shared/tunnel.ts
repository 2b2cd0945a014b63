import { bitNames, toHex, words } from '../codecs.js';
import type { DetailValue } from '../contract.js';
import { ipv4Text } from '../../netlink/text.js';

// What the GRE and IP-in-IP families have in common. Attribute ids are in gre.ts and iptunnel.ts.

// linux/if_tunnel.h, v6.12
const TUNNEL_ENCAP_NONE = 0;
const TUNNEL_ENCAP_FLAG_CSUM = 1;
const TUNNEL_ENCAP_FLAG_CSUM6 = 2;
const TUNNEL_ENCAP_FLAG_REMCSUM = 4;

/** Set by the kernel for itself: IP6_TNL_F_CAP_XMIT, _CAP_RCV and _CAP_PER_PACKET of include/net/ip6_tunnel.h, which is not uapi. */
const INTERNAL_FLAGS = 0x70000;

/** Bits 20 to 27 and 0 to 19 of the first word of an IPv6 header (RFC 8200, 3). */
const TCLASS_MASK = 0x0ff00000;
const FLOWLABEL_MASK = 0x000fffff;

const ENCAP_TYPES = words({ TUNNEL_ENCAP_FOU: [1, 'fou'], TUNNEL_ENCAP_GUE: [2, 'gue'], TUNNEL_ENCAP_MPLS: [3, 'mpls'] });

/**
 * UDP encapsulation: the four attributes (`encap_type`, `encap_flags`, `encap_sport`, `encap_dport`) become
 * `encap` "type=fou,sport=0,dport=5555,csum=false,csum6=true,remcsum=false", or nothing when there is none.
 */
export function finishEncap(detail: Record<string, DetailValue>): void {
  const { encap_type: type, encap_flags: flags, encap_sport: sport, encap_dport: dport } = detail;
  for (const name of ['encap_type', 'encap_flags', 'encap_sport', 'encap_dport']) delete detail[name];
  if (typeof type !== 'number' || type === TUNNEL_ENCAP_NONE) return;
  const set = Number(flags ?? 0);
  const parts = [`type=${ENCAP_TYPES[type] ?? toHex(type)}`, `sport=${Number(sport ?? 0)}`, `dport=${Number(dport ?? 0)}`];
  parts.push(`csum=${(set & TUNNEL_ENCAP_FLAG_CSUM) !== 0}`, `csum6=${(set & TUNNEL_ENCAP_FLAG_CSUM6) !== 0}`);
  parts.push(`remcsum=${(set & TUNNEL_ENCAP_FLAG_REMCSUM) !== 0}`);
  const unknown = bitNames(set & ~(TUNNEL_ENCAP_FLAG_CSUM | TUNNEL_ENCAP_FLAG_CSUM6 | TUNNEL_ENCAP_FLAG_REMCSUM), []);
  if (unknown !== '') parts.push(`flags=${unknown}`);
  detail.encap = parts.join(',');
}

/** Flags that stand in the place of a value: ip prints one or the other. // linux/ip6_tunnel.h, v6.12 */
const INSTEAD: readonly (readonly [mask: number, name: string, instead: string])[] = Object.values({
  IP6_TNL_F_IGN_ENCAP_LIMIT: [0x1, 'ip6_tnl_f_ign_encap_limit', 'encap_limit'],
  IP6_TNL_F_USE_ORIG_TCLASS: [0x2, 'ip6_tnl_f_use_orig_tclass', 'tclass'],
  IP6_TNL_F_USE_ORIG_FLOWLABEL: [0x4, 'ip6_tnl_f_use_orig_flowlabel', 'flowlabel'],
  IP6_TNL_F_USE_ORIG_FWMARK: [0x20, 'ip6_tnl_f_use_orig_fwmark', 'fwmark'],
  IP6_TNL_F_RCV_DSCP_COPY: [0x10, 'ip6_tnl_f_rcv_dscp_copy', ''],
  IP6_TNL_F_MIP6_DEV: [0x8, 'ip6_tnl_f_mip6_dev', ''],
  IP6_TNL_F_ALLOW_LOCAL_REMOTE: [0x40, 'ip6_tnl_f_allow_local_remote', ''],
});

/** IPv6 tunnels: `flowinfo` becomes `tclass` and `flowlabel`, and each bit of `flags` a detail that is true. */
export function finishIp6(detail: Record<string, DetailValue>): void {
  const { flowinfo, flags } = detail;
  delete detail.flowinfo;
  delete detail.flags;
  if (typeof flowinfo === 'number') {
    detail.tclass = `0x${((flowinfo & TCLASS_MASK) >>> 20).toString(16).padStart(2, '0')}`;
    detail.flowlabel = `0x${(flowinfo & FLOWLABEL_MASK).toString(16).padStart(5, '0')}`;
  }
  if (typeof flags !== 'number') return;
  let left = flags & ~INTERNAL_FLAGS;
  for (const [mask, name, instead] of INSTEAD) {
    if ((flags & mask) === 0) continue;
    left &= ~mask;
    detail[name] = true;
    delete detail[instead];
  }
  const unknown = bitNames(left, []);
  if (unknown !== '') detail.flags = unknown;
}

/** A key as ip prints it, a dotted quad: 5 is "0.0.0.5". Absent when there is none. */
export function dottedKey(value: DetailValue | undefined): string | undefined {
  if (typeof value !== 'number') return undefined;
  const view = new DataView(new ArrayBuffer(4));
  view.setUint32(0, value, false);
  return ipv4Text(view, 0);
}
