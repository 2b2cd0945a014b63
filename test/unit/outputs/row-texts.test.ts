// Rows in the words that people know from ip(8) and bridge(8): cells of lists, and lines of `nsatlas watch`.
import t from 'tap';
import type { FdbEntry, Netns, NexthopObject, Route, Rule, Section, SectionRows } from '../../../src/model/types.js';
import { listView } from '../../../src/outputs/lists/index.js';
import { watchLines } from '../../../src/outputs/watch-lines.js';
import type { WatchChange } from '../../../src/wire/watch-merge.js';
import { fakeNetns } from '../agent/fake-host.js';

const netns: Netns = fakeNetns(1, { role: 'HOST' });
const here = { netnsId: netns.id };

/** The cells of a row by heading, those without a value left out. */
function cells<Name extends Section>(name: Name, row: SectionRows[Name]): Record<string, string> {
  const columns = listView(name).columns([row] as never) as { title: string; cell(row: unknown): string | number | undefined }[];
  const all = columns.map((column) => [column.title, String(column.cell(row) ?? '')] as const);
  return Object.fromEntries(all.filter(([, text]) => text !== ''));
}

function line<Name extends Section>(what: Name, change: { old?: SectionRows[Name]; new?: SectionRows[Name] }): string {
  const lines = watchLines({ what, netns, ...change } as WatchChange, (id) => id);
  t.equal(lines.length, 1, what);
  return lines[0] ?? '';
}

const rule = (more: Partial<Rule>): Rule => ({
  ...here,
  family: 'inet',
  priority: 7,
  action: 'lookup',
  flags: [],
  l3mdev: false,
  ...more,
});

t.test('what a rule selects and does is in the list and in watch, as ip rule has it', async (t) => {
  const texts: readonly [Partial<Rule>, mark: string | undefined, selector: string | undefined, action: string][] = [
    [{ l3mdev: true }, undefined, 'l3mdev', 'lookup [l3mdev-table]'],
    [{ l3mdev: true, action: 'unreachable' }, undefined, 'l3mdev', 'unreachable'],
    [{ l3mdev: true, action: 'prohibit' }, undefined, 'l3mdev', 'prohibit'],
    [{ l3mdev: true, action: 'blackhole' }, undefined, 'l3mdev', 'blackhole'],
    [{ l3mdev: true, action: 'nop' }, undefined, 'l3mdev', 'nop'],
    [{ l3mdev: true, action: 'goto', gotoPriority: 9 }, undefined, 'l3mdev', 'goto 9'],
    [{ action: 'goto', gotoPriority: 9000, flags: ['UNRESOLVED'] }, undefined, undefined, 'goto 9000 [unresolved]'],
    [{ table: 254, fwmask: 0xff }, '0x0/0xff', undefined, 'lookup main'],
    [{ table: 5, fwmark: 7, fwmask: 0xffffffff }, '0x7', undefined, 'lookup 5'],
    [{ table: 5, fwmark: 7, fwmask: 0xf }, '0x7/0xf', undefined, 'lookup 5'],
    [{ table: 5, realmFrom: 5, realmTo: 0 }, undefined, undefined, 'lookup 5 realms 5/0'],
    [{ table: 5, realmFrom: 5, realmTo: 6 }, undefined, undefined, 'lookup 5 realms 5/6'],
    [{ table: 5, realmTo: 9 }, undefined, undefined, 'lookup 5 realms 9'],
    [{ table: 5, sportStart: 80, sportEnd: 80, sportMask: 0xff }, undefined, 'sport 80/0xff', 'lookup 5'],
    [{ table: 5, dportStart: 80, dportEnd: 80, dportMask: 0xff }, undefined, 'dport 80/0xff', 'lookup 5'],
    [{ table: 5, dportStart: 80, dportEnd: 80, dportMask: 0xffff }, undefined, 'dport 80', 'lookup 5'],
    [{ table: 5, dportStart: 80, dportEnd: 90 }, undefined, 'dport 80-90', 'lookup 5'],
    [{ table: 5, dscp: 8, dscpMask: 0x38 }, undefined, 'dscp 8/0x38', 'lookup 5'],
    [{ table: 5, dscp: 0, dscpMask: 0x3f }, undefined, 'dscp 0', 'lookup 5'],
    [{ table: 5, flowLabel: 0x12045, flowLabelMask: 0xff0ff }, undefined, 'flowlabel 0x12045/0xff0ff', 'lookup 5'],
    [{ table: 5, flowLabel: 0x12045, flowLabelMask: 0xfffff }, undefined, 'flowlabel 0x12045', 'lookup 5'],
  ];
  for (const [more, mark, selector, action] of texts) {
    const { MARK, SELECTOR, ACTION } = cells('rules', rule(more));
    t.strictSame([MARK, SELECTOR, ACTION], [mark, selector, action]);
    const words = [...(mark === undefined ? [] : ['fwmark', mark]), ...(selector === undefined ? [] : [selector]), action];
    t.equal(line('rules', { new: rule(more) }), `+ rule inet 7 from all@host ${words.join(' ')}`);
  }
  t.equal(
    line('rules', { old: rule({ table: 7, protocol: '77', src: '10.0.0.0/8' }) }),
    '- rule inet 7 from 10.0.0.0/8@host lookup 7 proto 77',
  );
  const jump = { action: 'goto', gotoPriority: 9 };
  t.equal(
    line('rules', { old: rule({ ...jump, flags: ['UNRESOLVED'] }), new: rule(jump) }),
    '~ rule inet 7 from all@host goto 9 [unresolved] → goto 9',
  );
});

const group: NexthopObject = {
  ...here,
  id: 11,
  flags: [],
  blackhole: false,
  fdb: false,
  group: [{ id: 1, weight: 1 }],
  groupType: 'resilient',
  buckets: 32,
  idleTimerSeconds: 100,
  unbalancedTimerSeconds: 50,
};

t.test('a resilient group has its buckets and timers', async (t) => {
  t.equal(cells('nexthops', group)['TYPE'], 'resilient buckets 32 idle_timer 100 unbalanced_timer 50');
  t.equal(line('nexthops', { new: group }), '+ nexthop 11@host resilient group 1 buckets 32 idle_timer 100 unbalanced_timer 50');
  t.equal(line('nexthops', { old: group, new: { ...group, idleTimerSeconds: 7 } }), '~ nexthop 11@host idle_timer 100 → 7');
});

const route: Route = {
  ...here,
  family: 'inet',
  table: 254,
  dst: '10.51.0.0/16',
  type: 'unicast',
  scope: 'global',
  protocol: 'boot',
  flags: [],
  nextHops: [],
  metrics: {},
};

t.test('a route has its next hop object, its metrics, and which of its legs are down', async (t) => {
  const at = { ifindex: 2 as never, ifname: 'v0' };
  const one = { ...route, ...at, gateway: '10.9.0.2', nexthopId: 1 };
  t.equal(cells('routes', one)['NHID'], '1');
  t.equal(line('routes', { old: one, new: { ...one, nexthopId: 2 } }), '~ route 10.51.0.0/16 dev v0@host nhid 1 → 2');
  t.equal(
    line('routes', { old: one, new: { ...one, metrics: { mtu: 1400 }, preference: 'high' } }),
    '~ route 10.51.0.0/16 dev v0@host +mtu 1400, pref - → high',
  );
  const legs = (flags: string[]): Route => ({
    ...route,
    nextHops: [
      { ...at, gateway: '10.9.0.2', weight: 1, flags: [] },
      { ...at, gateway: '10.9.0.3', weight: 3, flags },
    ],
  });
  t.equal(cells('routes', legs(['DEAD', 'LINKDOWN']))['VIA'], '10.9.0.2, 10.9.0.3 dead linkdown');
  t.equal(
    line('routes', { old: legs([]), new: legs(['DEAD', 'LINKDOWN']) }),
    '~ route 10.51.0.0/16 dev -@host nexthop -10.9.0.3 dev v0 weight 3 +10.9.0.3 dev v0 weight 3 dead linkdown',
  );
});

const fdb: FdbEntry = {
  ...here,
  ifindex: 4 as never,
  ifname: 'vx0',
  mac: '02:00:00:00:00:01',
  state: 'PERMANENT',
  rawState: 0x80,
  flags: ['SELF'],
};

t.test('a forwarding row that leads to a group of next hops says so', async (t) => {
  const row = { ...fdb, nexthopId: 30 };
  t.equal(cells('fdb', row)['DST'], 'nhid 30');
  t.equal(line('fdb', { new: row }), '+ fdb 02:00:00:00:00:01 dev vx0@host nhid 30 PERMANENT');
  t.equal(
    line('fdb', { old: row, new: { ...fdb, dst: '192.0.2.1' } }),
    '~ fdb 02:00:00:00:00:01 dev vx0@host dst - → 192.0.2.1, nhid 30 → -',
  );
});

t.test('a changed row has a line although no shown field differs', async (t) => {
  const subject = '~ fdb 02:00:00:00:00:01 dev vx0@host';
  t.equal(line('fdb', { old: fdb, new: { ...fdb, linkNsid: 3 as never } }), `${subject} (changed in what only -o json shows)`);
  t.equal(line('fdb', { old: { ...fdb, ifname: 'old0' }, new: fdb }), `${subject} (was fdb 02:00:00:00:00:01 dev old0@host)`);
});

t.test('next hops are listed by id in each namespace, as the kernel does: a collector does not keep its order', async (t) => {
  const nexthop = (netnsId: string, id: number): NexthopObject =>
    ({ ...here, netnsId, id, family: 'inet', members: [], flags: [] }) as unknown as NexthopObject;
  const sorted =
    listView('nexthops').sort?.([nexthop('net:[2]', 30), nexthop('net:[2]', 4), nexthop('net:[1]', 10)] as never) ?? [];
  t.strictSame(
    (sorted as unknown as NexthopObject[]).map(({ netnsId, id }) => [netnsId, id]),
    [
      ['net:[2]', 4],
      ['net:[2]', 30],
      ['net:[1]', 10],
    ],
  );
});
