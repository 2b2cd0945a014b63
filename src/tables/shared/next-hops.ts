import { AttributeReader, LITTLE_ENDIAN } from '../../netlink/attributes.js';
import { ipText } from '../../netlink/text.js';
import * as uapi from '../../netlink/uapi.js';
import type { NextHop } from '../../proto/gen/types.js';
import type { Ifindex } from '../../proto/identifiers.js';
import { addressLength, addressText } from './address.js';
import { bitNames, encapsulationName, hex, METRICS, ROUTE_FLAG_NAMES } from './names.js';
import type { RouteRecord } from './records.js';

/**
 * RTA_MULTIPATH: no attributes but a row of struct rtnexthop {len u16, flags u8, hops u8, ifindex s32}, each with attributes
 * of its own inside len. // fib_add_nexthop(), net/ipv4/fib_semantics.c
 */
export function readNextHops(route: RouteRecord, attribute: AttributeReader, family: number): void {
  const { view } = attribute;
  const end = attribute.offset + attribute.length;
  for (let at = attribute.offset; at < end; ) {
    const left = end - at;
    const length = left < uapi.SIZEOF_RTNEXTHOP ? 0 : view.getUint16(at, LITTLE_ENDIAN);
    if (length < uapi.SIZEOF_RTNEXTHOP || length > left) {
      attribute.fail(at, `an rtnexthop of ${uapi.SIZEOF_RTNEXTHOP} to ${left} bytes`, `${length}`);
      return;
    }
    const hop: NextHop = {
      ifindex: view.getInt32(at + 4, LITTLE_ENDIAN) as Ifindex,
      // rtnh_hops is the weight less one.
      weight: view.getUint8(at + 3) + 1,
      flags: bitNames(ROUTE_FLAG_NAMES, view.getUint8(at + 2)),
    };
    const inner = new AttributeReader(view, at + uapi.SIZEOF_RTNEXTHOP, at + length, 'RTA_MULTIPATH', attribute);
    while (inner.next()) readNextHop(hop, inner, family);
    if (inner.error !== undefined) return;
    route.nextHops.push(hop);
    at += (length + 3) & ~3;
  }
}

function readNextHop(hop: NextHop, attribute: AttributeReader, family: number): void {
  switch (attribute.type) {
    case uapi.RTA_GATEWAY:
      hop.gateway = addressText(attribute, family);
      return;
    case uapi.RTA_VIA:
      hop.gateway = readVia(attribute);
      return;
    case uapi.RTA_ENCAP_TYPE:
      hop.encapsulation = encapsulationName(attribute.u16());
      return;
    default:
  }
}

/** RTA_VIA, a gateway of another family than the route: struct rtvia {family u16, address}. // linux/rtnetlink.h, v6.12 */
export function readVia(attribute: AttributeReader): string {
  const { view, offset, length } = attribute;
  const wanted = length < 2 ? undefined : (addressLength(view.getUint16(offset, LITTLE_ENDIAN)) ?? length - 2);
  if (length - 2 === wanted) return ipText(view, offset + 2, wanted);
  attribute.fail(offset, 'an rtvia of a family and its address', `${length} bytes`);
  return '';
}

/** RTA_METRICS: numbers as the kernel has them (rtt in 1/8 ms, rttvar in 1/4 ms), and the name of a congestion control. */
export function readMetrics(route: RouteRecord, attribute: AttributeReader): void {
  const metrics = attribute.nested('RTA_METRICS');
  while (metrics.next()) {
    if (metrics.type === uapi.RTAX_CC_ALGO) route.congestionControl = metrics.text().text;
    else route.metrics[METRICS[metrics.type] ?? hex(metrics.type)] = metrics.u32();
  }
}
