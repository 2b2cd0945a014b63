// Written by scripts/registry.mjs. Do not edit: add a file to src/outputs/lists and run it.
import { list as list_endpoints } from './endpoints.js';
import { list as list_fdb } from './fdb.js';
import { list as list_hosts } from './hosts.js';
import { list as list_interfaces } from './interfaces.js';
import { list as list_neighbors } from './neighbors.js';
import { list as list_netconf } from './netconf.js';
import { list as list_netns } from './netns.js';
import { list as list_nexthops } from './nexthops.js';
import { list as list_overlays } from './overlays.js';
import { list as list_routes } from './routes.js';
import { list as list_rules } from './rules.js';
import { list as list_veths } from './veths.js';
import { list as list_vxlans } from './vxlans.js';

/** Every list of the command line. */
export const LISTS = [list_endpoints, list_fdb, list_hosts, list_interfaces, list_neighbors, list_netconf, list_netns, list_nexthops, list_overlays, list_routes, list_rules, list_veths, list_vxlans] as const;
