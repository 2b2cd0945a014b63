import { AttributeReader, LITTLE_ENDIAN } from '../netlink/attributes.js';
import { readRequest } from '../netlink/requests.js';
import { ipText } from '../netlink/text.js';
import * as uapi from '../netlink/uapi.js';
import type { Rule } from '../proto/gen/types.js';
import { defineTable, selectsIp } from './contract.js';
import { AttributeDecoder } from './shared/attribute-table.js';
import { shortHeader } from './shared/header.js';
import { type BitNames, bitNames, familyName, routeProtocolName } from './shared/names.js';
import type { Decoded } from './shared/result.js';

type RuleRecord = Omit<Rule, 'netnsId'>;

/** FR_ACT_*, in iproute2's words. // linux/fib_rules.h, v6.15 */
const ACTIONS: readonly (string | undefined)[] = [
  'unspec',
  'lookup',
  'goto',
  'nop',
  undefined,
  undefined,
  'blackhole',
  'unreachable',
  'prohibit',
];

/** FIB_RULE_*. // linux/fib_rules.h, v6.15 */
const FLAG_NAMES: BitNames = [
  'PERMANENT',
  'INVERT',
  'UNRESOLVED',
  'IIF_DETACHED',
  'OIF_DETACHED',
  ...new Array<undefined>(11).fill(undefined),
  'FIND_SADDR',
];

/** IPPROTO_*, in the words of /etc/protocols. // linux/in.h, v6.12 */
const IP_PROTOCOLS: Readonly<Record<number, string>> = {
  1: 'icmp',
  2: 'igmp',
  4: 'ipencap',
  6: 'tcp',
  17: 'udp',
  33: 'dccp',
  41: 'ipv6',
  47: 'gre',
  50: 'esp',
  51: 'ah',
  58: 'ipv6-icmp',
  132: 'sctp',
  136: 'udplite',
};

/** What stands in FRA_SUPPRESS_PREFIXLEN of a rule that suppresses nothing. // fib_nl_fill_rule(), net/core/fib_rules.c */
const NOTHING = 0xffffffff;

/**
 * Decodes the payload of one RTM_NEWRULE (or RTM_DELRULE) in bytes [start, end): struct fib_rule_hdr and attributes.
 * // fib_nl_fill_rule() net/core/fib_rules.c, fib4_rule_fill() net/ipv4/fib_rules.c, fib6_rule_fill() net/ipv6/fib6_rules.c
 */
export function decodeRule(view: DataView, start: number, end: number): Decoded<RuleRecord> {
  const short = shortHeader('RTM_NEWRULE', start, end, uapi.SIZEOF_FIB_RULE_HDR);
  if (short !== undefined) return short;
  const action = view.getUint8(start + 7);
  const rule: RuleRecord = {
    family: familyName(view.getUint8(start)),
    priority: 0,
    action: ACTIONS[action] ?? `${action}`,
    flags: bitNames(FLAG_NAMES, view.getUint32(start + 8, LITTLE_ENDIAN)),
    l3mdev: false,
  };
  const tos = view.getUint8(start + 3);
  if (tos !== 0) rule.tos = tos;
  const draft: Draft = { rule, action, dstLength: view.getUint8(start + 1), srcLength: view.getUint8(start + 2) };
  // The low 8 bits, or RT_TABLE_COMPAT; FRA_TABLE has the full number.
  setTable(draft, view.getUint8(start + 4));
  const attributes = new AttributeReader(view, start + uapi.SIZEOF_FIB_RULE_HDR, end, 'RTM_NEWRULE');
  RULE.read(draft, attributes);
  return attributes.error ?? rule;
}

/** A rule while its attributes are walked. */
interface Draft {
  readonly rule: RuleRecord;
  /** FR_ACT_*. */
  readonly action: number;
  /** Bits. */
  readonly dstLength: number;
  readonly srcLength: number;
}

/** Only "lookup" has a table, and not one that the packet's VRF decides, which is 0. */
function setTable({ rule, action }: Draft, table: number): void {
  if (action === uapi.FR_ACT_TO_TBL && table !== 0) rule.table = table;
  else delete rule.table;
}

const RULE = new AttributeDecoder<Draft>({
  [uapi.FRA_DST]: ({ rule, dstLength }, { view, offset, length }) => {
    rule.dst = `${ipText(view, offset, length)}/${dstLength}`;
  },
  [uapi.FRA_SRC]: ({ rule, srcLength }, { view, offset, length }) => {
    rule.src = `${ipText(view, offset, length)}/${srcLength}`;
  },
  [uapi.FRA_IIFNAME]: ({ rule }, attribute) => {
    rule.iif = attribute.string();
  },
  [uapi.FRA_OIFNAME]: ({ rule }, attribute) => {
    rule.oif = attribute.string();
  },
  [uapi.FRA_GOTO]: ({ rule }, attribute) => {
    rule.gotoPriority = attribute.u32();
  },
  [uapi.FRA_PRIORITY]: ({ rule }, attribute) => {
    rule.priority = attribute.u32();
  },
  [uapi.FRA_TABLE]: (draft, attribute) => {
    setTable(draft, attribute.u32());
  },
  [uapi.FRA_FWMARK]: ({ rule }, attribute) => {
    rule.fwmark = attribute.u32();
  },
  [uapi.FRA_FWMASK]: ({ rule }, attribute) => {
    rule.fwmask = attribute.u32();
  },
  [uapi.FRA_FLOW]: ({ rule }, attribute) => {
    const flow = attribute.u32();
    if (flow >>> 16 !== 0) rule.realmFrom = flow >>> 16;
    rule.realmTo = flow & 0xffff;
  },
  [uapi.FRA_TUN_ID]: ({ rule }, attribute) => {
    // Network byte order, unlike the rest.
    if (attribute.length === 8) rule.tunnelId = attribute.view.getBigUint64(attribute.offset, false);
    else attribute.fail(attribute.offset, '8 bytes', `${attribute.length} bytes`);
  },
  [uapi.FRA_SUPPRESS_IFGROUP]: ({ rule }, attribute) => {
    rule.suppressInterfaceGroup = attribute.u32();
  },
  [uapi.FRA_SUPPRESS_PREFIXLEN]: ({ rule }, attribute) => {
    const length = attribute.u32();
    if (length !== NOTHING) rule.suppressPrefixLength = length;
  },
  [uapi.FRA_L3MDEV]: ({ rule }, attribute) => {
    rule.l3mdev = attribute.u8() !== 0;
  },
  [uapi.FRA_UID_RANGE]: ({ rule }, attribute) => {
    [rule.uidStart, rule.uidEnd] = range(attribute, 4);
  },
  [uapi.FRA_PROTOCOL]: ({ rule }, attribute) => {
    const protocol = attribute.u8();
    if (protocol !== 0) rule.protocol = routeProtocolName(protocol);
  },
  [uapi.FRA_IP_PROTO]: ({ rule }, attribute) => {
    const protocol = attribute.u8();
    rule.ipProtocol = IP_PROTOCOLS[protocol] ?? `${protocol}`;
  },
  [uapi.FRA_SPORT_RANGE]: ({ rule }, attribute) => {
    [rule.sportStart, rule.sportEnd] = range(attribute, 2);
  },
  [uapi.FRA_DPORT_RANGE]: ({ rule }, attribute) => {
    [rule.dportStart, rule.dportEnd] = range(attribute, 2);
  },
  [uapi.FRA_SPORT_MASK]: ({ rule }, attribute) => {
    rule.sportMask = attribute.u16();
  },
  [uapi.FRA_DPORT_MASK]: ({ rule }, attribute) => {
    rule.dportMask = attribute.u16();
  },
  [uapi.FRA_DSCP]: ({ rule }, attribute) => {
    rule.dscp = attribute.u8();
  },
  [uapi.FRA_DSCP_MASK]: ({ rule }, attribute) => {
    rule.dscpMask = attribute.u8();
  },
  [uapi.FRA_FLOWLABEL]: ({ rule }, attribute) => {
    rule.flowLabel = attribute.be32();
  },
  [uapi.FRA_FLOWLABEL_MASK]: ({ rule }, attribute) => {
    rule.flowLabelMask = attribute.be32();
  },
});

/** Two numbers of `size` bytes each: struct fib_rule_uid_range, struct fib_rule_port_range. // linux/fib_rules.h, v6.15 */
function range(attribute: AttributeReader, size: 2 | 4): [number, number] {
  const { view, offset, length } = attribute;
  if (length !== 2 * size) {
    attribute.fail(offset, `${2 * size} bytes`, `${length} bytes`);
    return [0, 0];
  }
  if (size === 2) return [view.getUint16(offset, LITTLE_ENDIAN), view.getUint16(offset + 2, LITTLE_ENDIAN)];
  return [view.getUint32(offset, LITTLE_ENDIAN), view.getUint32(offset + 4, LITTLE_ENDIAN)];
}

/** The interface's event is sent by one of the functions that the kernel calls with the news, the flags are set by another. */
const DETACHED_AFTER_MS = 500;

/** The rules of all families, in the order in which they are tried. A family's rules are one list. */
export const table = defineTable<Rule>()({
  name: 'RULES',
  section: 'rules',
  counted: { noun: 'rule', title: 'Policy rules', metric: 'rules' },
  format: { headerBytes: uapi.SIZEOF_FIB_RULE_HDR, filter: RULE.filter, ordered: true },
  events: [{ groups: [uapi.RTNLGRP_IPV4_RULE, uapi.RTNLGRP_IPV6_RULE], types: [uapi.RTM_NEWRULE, uapi.RTM_DELRULE] }],
  // fib_valid_dumprule_req(), net/core/fib_rules.c: all of the header has to be zero but the family.
  requests: [readRequest({ type: uapi.RTM_GETRULE, headerBytes: uapi.SIZEOF_FIB_RULE_HDR })],
  decode: decodeRule,
  // What it selects, and what it does: rules are not changed but added and deleted.
  identity: ({ netnsId: _netnsId, netnsName: _netnsName, host: _host, rowId: _rowId, flags, ...rule }) =>
    Object.entries(rule)
      .map(([name, value]) => `${name} ${value}`)
      .concat(flags.includes('INVERT') ? 'not' : '')
      .sort()
      .join(' '),
  // The kernel appends a rule to those of its priority. // fib_nl_newrule(), net/core/fib_rules.c
  orderedWithin: ({ family, priority }) => `${family} ${priority}`,
  interfaceNames: ({ iif, oif }) => [iif, oif],
  selects: (row, selector) => selectsIp([row.src, row.dst], selector),
  distinct: ['src', 'dst'],
  // IIF_DETACHED and OIF_DETACHED come and go with interfaces, without an event, and since Linux 6.10 a dump does not wait until they have.
  // attach_rules(), detach_rules(), fib_nl_dumprule(), net/core/fib_rules.c
  follows: [{ table: 'LINKS', againAfterMs: DETACHED_AFTER_MS }],
});
