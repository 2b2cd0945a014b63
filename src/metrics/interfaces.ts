import type { LinkCounters } from '../tables/links/link-counters.js';
import type { Netns, Network } from '../model/types.js';
import type { NetnsCounters, OpenLiveHost } from '../live/index.js';
import { Asked } from './families.js';
import { formatLabels } from './labels.js';
import type { Collected, MetricSource, Scrape } from './scrape.js';
import { Sheet } from './sheet.js';
import type { Registry } from 'prom-client';

/** The parts of a live host that are used. */
export type CountedHost = Pick<OpenLiveHost, 'host' | 'head' | 'networks' | 'counters'>;

/** In the order of LinkCounters.counters. */
const FAMILIES = {
  nsatlas_interface_receive_packets_total: 'Packets received, as counted by the kernel.',
  nsatlas_interface_transmit_packets_total: 'Packets sent, as counted by the kernel.',
  nsatlas_interface_receive_bytes_total: 'Bytes received, as counted by the kernel.',
  nsatlas_interface_transmit_bytes_total: 'Bytes sent, as counted by the kernel.',
  nsatlas_interface_receive_errors_total: 'Packets received with errors, as counted by the kernel.',
  nsatlas_interface_transmit_errors_total: 'Packets not sent because of errors, as counted by the kernel.',
  nsatlas_interface_receive_dropped_total: 'Received packets that were dropped, as counted by the kernel.',
  nsatlas_interface_transmit_dropped_total: 'Packets dropped before they were sent, as counted by the kernel.',
};

const UNREAD = {
  nsatlas_interface_counters_unread_namespaces: 'Network namespaces whose counters could not be read completely for this scrape.',
};

/** An interface that waits for the others to be counted against the limit. */
interface Row {
  readonly labels: string;
  readonly counters: readonly number[];
}

/**
 * The counters of every interface, read for each scrape. Priority under the limit on series: the host's namespace first, then by inode, and loopbacks
 * last; so the same ones are kept from scrape to scrape.
 */
export function createInterfaceMetrics(registry: Registry, live: CountedHost): MetricSource {
  let unread: number | undefined;
  new Asked(registry, UNREAD).gauge('nsatlas_interface_counters_unread_namespaces', () => unread);
  return {
    name: 'interfaces',
    collect: async (scrape): Promise<Collected> => {
      unread = undefined;
      const read = await live.counters(scrape.signal);
      unread = read.reduce((sum, { isWhole }) => sum + Number(!isWhole), 0);
      return { sheets: [await sheetOf(read, live, scrape)] };
    },
  };
}

async function sheetOf(read: readonly NetnsCounters[], live: CountedHost, { slices, budget }: Scrape): Promise<Sheet> {
  const sheet = new Sheet(FAMILIES);
  const host = live.host()?.id;
  const bridges = bridgesOf(live.networks());
  const loopbacks: Row[] = [];
  const add = (row: () => Row): void => {
    if (!budget.take('interfaces', sheet.width)) return;
    const { labels, counters } = row();
    sheet.add(labels, counters);
  };
  for (const { key, links } of read) {
    const head = live.head(key);
    // Removed in the meantime.
    if (head === undefined) continue;
    const names = new NetworkNames(head, links, bridges);
    for (const link of links.values()) {
      const row = (): Row => ({ labels: labelsOf(link, head, host, names), counters: link.counters });
      if (link.isLoopback) loopbacks.push(row());
      else add(row);
      if (slices.areDue) await slices.rest();
    }
  }
  for (const row of loopbacks) add(() => row);
  return sheet;
}

function labelsOf(link: LinkCounters, { id, owner }: Netns, host: string | undefined, names: NetworkNames): string {
  return formatLabels({
    host,
    netns: id,
    interface: link.name.text,
    // Two names can become the same label; numbers cannot.
    ifindex: `${link.ifindex}`,
    kind: link.kind,
    network: names.of(link),
    service: owner?.serviceName,
    container: owner?.containerName,
  });
}

/** Bridges in the host's namespace, mapped to the networks that an engine created them for. */
function bridgesOf(networks: readonly Network[]): ReadonlyMap<string, string> {
  return new Map(networks.flatMap(({ bridge, name }) => (bridge === undefined ? [] : [[bridge, name] as const])));
}

/** The network of an interface, if known: nothing is guessed. */
class NetworkNames {
  readonly #netns: string | undefined;
  readonly #byMac = new Map<string, string>();
  readonly #byBridge = new Map<number, string>();

  constructor(head: Netns, links: ReadonlyMap<number, LinkCounters>, bridges: ReadonlyMap<string, string>) {
    this.#netns = head.networkName ?? head.networkId;
    for (const { mac, name } of head.owner?.networks ?? []) if (mac !== undefined) this.#byMac.set(mac, name);
    if (head.role !== 'HOST') return;
    for (const { ifindex, name } of links.values()) {
      const network = bridges.get(name.text);
      if (network !== undefined) this.#byBridge.set(ifindex, network);
    }
  }

  /** The namespace's own network; else by the MAC that the engine assigned to an endpoint; else, on the host, by the bridge. */
  of({ mac, ifindex, masterIfindex }: LinkCounters): string | undefined {
    const endpoint = mac === undefined ? undefined : this.#byMac.get(mac);
    return this.#netns ?? endpoint ?? this.#byBridge.get(ifindex) ?? this.#byBridge.get(masterIfindex ?? 0);
  }
}
