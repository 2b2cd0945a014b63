import { basename } from './ids.js';
import { fitsAny, type RowBase, type RowSelector, selectsIp, selectsMac } from '../tables/contract.js';
import { type AnyRowTable, eachSection, type Row, tableOf } from '../tables/index.js';
import type { Interface, Netns, Owner, Role } from './types.js';
import type { Rows } from './views.js';

/**
 * Narrows a list. Each field that is set must match; within a field any value may match
 * (proto/nsatlas/v1/lists.proto, message Selector). An empty list is as good as none.
 */
export interface Selector extends RowSelector {
  netns?: readonly string[];
  roles?: readonly Role[];
  networks?: readonly string[];
  containers?: readonly string[];
  services?: readonly string[];
  kinds?: readonly string[];
  interfaces?: readonly string[];
  vnis?: readonly number[];
  hosts?: readonly string[];
}

/** Whether a host matches the hosts of the selector: by its id, a prefix of its id (4 characters or more), or its name. */
export function selectsHost({ id, name }: { readonly id: string; readonly name: string }, { hosts }: Selector): boolean {
  return fitsAny(hosts, (wanted) => name === wanted || id === wanted || isId(id, wanted));
}

/** The selector without hosts, for a host that matches. */
export function withoutHosts({ hosts: _fits, ...selector }: Selector): Selector {
  return selector;
}

/** Every container in a namespace: the one that it was made for first. */
export function ownersOf({ owner, joined }: Netns): readonly Owner[] {
  return owner === undefined ? joined : [owner, ...joined];
}

/** Whether a namespace matches the parts of the selector that concern namespaces and their owners. */
export function selectsNetns(netns: Netns, selector: Selector): boolean {
  const owners = ownersOf(netns);
  return (
    fitsAny(selector.netns, (wanted) => isNetns(netns, wanted)) &&
    fitsAny(selector.roles, (wanted) => netns.role === wanted) &&
    fitsAny(selector.networks, (wanted) => isOnNetwork(netns, wanted)) &&
    fitsAny(selector.containers, (wanted) => owners.some((owner) => isContainer(owner, wanted))) &&
    fitsAny(selector.services, (wanted) => owners.some((owner) => owner.serviceName === wanted || owner.serviceId === wanted))
  );
}

/** A network, possibly with only a prefix of its id. */
export interface NetworkRef {
  readonly networkId?: string;
  readonly networkName?: string;
}

/** Whether a network itself matches, whatever is attached. */
export function selectsNetwork(network: NetworkRef, selector: Selector): boolean {
  return fitsAny(selector.networks, (wanted) => isNetwork(network, wanted));
}

/** Whether a VNI matches. */
export function selectsVni(vni: number, selector: Selector): boolean {
  return fitsAny(selector.vnis, (wanted) => wanted === vni);
}

/** Fields of an interface needed to select it by kind, name and VNI. */
export interface NamedLink {
  readonly name: string;
  readonly altnames: readonly string[];
  readonly kind?: string | undefined;
  readonly vxlan?: { readonly vni?: number } | undefined;
}

/** Whether an interface matches by kind, name and VNI. */
export function selectsLink(link: NamedLink, selector: Selector): boolean {
  return (
    fitsAny(selector.kinds, (wanted) => link.kind === wanted) &&
    fitsAny(selector.interfaces, (wanted) => link.name === wanted || link.altnames.includes(wanted)) &&
    fitsAny(selector.vnis, (wanted) => link.vxlan?.vni === wanted)
  );
}

/** Whether an interface matches, including its addresses. */
export function selectsInterface(link: Interface, selector: Selector): boolean {
  return (
    selectsLink(link, selector) &&
    selectsMac(link.mac, selector) &&
    selectsIp(
      link.addressDetails.map((address) => address.address),
      selector,
    )
  );
}

/** Whether rows of the interface with an ifindex are wanted. */
export type LinkTest = (ifindex: number | undefined) => boolean;

/** Whether a row of a table matches. @param wanted by its interface */
export function selectsRow(table: AnyRowTable, row: Row & RowBase, selector: Selector, wanted: LinkTest): boolean {
  return (wanted(row.ifindex) || isOfNamed(table, row, selector)) && table.selects(row, selector);
}

function isOfNamed(table: AnyRowTable, row: Row & RowBase, selector: Selector): boolean {
  const names = table.interfaceNames?.(row) ?? [];
  return names.some((name) => name !== undefined && selectsLink({ name, altnames: [] }, selector));
}

/** The matching rows of all tables. @param wanted by their interface */
export function selectRows(rows: Rows, selector: Selector, wanted: LinkTest): Rows {
  return {
    interfaces: rows.interfaces.filter((link) => selectsInterface(link, selector)),
    ...eachSection((section) =>
      (rows[section] as (Row & RowBase)[]).filter((row) => selectsRow(tableOf(section), row, selector, wanted)),
    ),
  } as Rows;
}

/** Whether a selector selects anything at all. */
export function isEmptySelector(selector: Selector): boolean {
  const fields: readonly (readonly unknown[] | undefined)[] = Object.values(selector);
  return fields.every((values) => values === undefined || values.length === 0);
}

/** Whether a selector selects interfaces by kind, name or VNI: then only their rows are wanted. */
export function speaksOfLinks({ kinds, interfaces, vnis }: Selector): boolean {
  return [kinds, interfaces, vnis].some((values) => values !== undefined && values.length > 0);
}

/** Whether a selector selects more than namespaces: interfaces or rows. */
export function speaksOfRows(selector: Selector): boolean {
  return speaksOfLinks(selector) || [selector.macs, selector.ips].some((values) => values !== undefined && values.length > 0);
}

function isNetns(netns: Netns, wanted: string): boolean {
  return (
    netns.id === wanted ||
    netns.id === `net:[${wanted}]` ||
    netns.paths.some((path) => path === wanted || basename(path) === wanted)
  );
}

/** Shortest prefix that is accepted as an id; anything shorter has to be a name. */
const MIN_ID_PREFIX = 4;

function isId(id: string | undefined, wanted: string): boolean {
  return id !== undefined && wanted.length >= MIN_ID_PREFIX && id.startsWith(wanted);
}

function isOnNetwork(netns: Netns, wanted: string): boolean {
  return (
    isNetwork(netns, wanted) ||
    (netns.owner?.networks.some((network) => network.name === wanted || isId(network.id, wanted)) ?? false)
  );
}

function isNetwork({ networkId, networkName }: NetworkRef, wanted: string): boolean {
  // Without an engine only a prefix of the network's id is known, so the wanted full id may be the longer one.
  return networkName === wanted || isId(networkId, wanted) || isId(wanted, networkId ?? '');
}

function isContainer(owner: Owner, wanted: string): boolean {
  return owner.containerName === wanted || isId(owner.containerId, wanted);
}
