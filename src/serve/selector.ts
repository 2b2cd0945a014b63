import type { Selector } from '../model/select.js';
import { canonicalIp } from './ip.js';
import type { Cursor, Role, Table } from '../model/types.js';
import { ENUMS } from '../wire/gen/schema.js';
import type { SelectorMessage, WatchRequestMessage } from '../wire/messages.js';
import { CallError } from '../rpc/error.js';

/** Most values of one field: a selector is compared with every row. */
const MAX_VALUES = 1000;

/** Longest value of one field, in characters; no path, name or id is longer. linux/limits.h PATH_MAX, v6.12 */
const MAX_LENGTH = 4096;

/** VNIs have 24 bits (RFC 7348, section 5). */
const MAX_VNI = 0xffffff;

/**
 * A request's selector, checked and in the spelling that the model compares.
 * @throws CallError ERR_NSATLAS_REQUEST naming the field and the value
 */
export function checkSelector(selector: SelectorMessage | undefined): Selector {
  if (selector === undefined) return {};
  return {
    netns: values(selector, 'netns', checkNetns),
    roles: values(selector, 'roles', (role) => known<Role>(role, 'nsatlas.v1.Role')),
    networks: values(selector, 'networks', checkText),
    containers: values(selector, 'containers', checkText),
    services: values(selector, 'services', checkText),
    kinds: values(selector, 'kinds', checkText),
    interfaces: values(selector, 'interfaces', checkText),
    vnis: values(selector, 'vnis', (vni) => (vni <= MAX_VNI ? vni : refuse(`is not a VNI; VNIs are 0 to ${MAX_VNI}`))),
    macs: values(selector, 'macs', checkMac),
    ips: values(selector, 'ips', checkIp),
    hosts: values(selector, 'hosts', checkText),
  };
}

/**
 * The tables of a request; all of them when none is named.
 * @throws CallError ERR_NSATLAS_REQUEST naming the value
 */
export function checkTables(tables: readonly Table[], all: readonly Table[]): readonly Table[] {
  const asked = tables.map((table, at) => eachAt('tables', at, table, () => known<Table>(table, 'nsatlas.v1.Table')));
  return asked.length === 0 ? all : all.filter((table) => asked.includes(table));
}

/**
 * A request to watch, but for its tables.
 * @throws CallError ERR_NSATLAS_REQUEST for a selector that speaks of interfaces or rows, naming the field
 */
export function checkWatch({ selector, after }: Pick<WatchRequestMessage, 'selector' | 'after'>): {
  selector: Selector;
  after: Cursor | undefined;
} {
  const checked = checkSelector(selector);
  for (const field of ['kinds', 'interfaces', 'vnis', 'macs', 'ips'] as const) {
    if ((checked[field]?.length ?? 0) > 0)
      throw invalid(`selector.${field}: a watch is narrowed by namespaces only (netns, roles, networks, containers, services)`);
  }
  return { selector: checked, after };
}

function values<Field extends keyof SelectorMessage, Value extends SelectorMessage[Field][number]>(
  selector: SelectorMessage,
  field: Field,
  check: (value: Value) => Value,
): Value[] {
  const given = selector[field] as readonly Value[];
  if (given.length > MAX_VALUES) throw invalid(`selector.${field}: ${given.length} values, and ${MAX_VALUES} is the most`);
  return given.map((value, at) => eachAt(`selector.${field}`, at, value, () => check(value)));
}

class Refusal extends Error {}

function refuse(reason: string): never {
  throw new Refusal(reason);
}

function eachAt<Result>(field: string, at: number, value: unknown, check: () => Result): Result {
  try {
    return check();
  } catch (cause) {
    if (!(cause instanceof Refusal)) throw cause;
    throw invalid(`${field}[${at}]: ${JSON.stringify(String(value).slice(0, 80))} ${cause.message}`);
  }
}

function invalid(message: string): CallError {
  return new CallError('ERR_NSATLAS_REQUEST', message);
}

/** A value of an enum that this release knows, the unspecified one excepted. */
function known<Name extends string>(name: Name, of: string): Name {
  const names = Object.entries(ENUMS[of] ?? {}).flatMap(([value, number]) => (number === 0 ? [] : [value]));
  return names.includes(name) ? name : refuse(`is none of ${names.join(', ')}`);
}

function checkText(text: string): string {
  if (text === '') refuse('is empty; leave the field out to select everything');
  if (text.length > MAX_LENGTH) refuse(`is longer than ${MAX_LENGTH} characters`);
  if (text.includes('\0')) refuse('has a zero byte in it');
  return text;
}

function checkNetns(text: string): string {
  checkText(text);
  if (text.startsWith('net:') && !/^net:\[\d{1,20}\]$/.test(text)) refuse('is not a namespace id like net:[4026532287]');
  return text;
}

/** As the kernel's links have them: 6 bytes, for other hardware up to 32 (linux/netdevice.h MAX_ADDR_LEN, v6.12). */
function checkMac(text: string): string {
  const mac = text.toLowerCase().replaceAll('-', ':');
  return /^[0-9a-f]{2}(:[0-9a-f]{2}){0,31}$/.test(mac) ? mac : refuse('is not a MAC address like 02:42:0a:00:01:02');
}

/** With or without a prefix length; an IPv6 address in the one spelling of RFC 5952. */
function checkIp(text: string): string {
  return canonicalIp(text) ?? refuse('is not an IP address like 10.0.1.7 or fd00::7');
}
