// Every kind that this kernel can make: built by its build.sh in a scratch namespace, read raw and decoded, and compared key
// by key with what `ip -d -j link show` says there.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import t from 'tap';
import { type DecodedInfo, decodeInfo, FIXTURES, fixtureKinds, hasBuild, type RawLink } from '../support/kinds.js';
import { buildScratchLinks, type IpLink, kernelKnows } from '../support/scratch-links.js';

t.setTimeout(0);

/** What ip prints the name of and we the ifindex of: ip's key to ours. */
const BY_NAME: Readonly<Record<string, string>> = {
  link: 'link_ifindex',
  backup_port: 'backup_port_ifindex',
  active_slave: 'active_slave_ifindex',
  primary: 'primary_ifindex',
};

/** Details that iproute2 6.1 prints nowhere in this output; newer ones print most of them, and then they are compared. */
const BEYOND_IP = new Set(
  `fdb_n_learned fdb_max_learned mcast_querier_state mst_enabled mdb_offload_fail_notification fdb_local_vlan_0 stp_mode
  mrp_ring_open mrp_in_open mab neigh_vlan_suppress neigh_forward_grat backup_nhid mcast_n_groups mcast_max_groups
  mcast_eht_hosts_limit mcast_eht_hosts_cnt
  label_policy localbypass reserved_bits mcroute remcsum_nopartial ttl_inherit if_id inner_proto_inherit port_range gro_hint
  mode type policy peer_policy scrub peer_scrub headroom tailroom pairing bclim coupled_control broadcast_neighbor lacp_strict
  actor_port_prio churn_actor_state churn_partner_state`.split(/\s+/),
);

/** ip's JSON as our text: arrays joined, objects as name=value, port ranges and QoS maps as their kinds document it. */
function textOf(key: string, value: unknown): string {
  if (Array.isArray(value)) return value.map((each) => textOf(key, each)).join(',');
  if (value === null || typeof value !== 'object') return String(value);
  const fields = Object.entries(value).map(([name, each]) => [name, textOf(name, each)] as const);
  if (key === 'port_range') return fields.map(([, each]) => each).join('-');
  if (key.endsWith('_qos')) return fields.map(([, each]) => each).join(':');
  return fields.map(([name, each]) => `${name}=${each}`).join(',');
}

/** Whether both say the same. The two readings are some milliseconds apart. */
function agree(key: string, theirs: unknown, ours: string | undefined): boolean {
  const text = textOf(key, theirs);
  if (text === ours) return true;
  if (ours === undefined) return false;
  // A timer that does not run is 0, and may have been started between the two readings; ours is the first, and may have run out since and begun anew.
  if (key.endsWith('_timer')) return [text, ours].includes('0') || Number(ours) < 2 || Math.abs(Number(text) - Number(ours)) < 10;
  // A vxlan's details are typed, for they become a message.
  if (key === 'tos' || key === 'label') return Number(text) === Number(ours);
  if (key === 'user' || key === 'group') return text === 'root' && ours === '0';
  // A flag without a value, or a word for nothing.
  return theirs === null && (ours === 'true' || ours === 'none');
}

function compare(raw: RawLink, theirs: Record<string, unknown>, ours: Record<string, string>, all: readonly IpLink[]): string[] {
  const wrong: string[] = [];
  const seen = new Set<string>();
  for (const [key, value] of Object.entries(theirs)) {
    const named = BY_NAME[key];
    seen.add(named ?? key);
    if (named === undefined) {
      if (!agree(key, value, ours[key])) wrong.push(`${raw.name}.${key}: ip ${textOf(key, value)}, we ${ours[key]}`);
    } else if (raw.face.linkNsid === undefined) {
      // Of an interface in another namespace ip prints whatever has that ifindex here.
      const ifindex = all.find(({ ifname }) => ifname === value)?.ifindex;
      if (String(ifindex) !== ours[named]) wrong.push(`${raw.name}.${key}: ip ${String(value)} (${ifindex}), we ${ours[named]}`);
    }
  }
  for (const [key, value] of Object.entries(ours)) {
    // ip leaves out what is off, zero or not set.
    if (seen.has(key) || BEYOND_IP.has(key) || ['false', '0', ''].includes(value)) continue;
    wrong.push(`${raw.name}.${key}: ip nothing, we ${value}`);
  }
  return wrong;
}

function check(kind: string): void {
  const { raw, ip } = buildScratchLinks(join(FIXTURES, kind, 'build.sh'));
  const wrong: string[] = [];
  let links = 0;
  for (const link of raw) {
    if (link.linkinfo === undefined) continue;
    const info: DecodedInfo & { error?: Error } = decodeInfo(link.linkinfo, link.face);
    assert.equal(info.error, undefined, link.name);
    assert.deepEqual(info.unknown, [], `${link.name} has attributes that no table has`);
    if (info.kind === kind || info.portKind === kind) links++;
    const theirs = ip.find(({ ifindex }) => ifindex === link.face.ifindex)?.linkinfo;
    assert.equal(theirs?.info_kind, info.kind, link.name);
    assert.equal(theirs?.info_slave_kind, info.portKind, link.name);
    wrong.push(...compare(link, theirs?.info_data ?? {}, info.attributes, ip));
    wrong.push(...compare(link, theirs?.info_slave_data ?? {}, info.portAttributes, ip));
  }
  assert.notEqual(links, 0, 'no link of the kind was built');
  assert.deepEqual(wrong, []);
}

for (const kind of fixtureKinds().filter(hasBuild)) {
  if (kernelKnows(kind)) {
    t.test(`ip and we say the same of every ${kind}`, async () => check(kind));
  } else {
    // No skip, whose number would differ by kernel: at least the commands are such that only the kernel refuses them.
    t.test(`this kernel has no ${kind}, and nothing else is wrong with the commands that make one`, async (t) => {
      t.throws(() => buildScratchLinks(join(FIXTURES, kind, 'build.sh')), /Unknown device type/);
    });
  }
}

t.test('the kinds that Docker needs are in this kernel, so that the comparison is one', async (t) => {
  for (const kind of ['veth', 'bridge', 'vxlan']) t.ok(kernelKnows(kind), kind);
});

t.test('a veth whose peer has the same ifindex in another namespace refers to it', async (t) => {
  const { raw } = buildScratchLinks(join(FIXTURES, 'veth', 'build.sh'));
  const same = raw.find(({ name }) => name === 'same');
  assert.ok(same?.linkinfo !== undefined);
  const { refs } = decodeInfo(same.linkinfo, same.face);
  assert.deepEqual(refs, [{ role: 'peer', ifindex: same.face.ifindex, nsid: same.face.linkNsid }]);
  // On 6.18 the kernel says so itself; see iflaLinkRefs() for those before 5.2.
  t.equal(same.face.iflaLink, same.face.ifindex);
});
