import assert from 'node:assert/strict';
import t from 'tap';
import { ruleAsIp } from '../support/ip-tables.js';
import { guardLiveHosts, rows, said, tried, watch } from '../support/one-netns.js';

t.setTimeout(0);

guardLiveHosts();

const RULES = [
  'rule add from 10.0.0.0/8 iif v0 fwmark 0x1/0xff table 100 prio 500',
  'rule add not to 10.1.0.0/16 oif nodev table 200',
  'rule add from 10.2.0.1 uidrange 0-5 blackhole',
  'rule add ipproto tcp dport 80-90 sport 5 goto 32766',
  'rule add goto 40000 prio 30000',
  'rule add suppress_prefixlength 0 table main',
  'rule add suppress_ifgroup 7 table main',
  'rule add tos 0x10 prohibit',
  'rule add tun_id 77 table 5000',
  'rule add fwmark 7 nop',
  'rule add realms 3/4 table main',
  'rule add fwmark 0/0xff table 5',
  'rule add proto 77 table 7',
  '-6 rule add to fd00:1::/32 tos 0x04 unreachable',
  '-6 rule add iif lo ipproto udp dport 53 table 300',
];

t.test('policy rules are what ip -j rule shows, as they come, change with an interface, and go', async (t) => {
  const { live, netns } = await watch(t);
  const assertSame = (): Promise<void> =>
    rows(live, 'rules', (found) => {
      for (const [family, option] of [
        ['inet', '-4'],
        ['inet6', '-6'],
      ] as const)
        assert.deepEqual(found.filter((row) => row.family === family).map(ruleAsIp), said(netns, `${option} rule`));
    });
  await assertSame();
  for (const rule of RULES) netns.ip(rule);
  for (const action of ['', ' unreachable', ' nop', ' goto 32766']) tried(netns, `rule add l3mdev${action}`);
  await assertSame();
  t.ok(said(netns, '-4 rule').some((rule) => 'iif' in rule && !('iif_detached' in rule)));
  netns.ip('link del v0');
  await assertSame();
  t.ok(said(netns, '-4 rule').some((rule) => 'iif_detached' in rule));
  netns.ip('link add nodev type veth peer name v0');
  await assertSame();
  netns.ip('rule flush');
  await assertSame();
});
