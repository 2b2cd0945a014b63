import assert from 'node:assert/strict';
import t from 'tap';
import { CallError } from '../../../src/rpc/error.js';
import { checkSelector, checkTables } from '../../../src/serve/selector.js';
import type { Role, Table } from '../../../src/model/types.js';
import { ALL_TABLES } from '../../../src/tables/index.js';
import type { SelectorMessage } from '../../../src/wire/messages.js';

const NONE: SelectorMessage = {
  netns: [],
  roles: [],
  networks: [],
  containers: [],
  services: [],
  kinds: [],
  interfaces: [],
  vnis: [],
  macs: [],
  ips: [],
  hosts: [],
};
const check = (part: Partial<SelectorMessage>): Partial<SelectorMessage> => checkSelector({ ...NONE, ...part });

t.test('no selector selects everything', async (t) => {
  t.strictSame(checkSelector(undefined), {});
  t.strictSame(checkSelector(NONE), NONE);
});

t.test('addresses are put into the spelling that rows have', async (t) => {
  t.strictSame(check({ macs: ['02:42:0A:00:01:FF', '02-42-0a-00-01-02'] }).macs, ['02:42:0a:00:01:ff', '02:42:0a:00:01:02']);
  t.strictSame(check({ ips: ['10.0.1.2', 'FD00:0:0::0001', '::ffff:10.0.0.1', '10.0.0.0/8', 'fd00::/064'] }).ips, [
    '10.0.1.2',
    'fd00::1',
    '::ffff:10.0.0.1',
    '10.0.0.0/8',
    'fd00::/64',
  ]);
});

t.test('a namespace is an id, a number, a path or a name', async (t) => {
  const netns = ['net:[4026532287]', '4026532287', '/run/docker/netns/1-x8sn', '1-x8sn', 'default'];
  t.strictSame(check({ netns }).netns, netns);
});

const REFUSED: readonly [Partial<SelectorMessage>, string][] = [
  [{ netns: ['ok', 'net:[x]'] }, 'selector.netns[1]: "net:[x]" is not a namespace id like net:[4026532287]'],
  [{ netns: ['net:4026532287'] }, 'selector.netns[0]: "net:4026532287" is not a namespace id like net:[4026532287]'],
  [{ netns: [''] }, 'selector.netns[0]: "" is empty; leave the field out to select everything'],
  [{ containers: ['a\0b'] }, 'selector.containers[0]: "a\\u0000b" has a zero byte in it'],
  [{ services: ['x'.repeat(5000)] }, `selector.services[0]: "${'x'.repeat(80)}" is longer than 4096 characters`],
  [{ roles: ['17' as Role] }, 'selector.roles[0]: "17" is none of HOST, CONTAINER, OVERLAY, LOAD_BALANCER, INGRESS, OTHER'],
  [
    { roles: ['ROLE_UNSPECIFIED' as Role] },
    'selector.roles[0]: "ROLE_UNSPECIFIED" is none of HOST, CONTAINER, OVERLAY, LOAD_BALANCER, INGRESS, OTHER',
  ],
  [{ vnis: [1, 16777216] }, 'selector.vnis[1]: "16777216" is not a VNI; VNIs are 0 to 16777215'],
  [{ macs: ['02:42:0a:00:01:0g'] }, 'selector.macs[0]: "02:42:0a:00:01:0g" is not a MAC address like 02:42:0a:00:01:02'],
  [{ macs: [''] }, 'selector.macs[0]: "" is not a MAC address like 02:42:0a:00:01:02'],
  [{ ips: ['10.0.1'] }, 'selector.ips[0]: "10.0.1" is not an IP address like 10.0.1.7 or fd00::7'],
  [{ ips: ['fe80::1%eth0'] }, 'selector.ips[0]: "fe80::1%eth0" is not an IP address like 10.0.1.7 or fd00::7'],
  [{ ips: ['10.0.0.0/33'] }, 'selector.ips[0]: "10.0.0.0/33" is not an IP address like 10.0.1.7 or fd00::7'],
  [{ ips: ['10.0.0.0/8/8'] }, 'selector.ips[0]: "10.0.0.0/8/8" is not an IP address like 10.0.1.7 or fd00::7'],
  [{ kinds: new Array<string>(1001).fill('veth') }, 'selector.kinds: 1001 values, and 1000 is the most'],
];

for (const [part, message] of REFUSED) {
  t.test(`refused by name: ${message.slice(0, 60)}`, async () => {
    assert.throws(
      () => check(part),
      (cause) =>
        cause instanceof CallError && cause.code === 'ERR_NSATLAS_REQUEST' && assert.equal(cause.message, message) === undefined,
    );
  });
}

t.test('no table means all, a known one is taken, an unknown one is refused by name', async (t) => {
  t.equal(checkTables([], ALL_TABLES), ALL_TABLES);
  t.strictSame(checkTables(['ROUTES', 'LINKS', 'LINKS'], ALL_TABLES), ['LINKS', 'ROUTES']);
  t.throws(() => checkTables(['TABLE_UNSPECIFIED' as Table], ALL_TABLES), /tables\[0\]: "TABLE_UNSPECIFIED" is none of LINKS/);
});
