// Written by scripts/registry.mjs. Do not edit: add a file to src/tables and run it.
import { table as table_fdb } from './fdb.js';
import { table as table_neighbors } from './neighbors.js';
import { table as table_netconf } from './netconf.js';
import { table as table_nexthops } from './nexthops.js';
import { table as table_routes } from './routes.js';
import { table as table_rules } from './rules.js';

/** Every table whose rows have a section of their own. */
export const ROW_TABLES = [table_fdb, table_neighbors, table_netconf, table_nexthops, table_routes, table_rules] as const;
