// Compares every constant of src/kinds that is spelled as in uapi with the installed kernel headers.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { ROOT } from '../../support/root.js';

/** Constants that headers may lack, by the first release that has them. Distributions backport some. */
const SINCE: Readonly<Record<string, string>> = {
  IFLA_BRPORT_MAB: '6.2',
  IFLA_BRPORT_MCAST_N_GROUPS: '6.3',
  IFLA_BRPORT_MCAST_MAX_GROUPS: '6.3',
  IFLA_BRPORT_NEIGH_VLAN_SUPPRESS: '6.4',
  IFLA_MACVLAN_BC_CUTOFF: '6.4',
  IFLA_VXLAN_LOCALBYPASS: '6.5',
  IFLA_BRPORT_BACKUP_NHID: '6.6',
  IFLA_BR_FDB_N_LEARNED: '6.7',
  IFLA_BR_FDB_MAX_LEARNED: '6.7',
  IFLA_NETKIT_PRIMARY: '6.7',
  IFLA_NETKIT_POLICY: '6.7',
  IFLA_NETKIT_PEER_POLICY: '6.7',
  IFLA_NETKIT_MODE: '6.7',
  NETKIT_PASS: '6.7',
  NETKIT_DROP: '6.7',
  NETKIT_L2: '6.7',
  NETKIT_L3: '6.7',
  IFLA_VXLAN_LABEL_POLICY: '6.8',
  VXLAN_LABEL_FIXED: '6.8',
  VXLAN_LABEL_INHERIT: '6.8',
  IFLA_BOND_COUPLED_CONTROL: '6.9',
  IFLA_NETKIT_SCRUB: '6.13',
  IFLA_NETKIT_PEER_SCRUB: '6.13',
  NETKIT_SCRUB_NONE: '6.13',
  NETKIT_SCRUB_DEFAULT: '6.13',
  BR_BOOLOPT_MDB_OFFLOAD_FAIL_NOTIFICATION: '6.14',
  IFLA_NETKIT_HEADROOM: '6.14',
  IFLA_NETKIT_TAILROOM: '6.14',
  IFLA_VXLAN_RESERVED_BITS: '6.14',
  IFLA_GENEVE_PORT_RANGE: '6.15',
  IFLA_BOND_BROADCAST_NEIGH: '6.17',
  IFLA_VXLAN_MC_ROUTE: '6.17',
  BR_BOOLOPT_FDB_LOCAL_VLAN_0: '6.18',
  IFLA_BOND_SLAVE_ACTOR_PORT_PRIO: '6.18',
  IFLA_GENEVE_GRO_HINT: '7.0',
  BR_STP_MODE_AUTO: '7.1',
  BR_STP_MODE_USER: '7.1',
  BR_STP_MODE_KERNEL: '7.1',
  IFLA_BR_STP_MODE: '7.1',
  IFLA_BOND_SLAVE_AD_CHURN_ACTOR_STATE: '7.1',
  IFLA_BOND_SLAVE_AD_CHURN_PARTNER_STATE: '7.1',
  IFLA_NETKIT_PAIRING: '7.1',
  NETKIT_DEVICE_PAIR: '7.1',
  NETKIT_DEVICE_SINGLE: '7.1',
  IFLA_BOND_LACP_STRICT: '7.2',
  IFLA_BRPORT_NEIGH_FORWARD_GRAT: '7.2',
  IFLA_GENEVE_LOCAL: '7.2',
  IFLA_GENEVE_LOCAL6: '7.2',
};

const HEADERS = [
  'stdint',
  'sys/socket',
  'linux/if_link',
  'linux/if_bridge',
  'linux/if_tunnel',
  'linux/ip6_tunnel',
  'linux/if_vlan',
];
HEADERS.push('linux/if_ether', 'linux/if_tun', 'linux/if_bonding', 'linux/in', 'linux/swab', 'linux/version');

interface Constant {
  readonly name: string;
  readonly value: number;
  readonly file: string;
}

const folder = join(ROOT, 'src/kinds');
const files = [folder, join(folder, 'shared')].flatMap((each) =>
  readdirSync(each)
    .filter((file) => file.endsWith('.ts'))
    .map((file) => join(each, file)),
);

/** Names of the project's own, which no header has. */
const OWN = /^(INTERNAL_FLAGS|TCLASS_MASK|FLOWLABEL_MASK)$/;

/** `const NAME = value;`, and the rows of attributes() and words(): `NAME: [value, …]`. */
const CONSTANT = /^const ([A-Z][A-Z0-9_]+) = (0x[0-9a-f]+|\d+);|\b([A-Z][A-Z0-9_]+): \[\s*(0x[0-9a-f]+|\d+),/gm;

function constants(): Constant[] {
  return files.flatMap((file) =>
    [...readFileSync(file, 'utf8').matchAll(CONSTANT)]
      .map(([, constant, number, row = '', first]) => ({ name: constant ?? row, value: Number(number ?? first), file }))
      .filter(({ name }) => !OWN.test(name)),
  );
}

/** GRE_* are in network byte order there. */
function assertion({ name, value }: Constant): string {
  const actual = name.startsWith('GRE_') ? `__be16_to_cpu(${name})` : name;
  return `_Static_assert((long long)${actual} == ${value}LL, "${name} is not ${value}");`;
}

/** Compiles, and returns the error messages: names that the headers do not have, and everything else. */
function compile(lines: readonly string[]): { missing: string[]; other: string[] } {
  const scratch = mkdtempSync(join(tmpdir(), 'nsatlas-uapi-'));
  try {
    const source = join(scratch, 'uapi.c');
    const includes = [...HEADERS.map((name) => `#include <${name}.h>`), '#include <asm/byteorder.h>'];
    writeFileSync(source, [...includes, ...lines, ''].join('\n'));
    const env = { ...process.env, LC_ALL: 'C' };
    const result = spawnSync('cc', ['-std=gnu11', '-fsyntax-only', '-fmax-errors=0', source], { env, encoding: 'utf8' });
    if (result.error !== undefined) throw result.error;
    const errors = result.stderr.split('\n').filter((line) => line.includes('error:'));
    // A name that is not declared costs more than one message on its line.
    const undeclared = new Map<string, string>();
    const lineOf = (message: string): string => /uapi\.c:(\d+):/.exec(message)?.[1] ?? '';
    for (const message of errors) {
      const name = /'(\w+)' undeclared/.exec(message)?.[1];
      if (name !== undefined) undeclared.set(lineOf(message), name);
    }
    const missing = [...undeclared.values()];
    const other = errors.filter((message) => !undeclared.has(lineOf(message)));
    return { missing, other };
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

t.test('every uapi constant of the kinds has the value of the installed headers', async (t) => {
  const all = constants();
  t.ok(all.length > 250, `only ${all.length} constants were found`);
  const { missing, other } = compile(all.map(assertion));
  t.strictSame(other, []);
  const unexplained = missing.filter((name) => SINCE[name] === undefined);
  t.strictSame(unexplained, [], 'constants that the headers lack and that are not listed with their release');
});

t.test('no constant is listed as newer than headers that are new enough to have it', async (t) => {
  const all = constants();
  const { missing } = compile(all.map(assertion));
  for (const name of missing) {
    const [major = 0, minor = 0] = (SINCE[name] ?? '').split('.').map(Number);
    const { other } = compile([`_Static_assert(LINUX_VERSION_CODE < KERNEL_VERSION(${major}, ${minor}, 0), "too new");`]);
    t.strictSame(other, [], `${name} should be in these headers since v${SINCE[name]}`);
  }
  const names = new Set(all.map(({ name }) => name));
  t.strictSame(
    Object.keys(SINCE).filter((name) => !names.has(name)),
    [],
  );
});

t.test('a wrong value and a name that no header has are noticed', async (t) => {
  const { missing, other } = compile([
    assertion({ name: 'IFLA_VXLAN_ID', value: 2, file: '' }),
    assertion({ name: 'IFLA_VXLAN_NONSENSE', value: 1, file: '' }),
    assertion({ name: 'GRE_KEY', value: 0x2000, file: '' }),
  ]);
  t.strictSame(missing, ['IFLA_VXLAN_NONSENSE']);
  t.equal(other.length, 1);
  t.match(other[0] ?? '', /IFLA_VXLAN_ID is not 2/);
});

t.test('every attribute id of a file is in one row', async (t) => {
  const ids = constants().filter(({ name }) => /^(IFLA|BRIDGE_QUERIER)_/.test(name));
  const rows = ids.map(({ name, file }) => `${name} in ${file}`);
  const twice = rows.filter((row, at) => rows.indexOf(row) !== at);
  // Its size depends on the family.
  t.strictSame(twice, [`IFLA_IPTUN_FLAGS in ${join(folder, 'shared/iptunnel.ts')}`]);
});
