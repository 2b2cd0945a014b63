import type { AttributeReader } from '../../netlink/attributes.js';
import { LITTLE_ENDIAN } from '../../netlink/attributes.js';
import type { Counters } from '../../proto/gen/types.js';

/** rtnl_link_stats64 up to rx_nohandler, as Linux 4.6 to 5.18 have it: 24 words of 64 bits. */
const OLD_LENGTH = 24 * 8;
/** rx_otherhost_dropped came in Linux 5.19. */
const OTHERHOST_DROPPED = OLD_LENGTH;

/** IFLA_STATS64: struct rtnl_link_stats64. Newer kernels may append to it. // linux/if_link.h, v6.12 */
export function decodeCounters(attribute: AttributeReader): Counters | undefined {
  const { view, offset, length } = attribute;
  if (length < OLD_LENGTH) {
    attribute.fail(offset, `at least ${OLD_LENGTH} bytes of rtnl_link_stats64`, `${length} bytes`);
    return undefined;
  }
  const at = (index: number): bigint => view.getBigUint64(offset + index * 8, LITTLE_ENDIAN);
  const counters: Counters = {
    rxPackets: at(0),
    txPackets: at(1),
    rxBytes: at(2),
    txBytes: at(3),
    rxErrors: at(4),
    txErrors: at(5),
    rxDropped: at(6),
    txDropped: at(7),
    multicast: at(8),
    collisions: at(9),
    rxLengthErrors: at(10),
    rxOverErrors: at(11),
    rxCrcErrors: at(12),
    rxFrameErrors: at(13),
    rxFifoErrors: at(14),
    rxMissedErrors: at(15),
    txAbortedErrors: at(16),
    txCarrierErrors: at(17),
    txFifoErrors: at(18),
    txHeartbeatErrors: at(19),
    txWindowErrors: at(20),
    rxCompressed: at(21),
    txCompressed: at(22),
    rxNohandler: at(23),
  };
  if (length >= OTHERHOST_DROPPED + 8) counters.rxOtherhostDropped = at(24);
  return counters;
}
