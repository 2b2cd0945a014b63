import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join as joinPath } from 'node:path';
import t from 'tap';
import type { AttributeTable, Detail, LinkKind } from '../../../src/kinds/contract.js';
import { KINDS } from '../../../src/kinds/registry.gen.js';
import { refsOf } from '../../../src/kinds/shared/refs.js';
import { decodeTable } from '../../../src/kinds/table.js';
import { vxlanFromDetail } from '../../../src/kinds/vxlan.js';
import { AttributeReader } from '../../../src/netlink/attributes.js';
import { detailOf, fixtureCases, viewOf } from '../../support/kinds.js';
import { attribute, join, u16, u32 } from '../../support/message-builder.js';
import { ROOT } from '../../support/root.js';

function kindOf(name: string): LinkKind {
  const kind = KINDS.get(name);
  assert.ok(kind !== undefined, name);
  return kind;
}

t.test('every kind is registered under its own name', async (t) => {
  for (const [name, kind] of KINDS) t.equal(kind.kind, name);
});

t.test('the registry is what its generator writes', async (t) => {
  const result = spawnSync(process.execPath, [joinPath(ROOT, 'scripts/registry.mjs'), '--check'], { encoding: 'utf8' });
  t.equal(result.status, 0, result.stderr);
});

t.test('the generator notices a registry that is out of date, and one that is missing', async (t) => {
  const scratch = mkdtempSync(joinPath(tmpdir(), 'nsatlas-registry-'));
  try {
    mkdirSync(joinPath(scratch, 'scripts'));
    // Every room that has a registry, for the generator writes them all.
    for (const file of readdirSync(joinPath(ROOT, 'src'), { recursive: true, encoding: 'utf8' }))
      if (file.endsWith('registry.gen.ts')) mkdirSync(joinPath(scratch, 'src', dirname(file)), { recursive: true });
    copyFileSync(joinPath(ROOT, 'scripts/registry.mjs'), joinPath(scratch, 'scripts/registry.mjs'));
    writeFileSync(joinPath(scratch, 'src/kinds/dummy.ts'), readFileSync(joinPath(ROOT, 'src/kinds/dummy.ts')));
    writeFileSync(joinPath(scratch, 'src/kinds/helper.ts'), 'export const nothing = 1;\n');
    const run = (...args: string[]): number | null =>
      spawnSync(process.execPath, [joinPath(scratch, 'scripts/registry.mjs'), ...args], { encoding: 'utf8' }).status;
    t.equal(run('--check'), 1);
    t.equal(run(), 0);
    t.equal(run('--check'), 0);
    const written = readFileSync(joinPath(scratch, 'src/kinds/registry.gen.ts'), 'utf8');
    t.match(written, /dummy/);
    t.notMatch(written, /helper/);
    writeFileSync(joinPath(scratch, 'src/kinds/veth.ts'), readFileSync(joinPath(ROOT, 'src/kinds/veth.ts')));
    t.equal(run('--check'), 1);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
});

t.test('names of a table are unique, for two attributes of one name would hide each other', async (t) => {
  for (const [name, { data, port }] of KINDS) {
    for (const table of [data, port ?? {}]) {
      const names = Object.values(table).map(([each]) => each);
      t.equal(new Set(names).size, names.length, name);
    }
  }
});

t.test('a pair refers to its peer and a stacked link to its lower, by IFLA_LINK and the namespace of it', async (t) => {
  for (const [name, role] of Object.entries({
    veth: 'peer',
    netkit: 'peer',
    vxcan: 'peer',
    vlan: 'lower',
    macvlan: 'lower',
    macvtap: 'lower',
    ipvlan: 'lower',
    ipvtap: 'lower',
    ipoib: 'lower',
  })) {
    const kind = kindOf(name);
    t.strictSame(refsOf(kind, {}, { ifindex: 2, iflaLink: 5 }), [{ role, ifindex: 5 }], name);
    t.strictSame(refsOf(kind, {}, { ifindex: 2, iflaLink: 2, linkNsid: 0 }), [{ role, ifindex: 2, nsid: 0 }], name);
    t.strictSame(refsOf(kind, {}, { ifindex: 2, iflaLink: 0 }), [], `${name} whose other end is gone`);
    t.strictSame(refsOf(kind, {}, { ifindex: 2 }), [], `${name} without either attribute`);
    // Linux before 5.2.
    t.strictSame(refsOf(kind, {}, { ifindex: 2, linkNsid: 3 }), [{ role, ifindex: 2, nsid: 3 }], `${name} of an old kernel`);
  }
});

t.test('a tunnel refers to the underlay that it was given, and not to IFLA_LINK', async (t) => {
  for (const name of [
    'vxlan',
    'gre',
    'gretap',
    'erspan',
    'ip6gre',
    'ip6gretap',
    'ip6erspan',
    'ipip',
    'sit',
    'ip6tnl',
    'vti',
    'vti6',
    'xfrm',
  ]) {
    const kind = kindOf(name);
    t.strictSame(
      refsOf(kind, { link_ifindex: 9 }, { ifindex: 2, iflaLink: 9, linkNsid: 1 }),
      [{ role: 'underlay', ifindex: 9, nsid: 1 }],
      name,
    );
    t.strictSame(refsOf(kind, { link_ifindex: 9 }, { ifindex: 2 }), [{ role: 'underlay', ifindex: 9 }], name);
    // IFLA_LINK of a vxlan that moved is its own ifindex.
    t.strictSame(refsOf(kind, {}, { ifindex: 2, iflaLink: 2, linkNsid: 0 }), [], name);
  }
});

t.test('a bridge, a bond and links that stand alone refer to nothing', async (t) => {
  for (const name of ['bridge', 'bond', 'vrf', 'team', 'dummy', 'ifb', 'nlmon', 'wireguard', 'tun', 'geneve']) {
    t.strictSame(refsOf(kindOf(name), {}, { ifindex: 2, iflaLink: 5, linkNsid: 0 }), [], name);
  }
});

t.test('a group of a vxlan is no remote, and the address that means none is absent', async (t) => {
  const kind = kindOf('vxlan');
  const finished = (detail: Record<string, string | number>): unknown => {
    kind.finish?.(detail);
    return detail;
  };
  t.strictSame(finished({ remote: '0.0.0.0', local: '0.0.0.0', link_ifindex: 0 }), {});
  t.strictSame(finished({ remote6: '::', local6: '::' }), {});
  t.strictSame(finished({ remote: '224.0.0.1' }), { group: '224.0.0.1' });
  t.strictSame(finished({ remote: '239.255.0.1' }), { group: '239.255.0.1' });
  t.strictSame(finished({ remote: '223.0.0.1' }), { remote: '223.0.0.1' });
  t.strictSame(finished({ remote: '240.0.0.1' }), { remote: '240.0.0.1' });
  t.strictSame(finished({ remote6: 'ff05::100' }), { group6: 'ff05::100' });
  t.strictSame(finished({ remote6: 'fe80::1' }), { remote6: 'fe80::1' });
});

t.test('the message of a vxlan that Docker Swarm made has its flags, and no underlay, remote or local', async (t) => {
  const swarm = fixtureCases('vxlan').cases.find(({ name }) => name === 'vxlan0');
  assert.ok(swarm !== undefined);
  t.strictSame(vxlanFromDetail(detailOf(swarm.linkinfo)), {
    vni: 4097,
    dstPort: 4789,
    learning: true,
    proxy: true,
    rsc: false,
    l2miss: true,
    l3miss: true,
    ttl: 0,
    ttlInherit: false,
    tos: 0,
    label: 0,
    df: 'unset',
    ageingSeconds: 300,
    limit: 0,
    srcPortMin: 0,
    srcPortMax: 0,
    udpCsum: true,
    udpZeroCsum6Tx: false,
    udpZeroCsum6Rx: false,
    remcsumTx: false,
    remcsumRx: false,
    external: false,
    localbypass: true,
  });
});

t.test('the message of a vxlan has every option that was set', async (t) => {
  const { cases } = fixtureCases('vxlan');
  const message = (wanted: string): Record<string, unknown> => {
    const found = cases.find(({ name }) => name === wanted);
    assert.ok(found !== undefined, wanted);
    return { ...vxlanFromDetail(detailOf(found.linkinfo)) };
  };
  const pick = (from: Record<string, unknown>, ...names: string[]): unknown => names.map((name) => from[name]);
  t.strictSame(pick(message('unicast'), 'vni', 'dstPort', 'local', 'remote', 'underlayIfindex', 'ttl', 'tos', 'df'), [
    7,
    4790,
    '192.0.2.1',
    '192.0.2.2',
    5,
    5,
    16,
    'set',
  ]);
  t.strictSame(
    pick(message('unicast'), 'srcPortMin', 'srcPortMax', 'ageingSeconds', 'limit', 'learning', 'udpCsum', 'rsc', 'gbp'),
    [40000, 50000, 77, 1000, false, false, true, true],
  );
  t.strictSame(pick(message('unicast'), 'remcsumTx', 'remcsumRx', 'gpe'), [true, true, undefined]);
  t.strictSame(pick(message('mcast4'), 'remote', 'ttlInherit', 'df'), ['239.1.1.1', true, 'inherit']);
  t.strictSame(pick(message('unicast6'), 'local', 'remote', 'label', 'udpZeroCsum6Tx', 'udpZeroCsum6Rx'), [
    '2001:db8::1',
    '2001:db8::2',
    0xabcde,
    true,
    true,
  ]);
  t.strictSame(pick(message('mcast6'), 'remote'), ['ff05::100']);
  t.strictSame(pick(message('metadata'), 'vni', 'external', 'vnifilter'), [undefined, true, true]);
  t.strictSame(pick(message('generic'), 'external', 'gpe'), [true, true]);
});

t.test('flags that the kernel did not send are absent from the message, not false', async (t) => {
  t.strictSame(vxlanFromDetail({ id: 5, port: 4789 }), { vni: 5, dstPort: 4789 });
});

t.test('a VNI is absent where there is none, and 0 is one', async (t) => {
  t.strictSame(vxlanFromDetail({}), {});
  t.strictSame(vxlanFromDetail({ id: 0 }), { vni: 0 });
  t.strictSame(vxlanFromDetail({ id: 0, external: false }), { vni: 0, external: false });
  t.strictSame(vxlanFromDetail({ id: 0, external: true }), { external: true });
});

/** A table's detail of one attribute. */
function detailOfOne(table: AttributeTable, type: number, payload: Uint8Array): Detail {
  const bytes = attribute(type, payload);
  const reader = new AttributeReader(viewOf(bytes), 0, bytes.length, 'test');
  return decodeTable(table, reader).detail;
}

t.test('options of a bridge that only a newer kernel has are not dropped', async (t) => {
  // IFLA_BR_MULTI_BOOLOPT: optval, optmask.
  const options = (values: number, mask: number): Detail => detailOfOne(kindOf('bridge').data, 46, join(u32(values), u32(mask)));
  t.strictSame(options(0x60 | 1, 0xe0 | 3), { no_linklocal_learn: 1, mcast_vlan_snooping: 0, multi_boolopt: '0x60' });
  t.strictSame(options(2, 3), { no_linklocal_learn: 0, mcast_vlan_snooping: 1 });
});

t.test('groups that a bridge port forwards are named, or bits, or none', async (t) => {
  // IFLA_BRPORT_GROUP_FWD_MASK.
  const groups = (mask: number): Detail => detailOfOne(kindOf('bridge').port ?? {}, 31, u16(mask));
  t.strictSame(groups(0x400d), { group_fwd_mask: '0x400d', group_fwd_mask_str: 'stp,lacp,0x8,lldp' });
  t.strictSame(groups(0), { group_fwd_mask: '0', group_fwd_mask_str: '0x0' });
});

t.test('a bridge port’s backup port is absent when there is none', async (t) => {
  // IFLA_BRPORT_BACKUP_PORT.
  const backup = (ifindex: number): Detail => detailOfOne(kindOf('bridge').port ?? {}, 34, u32(ifindex));
  t.strictSame(backup(7), { backup_port_ifindex: 7 });
  t.strictSame(backup(0), {});
});

t.test('unknown bits of GRE, of IPv6 tunnels and of macvlan are kept as hexadecimal', async (t) => {
  const finished = (kind: string, detail: Record<string, number | string>): unknown => {
    kindOf(kind).finish?.(detail);
    return detail;
  };
  t.strictSame(finished('gre', { iflags: 0x6000, ikey: 5, oflags: 0 }), { ikey: '0.0.0.5', iflags: '0x4000' });
  t.strictSame(finished('ip6tnl', { flags: 0x70080 }), { flags: '0x80' });
  t.strictSame(finished('macvlan', { mode: 'bridge', flags: 5 }), { mode: 'bridge', nopromisc: true, flags: '0x4' });
  t.strictSame(finished('ipvlan', { mode: 'l2', flags: 4 }), { mode: 'l2', bridge: true, flags: '0x4' });
  t.strictSame(finished('sit', { flags: 3 }), { isatap: true, flags: '0x2' });
});
