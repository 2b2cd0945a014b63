import assert from 'node:assert/strict';
import t from 'tap';
import { ruleAsIp } from '../support/ip-tables.js';
import { WatchMerger } from '../../src/wire/watch-merge.js';
import { wholeNetns } from '../support/live-compare.js';
import { guardLiveHosts, rows, said, tried, watch } from '../support/one-netns.js';
import { TestReader } from '../unit/agent/watch-rig.js';
import { TestLink } from '../unit/collector/replica-rig.js';

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

t.test('rules of one priority keep their order in a collector, and for those who follow it', async (t) => {
  const { live, netns } = await watch(t);
  const link = new TestLink(live);
  const follower = new TestReader(link.replica);
  const sources = (found: readonly { src?: string; priority: number }[]): (string | undefined)[] =>
    found.filter(({ priority }) => priority === 10).map(({ src }) => src?.split('/')[0]);
  const change = async (...commands: string[]): Promise<void> => {
    netns.ipBatch(commands.map((command) => `rule ${command}`));
    const expected = said(netns, 'rule').flatMap(({ src, priority }) => (priority === 10 ? [src] : []));
    await rows(live, 'rules', (found) => assert.deepEqual(sources(found), expected));
    link.drain();
    follower.drain();
    const [key] = link.replica.keys();
    t.strictSame(sources(wholeNetns(link.replica, key ?? -1)?.rules ?? []), expected, `collector: ${commands.join(', ')}`);
    t.strictSame(sources(link.merger.snapshot()?.namespaces[0]?.rules ?? []), expected, 'reader of the agent');
    t.strictSame(sources(follower.merger.snapshot()?.namespaces[0]?.rules ?? []), expected, 'reader of the collector');
  };
  const rule = (number: number): string => `pref 10 from 10.0.0.${number}`;
  await change(...[1, 2, 3].map((number) => `add ${rule(number)}`));
  for (const step of ['del 1', 'add 9', 'add 1', 'del 2', 'add 77']) {
    const [verb, number] = step.split(' ');
    await change(`${verb} ${rule(Number(number))}`);
  }
  // Between two reads: nothing came or went, but the order.
  await change(`del ${rule(3)}`, `add ${rule(3)}`);
  await change(...[9, 1, 77].flatMap((number) => [`del ${rule(number)}`, `add ${rule(number)}`]), `add ${rule(78)}`);
});

t.test('a rule that is detached by the new name of its interface has changed, and is there in between', async (t) => {
  const { live, netns } = await watch(t);
  netns.ip('rule add iif v0 table 100 prio 500');
  netns.ipBatch(Array.from({ length: 100 }, (_, at) => `route add 10.100.${at}.0/24 dev v0`));
  await rows(live, 'routes', (found) => assert.ok(found.length > 100));
  await rows(live, 'rules', (found) => assert.ok(found.some(({ iif, flags }) => iif === 'v0' && flags.length === 0)));
  const merger = new WatchMerger();
  const reader = new TestReader(live);
  for (const event of reader.drain()) merger.apply(event);
  // Before Linux 6.2 only one that is down.
  if (!tried(netns, 'link set v0 name w0')) netns.ipBatch(['link set v0 down', 'link set v0 name w0', 'link set w0 up']);
  const lines: string[] = [];
  await rows(live, 'rules', (found) => assert.ok(found.some(({ iif, flags }) => iif === 'v0' && flags.length > 0)));
  for (const event of reader.drain())
    for (const each of merger.apply(event)) {
      if (each.what !== 'rules') continue;
      lines.push(each.old === undefined ? '+' : each.new === undefined ? '-' : '~');
      const there = merger.snapshot()?.namespaces[0]?.rules ?? [];
      t.ok(there.some(({ iif }) => iif === 'v0'));
    }
  t.strictSame(lines, ['~']);
});
