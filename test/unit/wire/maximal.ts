import { capitalized, type Section, SECTIONS } from '../../../src/tables/index.js';
import type { Messages } from '../../../src/wire/messages.js';
import {
  collectorStatus,
  collectorWatchRequest,
  endpointsListing,
  fabricEvent,
  hostsListing,
  overlaysListing,
} from './maximal-fabric.js';
import {
  link,
  ROWS,
  netns,
  snapshot,
  vxlanRow,
  vethPair,
  agentStatus,
  selector,
  listingOf,
  watchRequest,
  watchEvent,
} from './maximal-model.js';

/** Requests and responses of the lists of rows. */
const lists = Object.fromEntries(
  SECTIONS.flatMap((section) => [
    [`nsatlas.v1.List${capitalized(section)}Request`, { selector, counters: true }],
    [`nsatlas.v1.List${capitalized(section)}Response`, listingOf(ROWS[section])],
  ]),
) as unknown as Pick<Messages, `nsatlas.v1.List${Capitalize<Section>}${'Request' | 'Response'}`>;

/** A maximal message of every type that is a request or a response of the agent or the collector. */
export const MAXIMAL = {
  'nsatlas.v1.HostSnapshot': snapshot,
  'nsatlas.v1.GetStatusRequest': {},
  'nsatlas.v1.GetStatusResponse': agentStatus,
  'nsatlas.v1.GetSnapshotRequest': { selector, tables: ['LINKS', 'NSIDS'], counters: true },
  'nsatlas.v1.ListNetnsRequest': { selector },
  'nsatlas.v1.ListNetnsResponse': listingOf(netns),
  'nsatlas.v1.ListInterfacesRequest': { selector, counters: true },
  'nsatlas.v1.ListInterfacesResponse': listingOf(link),
  'nsatlas.v1.ListVxlansRequest': { selector },
  'nsatlas.v1.ListVxlansResponse': listingOf(vxlanRow),
  'nsatlas.v1.ListVethPairsRequest': { selector },
  'nsatlas.v1.ListVethPairsResponse': listingOf(vethPair),
  ...lists,
  'nsatlas.v1.WatchRequest': watchRequest,
  'nsatlas.v1.WatchResponse': watchEvent,
  'nsatlas.v1.CollectorGetStatusRequest': {},
  'nsatlas.v1.CollectorGetStatusResponse': collectorStatus,
  'nsatlas.v1.ListHostsRequest': { selector },
  'nsatlas.v1.ListHostsResponse': hostsListing,
  'nsatlas.v1.ListOverlaysRequest': { selector },
  'nsatlas.v1.ListOverlaysResponse': overlaysListing,
  'nsatlas.v1.ListEndpointsRequest': { selector },
  'nsatlas.v1.ListEndpointsResponse': endpointsListing,
  'nsatlas.v1.CollectorWatchRequest': collectorWatchRequest,
  'nsatlas.v1.CollectorWatchResponse': fabricEvent,
  'grpc.health.v1.HealthCheckRequest': { service: 'nsatlas.v1.Agent' },
  'grpc.health.v1.HealthCheckResponse': { status: 'SERVING' },
  'grpc.health.v1.HealthListRequest': {},
  'grpc.health.v1.HealthListResponse': { statuses: { '': { status: 'SERVING' } } },
} as const;
