import { AttributeReader, type KernelText, LITTLE_ENDIAN } from '../../netlink/attributes.js';
import { DecodeError } from '../../netlink/error.js';
import { macText } from '../../netlink/text.js';
import * as uapi from '../../netlink/uapi.js';
import { shortHeader } from '../shared/header.js';
import { linkKind } from './link-facts.js';
import type { Ifindex } from '../../proto/identifiers.js';

/** What a scrape wants of one link: what it is called and how much went through it. A fraction of the work of decodeLink(). */
export interface LinkCounters {
  readonly ifindex: Ifindex;
  readonly name: KernelText;
  readonly kind: string | undefined;
  readonly mac: string | undefined;
  readonly masterIfindex: Ifindex | undefined;
  /** IFF_LOOPBACK. */
  readonly isLoopback: boolean;
  /** The first COUNTER_WORDS words of rtnl_link_stats64, in its order, as doubles: exact up to 2^53, as Prometheus has them. */
  readonly counters: readonly number[];
}

/** Words that are read: rx_packets, tx_packets, rx_bytes, tx_bytes, rx_errors, tx_errors, rx_dropped, tx_dropped. // linux/if_link.h, v6.12 */
export const COUNTER_WORDS = 8;

const IFF_LOOPBACK = 0x8;

/** Reads one RTM_NEWLINK payload in bytes [start, end). A link without IFLA_STATS64 is an error: zeros would be a lie. */
export function decodeLinkCounters(view: DataView, start: number, end: number): LinkCounters | DecodeError {
  const short = shortHeader('RTM_NEWLINK', start, end, uapi.SIZEOF_IFINFOMSG);
  if (short !== undefined) return short;
  let name: KernelText = { text: '' };
  let kind: string | undefined;
  let mac: string | undefined;
  let masterIfindex: Ifindex | undefined;
  let counters: number[] | undefined;
  const attributes = new AttributeReader(view, start + uapi.SIZEOF_IFINFOMSG, end, 'RTM_NEWLINK');
  while (attributes.next()) {
    switch (attributes.type) {
      case uapi.IFLA_IFNAME:
        name = attributes.text();
        break;
      case uapi.IFLA_ADDRESS:
        if (attributes.length === 6) mac = macText(view, attributes.offset, attributes.length);
        break;
      case uapi.IFLA_MASTER:
        masterIfindex = attributes.u32() as Ifindex;
        break;
      case uapi.IFLA_LINKINFO:
        kind = linkKind(attributes);
        break;
      case uapi.IFLA_STATS64:
        counters = words(attributes);
        break;
      default:
    }
  }
  if (name.text === '') attributes.fail(start, 'IFLA_IFNAME', 'none');
  if (counters === undefined) attributes.fail(start, 'IFLA_STATS64', 'none');
  if (attributes.error !== undefined || counters === undefined)
    return attributes.error ?? new DecodeError({ path: 'RTM_NEWLINK', offset: start, wanted: 'IFLA_STATS64', got: 'none' });
  const isLoopback = (view.getUint32(start + 8, LITTLE_ENDIAN) & IFF_LOOPBACK) !== 0;
  return { ifindex: view.getInt32(start + 4, LITTLE_ENDIAN) as Ifindex, name, kind, mac, masterIfindex, isLoopback, counters };
}

/** Without BigInt: eight of them for each of thousands of links would be most of the work. */
function words({ view, offset, length }: AttributeReader): number[] | undefined {
  if (length < COUNTER_WORDS * 8) return undefined;
  const [low, high] = LITTLE_ENDIAN ? [0, 4] : [4, 0];
  const counters: number[] = [];
  for (let at = offset; at < offset + COUNTER_WORDS * 8; at += 8)
    counters.push(view.getUint32(at + high, LITTLE_ENDIAN) * 2 ** 32 + view.getUint32(at + low, LITTLE_ENDIAN));
  return counters;
}
