import t from 'tap';
import { fdbRow, MadeHost, overlaysOf } from '../../support/fabric-hosts.js';
import type { NexthopObject } from '../../../src/model/types.js';

const nexthop = (id: number, more: Partial<NexthopObject>): NexthopObject => ({
  netnsId: 'net:[1]',
  id,
  flags: [],
  blackhole: false,
  fdb: true,
  group: [],
  ...more,
});

const group = (id: number, ...members: number[]): NexthopObject =>
  nexthop(id, { group: members.map((member) => ({ id: member, weight: 1 })) });

t.test('rows of a group of next hops lead to the gateway of each member, and count once', async (t) => {
  const hosts = [1, 2, 3].map((number) => new MadeHost(`h${number}`, `192.0.2.${number}`));
  const parts = hosts.map((host) => host.overlay('x8sn2ys3vdabcdefghijklmno', 4097));
  const { netns, vxlan } = parts[0]!;
  // Dumped in any order; 12 is no forwarding's, 99 is unknown.
  netns.nexthops.push(group(30, 21, 20, 12, 99), nexthop(20, { gateway: '192.0.2.2' }), nexthop(21, { gateway: '192.0.2.3' }));
  netns.nexthops.push(nexthop(12, { gateway: '10.0.0.1', fdb: false }), group(31, 20, 20));
  const { dst: _dst, ...row } = fdbRow(vxlan, '02:00:00:00:00:01', '');
  netns.fdb.push({ ...row, nexthopId: 30 }, { ...row, mac: '02:00:00:00:00:02', nexthopId: 31 });
  netns.fdb.push({ ...row, mac: '02:00:00:00:00:03', nexthopId: 98 }, { ...row, mac: '02:00:00:00:00:04' });
  parts[0]!.row('02:00:00:00:00:05', '192.0.2.2');
  const member = overlaysOf(hosts)[0]!.members[0]!;
  t.equal(member.fdbEntries, 4, 'with that of an unknown next hop, without the one that leads nowhere');
  t.strictSame(
    member.remotes.map(({ vtep, host, fdbEntries }) => [vtep, host, fdbEntries]),
    [
      ['192.0.2.2', 'h2', 3],
      ['192.0.2.3', 'h3', 1],
    ],
  );
});
