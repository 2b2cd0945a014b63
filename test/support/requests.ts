// The requests of all tables, by name.
export * from '../../src/netlink/requests.js';
export { dumpAddresses } from '../../src/tables/addresses.js';
export { dumpFdb } from '../../src/tables/fdb.js';
export { dumpLinks, getLink } from '../../src/tables/links/index.js';
export { dumpNeighbors, dumpProxyNeighbors } from '../../src/tables/neighbors.js';
export { dumpRoutes } from '../../src/tables/routes.js';
