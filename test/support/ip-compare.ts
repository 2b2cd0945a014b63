// Compares what `ip -d -j addr` prints with an interface of ours, field by field. Every field of iproute2's must be
// accounted for: one that is not in the tables here is a difference.

type Json = Record<string, unknown>;

interface Comparison {
  /** The namespace's interfaces by ifindex, for names that iproute2 resolves. */
  readonly nameOf: (ifindex: number) => string | undefined;
}

type Field = (ours: Json, theirs: Json, comparison: Comparison) => unknown;

const same =
  (name: string): Field =>
  (ours) =>
    ours[name];

/** iproute2's field to ours. A function gives the value that iproute2 should have printed. */
const FIELDS: Readonly<Record<string, Field>> = {
  ifindex: same('ifindex'),
  ifname: same('name'),
  mtu: same('mtu'),
  qdisc: same('qdisc'),
  operstate: same('operState'),
  linkmode: same('linkMode'),
  txqlen: same('txQueueLength'),
  link_type: same('linkType'),
  address: same('mac'),
  broadcast: same('broadcast'),
  permaddr: same('permanentMac'),
  promiscuity: same('promiscuity'),
  allmulti: same('allmulti'),
  min_mtu: same('minMtu'),
  max_mtu: same('maxMtu'),
  num_tx_queues: same('numTxQueues'),
  num_rx_queues: same('numRxQueues'),
  gso_max_size: same('gsoMaxSize'),
  gso_max_segs: same('gsoMaxSegs'),
  gso_ipv4_max_size: same('gsoIpv4MaxSize'),
  gro_max_size: same('groMaxSize'),
  gro_ipv4_max_size: same('groIpv4MaxSize'),
  tso_max_size: same('tsoMaxSize'),
  tso_max_segs: same('tsoMaxSegs'),
  inet6_addr_gen_mode: same('addrGenMode'),
  ifalias: same('alias'),
  altnames: same('altnames'),
  link_netnsid: same('linkNsid'),
  link_index: same('linkIfindex'),
  link_pointtopoint: () => true,
  parentdev: same('parentDevice'),
  parentbus: same('parentBus'),
  // iproute2 resolves the ifindex in the namespace where it runs, and prints nothing better when that is not the link's.
  link: (ours, _theirs, { nameOf }) => nameOf(Number(ours['linkIfindex'])),
  master: (ours) => ours['masterName'],
  group: (ours) => (ours['group'] === 0 ? 'default' : String(ours['group'])),
  // iproute2 makes a flag of the lack of a lower, and leaves the sign of running away.
  flags: (ours, theirs) => {
    const flags = (ours['flags'] as string[]).filter((flag) => flag !== 'RUNNING');
    const noCarrier = flags.includes('UP') && !(ours['flags'] as string[]).includes('RUNNING') ? ['NO-CARRIER'] : [];
    return orderLike(theirs['flags'] as string[], [...noCarrier, ...flags]);
  },
};

function orderLike(order: readonly string[], values: readonly string[]): string[] {
  return [...values].sort((a, b) => order.indexOf(a) - order.indexOf(b));
}

const ADDRESS_FLAGS: Readonly<Record<string, string>> = {
  dynamic: '!PERMANENT',
  temporary: 'TEMPORARY',
  secondary: 'SECONDARY',
  tentative: 'TENTATIVE',
  deprecated: 'DEPRECATED',
  dadfailed: 'DADFAILED',
  nodad: 'NODAD',
  noprefixroute: 'NOPREFIXROUTE',
  mngtmpaddr: 'MANAGETEMPADDR',
  home: 'HOMEADDRESS',
  optimistic: 'OPTIMISTIC',
  autojoin: 'MCAUTOJOIN',
};

/** iproute2 prints "for ever" as the number that stands for it. */
const FOREVER = 0xffffffff;

const ADDRESS_FIELDS: Readonly<Record<string, (ours: Json) => unknown>> = {
  family: (ours) => ours['family'],
  prefixlen: (ours) => ours['prefixLength'],
  scope: (ours) => ours['scope'],
  label: (ours) => ours['label'],
  broadcast: (ours) => ours['broadcast'],
  anycast: (ours) => ours['anycast'],
  metric: (ours) => ours['metric'],
  protocol: (ours) => ours['protocol'],
  local: (ours) => ours['address'],
  address: (ours) => ours['peer'],
  valid_life_time: (ours) => ours['validLifetimeSeconds'] ?? FOREVER,
  preferred_life_time: (ours) => ours['preferredLifetimeSeconds'] ?? FOREVER,
};

/** Everything in which the two differ, one line each; empty when they are equal. */
export function compareLink(ours: Json, theirs: Json, comparison: Comparison): string[] {
  const differences: string[] = [];
  const where = String(theirs['ifname']);
  const expect = (path: string, wanted: unknown, got: unknown): void => {
    if (JSON.stringify(wanted) !== JSON.stringify(got))
      differences.push(`${where}: ${path}: ip has ${JSON.stringify(wanted)}, we ${JSON.stringify(got)}`);
  };
  for (const [name, value] of Object.entries(theirs)) {
    if (name === 'linkinfo') differences.push(...compareLinkInfo(where, ours, value as Json));
    else if (name === 'addr_info') compareAddresses(ours, value as Json[], expect);
    else {
      const field = FIELDS[name];
      if (field === undefined) differences.push(`${where}: ${name} (${JSON.stringify(value)}) is not compared with anything`);
      else expect(name, value, field(ours, theirs, comparison));
    }
  }
  for (const [name, property] of [
    ['master', 'masterIfindex'],
    ['ifalias', 'alias'],
    ['link_netnsid', 'linkNsid'],
  ] as const) {
    if (theirs[name] === undefined && ours[property] !== undefined)
      differences.push(`${where}: we have ${property}, ip has no ${name}`);
  }
  return differences;
}

function compareAddresses(
  ours: Json,
  theirs: readonly Json[],
  expect: (path: string, wanted: unknown, got: unknown) => void,
): void {
  const details = (ours['addressDetails'] ?? []) as Json[];
  expect('addr_info count', theirs.length, details.length);
  expect(
    'addresses',
    theirs.map((address) => `${String(address['local'])}/${String(address['prefixlen'])}`),
    ours['addresses'] ?? [],
  );
  for (const [at, address] of theirs.entries()) {
    const own = details[at] ?? {};
    const flags = (own['flags'] ?? []) as string[];
    for (const [name, value] of Object.entries(address)) {
      const flag = ADDRESS_FLAGS[name];
      const field = ADDRESS_FIELDS[name];
      if (flag !== undefined)
        expect(`addr_info ${at} ${name}`, value, flag.startsWith('!') ? !flags.includes(flag.slice(1)) : flags.includes(flag));
      else if (name.endsWith('life_time')) expect(`addr_info ${at} ${name}`, true, isSoonAfter(Number(value), field?.(own)));
      else expect(`addr_info ${at} ${name}`, value, field === undefined ? 'not compared with anything' : field(own));
    }
  }
}

/** Seconds that may pass between the two readings, on a slow machine. */
const PATIENCE = 10;

function isSoonAfter(theirs: number, ours: unknown): boolean {
  return typeof ours === 'number' && ours >= theirs && ours - theirs <= PATIENCE;
}

/** Timers of bridges and ports run between the two readings. */
const RUNNING =
  /timer$|^(gc_timer|hello_timer|tcn_timer|topology_change_timer|message_age_timer|forward_delay_timer|hold_timer)$/;

function compareLinkInfo(where: string, ours: Json, info: Json): string[] {
  const differences: string[] = [];
  const expect = (path: string, wanted: unknown, got: unknown): void => {
    if (wanted !== got) differences.push(`${where}: ${path}: ip has ${JSON.stringify(wanted)}, we ${JSON.stringify(got)}`);
  };
  expect('info_kind', info['info_kind'], ours['kind']);
  expect('info_slave_kind', info['info_slave_kind'], ours['portKind']);
  for (const [part, property] of [
    ['info_data', 'attributes'],
    ['info_slave_data', 'portAttributes'],
  ] as const) {
    const data = (info[part] ?? {}) as Json;
    const own = (ours[property] ?? {}) as Json;
    for (const [name, value] of Object.entries(data)) {
      if (RUNNING.test(name) || typeof value === 'object') continue;
      if (info['info_kind'] === 'vxlan' && part === 'info_data')
        differences.push(...compareVxlan(where, name, value, (ours['vxlan'] ?? {}) as Json));
      else expect(`${part}.${name}`, JSON.stringify(value).replace(/^"|"$/g, ''), own[name]);
    }
  }
  return differences;
}

const VXLAN_FIELDS: Readonly<Record<string, (ours: Json) => unknown>> = {
  // In metadata mode ip prints 0 for what there is none of.
  id: (ours) => ours['vni'] ?? (ours['external'] === true ? 0 : undefined),
  port: (ours) => ours['dstPort'],
  remote: (ours) => ours['remote'],
  remote6: (ours) => ours['remote'],
  group: (ours) => ours['remote'],
  group6: (ours) => ours['remote'],
  local: (ours) => ours['local'],
  local6: (ours) => ours['local'],
  ttl: (ours) => ours['ttl'],
  // ip prints it in hexadecimal.
  tos: (ours) => `0x${Number(ours['tos']).toString(16)}`,
  df: (ours) => ours['df'],
  port_range: (ours) => ({ low: ours['srcPortMin'], high: ours['srcPortMax'] }),
  ageing: (ours) => ours['ageingSeconds'],
  limit: (ours) => ours['limit'],
  learning: (ours) => ours['learning'] ?? false,
  proxy: (ours) => ours['proxy'] ?? false,
  rsc: (ours) => ours['rsc'] ?? false,
  l2miss: (ours) => ours['l2miss'] ?? false,
  l3miss: (ours) => ours['l3miss'] ?? false,
  udp_csum: (ours) => ours['udpCsum'] ?? false,
  udp_zero_csum6_tx: (ours) => ours['udpZeroCsum6Tx'] ?? false,
  udp_zero_csum6_rx: (ours) => ours['udpZeroCsum6Rx'] ?? false,
  remcsum_tx: (ours) => ours['remcsumTx'] ?? false,
  remcsum_rx: (ours) => ours['remcsumRx'] ?? false,
  gbp: (ours) => ours['gbp'] ?? false,
  external: (ours) => ours['external'] ?? false,
};

function compareVxlan(where: string, name: string, value: unknown, ours: Json): string[] {
  const field = VXLAN_FIELDS[name];
  // The underlay's name is resolved in the namespace where ip runs; ours is its ifindex.
  if (name === 'link' || name === 'link_index') return [];
  const got = field === undefined ? 'not compared with anything' : field(ours);
  return JSON.stringify(got) === JSON.stringify(value)
    ? []
    : [`${where}: vxlan.${name}: ip has ${JSON.stringify(value)}, we ${JSON.stringify(got)}`];
}
