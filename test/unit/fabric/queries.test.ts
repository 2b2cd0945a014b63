import t from 'tap';
import { type EndpointQuery, type Fabric, fabricHostOf, finish, type MemberQuery, statusOf } from '../../../src/fabric/index.js';
import { connect, fabricOf, macOf, MadeHost } from '../../support/fabric-hosts.js';
import { sampleSnapshot } from '../../support/sample.js';

const APP = 'x8sn2ys3vdabcdefghijklmno';
const DB = 'k3f9q0z7wyabcdefghijklmno';

/** Two networks on two hosts; one address is there twice. */
function hosts(): [MadeHost, MadeHost] {
  const [a, b] = [new MadeHost('h1', '192.0.2.1'), new MadeHost('h2', '192.0.2.2')];
  for (const host of [a, b]) host.addAddress('docker0', '172.17.0.1', 16);
  const app = [a.overlay(APP, 4097), b.overlay(APP, 4097)];
  const db = [a.overlay(DB, 4098), b.overlay(DB, 4098)];
  app[0]!.attach('10.0.1.10');
  app[1]!.attach('10.0.1.11', { ips: ['10.0.1.2/32'] });
  db[0]!.attach('10.0.2.10');
  db[1]!.attach('10.0.2.10', { mac: '02:42:0a:00:02:AA' });
  connect(app);
  app[0]!.neighbor('10.0.1.11', macOf('10.0.1.11'));
  return [a, b];
}

function found(fabric: Fabric, query: EndpointQuery): string[] {
  return [...fabric.endpoints(query)].flat().map(({ member, end }) => `${member.host.id} ${end?.ips[0]}`);
}

t.test('endpoints', async (t) => {
  const cases: { query: EndpointQuery; wanted: string[] }[] = [
    { query: {}, wanted: ['h1 10.0.2.10', 'h2 10.0.2.10', 'h1 10.0.1.10', 'h2 10.0.1.11'] },
    { query: { overlay: `${APP}/4097` }, wanted: ['h1 10.0.1.10', 'h2 10.0.1.11'] },
    { query: { overlay: 'none' }, wanted: [] },
    { query: { host: 'h2' }, wanted: ['h2 10.0.2.10', 'h2 10.0.1.11'] },
    { query: { ip: '10.0.2.10' }, wanted: ['h1 10.0.2.10', 'h2 10.0.2.10'] },
    { query: { ip: '10.0.1.2' }, wanted: ['h2 10.0.1.11'] },
    { query: { ip: '10.0.2.10', host: 'h2' }, wanted: ['h2 10.0.2.10'] },
    { query: { ip: '10.0.2.10', mac: '02:42:0A:00:02:aa' }, wanted: ['h2 10.0.2.10'] },
    { query: { mac: macOf('10.0.1.11').toUpperCase() }, wanted: ['h2 10.0.1.11'] },
    { query: { mac: macOf('10.0.1.11'), overlay: `${DB}/4098` }, wanted: [] },
    { query: { ip: '10.0.1.1' }, wanted: [] },
  ];
  for (const { query, wanted } of cases) {
    t.test(JSON.stringify(query), async (t) => t.strictSame(found(fabricOf(hosts()), query), wanted));
  }

  t.test('are in a directory of their overlay, those with one address together', async (t) => {
    const directory = finish(fabricOf(hosts()).overlay(`${DB}/4098`)!.directory());
    t.strictSame(
      [...directory.byIp].map(([ip, all]) => [ip, all.map(({ member }) => member.host.id)]),
      [['10.0.2.10', ['h1', 'h2']]],
    );
    t.strictSame([...directory.byMac.keys()], [macOf('10.0.2.10'), '02:42:0a:00:02:aa']);
  });

  t.test('say which port, which interface and whose namespace they are', async (t) => {
    const [endpoint] = [...fabricOf(hosts()).endpoints({ ip: '10.0.1.10' })].flat();
    const { port, end, netns } = endpoint!;
    t.strictSame(
      [port.ref.name, end?.name, netns?.name, netns?.head.owner?.containerName, netns?.head.role],
      ['veth2', 'eth0', 'task-10.0.1.10', 'task-10.0.1.10', 'CONTAINER'],
    );
  });
});

t.test('members', async (t) => {
  const cases: { query: MemberQuery; wanted: string[] }[] = [
    { query: {}, wanted: ['h1 4098', 'h2 4098', 'h1 4097', 'h2 4097'] },
    { query: { overlay: `${APP}/4097` }, wanted: ['h1 4097', 'h2 4097'] },
    { query: { overlay: 'none' }, wanted: [] },
    { query: { host: 'h2' }, wanted: ['h2 4098', 'h2 4097'] },
    { query: { vtep: '192.0.2.2' }, wanted: ['h2 4098', 'h2 4097'] },
    { query: { vtep: '192.0.2.2', host: 'h1' }, wanted: [] },
  ];
  for (const { query, wanted } of cases) {
    t.test(JSON.stringify(query), async (t) =>
      t.strictSame(
        [...fabricOf(hosts()).members(query)].flat().map(({ host, vxlan }) => `${host.id} ${vxlan?.vxlan.vni}`),
        wanted,
      ),
    );
  }
});

t.test('a member', async (t) => {
  t.test('has the rows of its vxlan, with everything that the kernel says, and where they lead', async (t) => {
    const made = hosts();
    const other = made[0].vxlan(7, {}, made[0].overlays[0]!.netns);
    made[0].overlays[0]!.netns.fdb.push({ ...made[0].overlays[0]!.netns.fdb[0]!, ifindex: other.ifindex });
    made[0].overlays[0]!.netns.fdb[0]!.srcVni = 4097;
    const [member] = fabricOf(made).overlay(`${APP}/4097`)!.members;
    const rows = [...member!.rows('fdb')!].flat();
    t.strictSame(
      rows.map(({ mac, dst, srcVni, rawState }) => [mac, dst, srcVni, rawState]),
      [[macOf('10.0.1.11'), '192.0.2.2', 4097, 0x80]],
    );
    t.strictSame(member!.vtepsFor(macOf('10.0.1.11').toUpperCase()), ['192.0.2.2']);
    t.strictSame(member!.vtepsFor(macOf('10.0.1.10')), []);
    t.strictSame(
      member!.remotes!.map(({ vtep, host, fdbEntries }) => [vtep, host, fdbEntries]),
      [['192.0.2.2', 'h2', 1]],
    );
  });

  t.test('has every VTEP to which rows for one address lead', async (t) => {
    const made = hosts();
    made[0].overlays[0]!.row(macOf('10.0.1.11'), '203.0.113.9');
    const [member] = fabricOf(made).overlay(`${APP}/4097`)!.members;
    t.strictSame(member!.vtepsFor(macOf('10.0.1.11')), ['192.0.2.2', '203.0.113.9']);
  });

  t.test('has neighbours, as they are when they are taken', async (t) => {
    const made = hosts();
    made[0].overlays[0]!.netns.tables.push({ table: 'NEIGHBORS', status: 'OK', rows: 1, attempts: 1 });
    const [member] = fabricOf(made).overlay(`${APP}/4097`)!.members;
    const neighbors = (): string[] => [...member!.rows('neighbors')!].flat().map(({ ip }) => ip);
    t.strictSame(neighbors(), ['10.0.1.11']);
    made[0].overlays[0]!.neighbor('10.0.1.12', macOf('10.0.1.12'));
    t.strictSame(neighbors(), ['10.0.1.11', '10.0.1.12']);
    const some = [...member!.rows('neighbors', { ips: ['10.0.1.12'] })!].flat();
    t.strictSame([some.length, some[0]?.mac], [1, macOf('10.0.1.12')]);
  });

  t.test('has no rows rather than none when they could not be read, and its namespace says why', async (t) => {
    const made = hosts();
    const { netns } = made[0].overlays[0]!;
    netns.tables = [
      { table: 'LINKS', status: 'OK', rows: 3, attempts: 1 },
      { table: 'FDB', status: 'INTERRUPTED', rows: 0, attempts: 3 },
    ];
    const [member, other] = fabricOf(made).overlay(`${APP}/4097`)!.members;
    t.strictSame([member!.rows('fdb'), member!.remotes, member!.vtepsFor(macOf('10.0.1.11'))], [undefined, undefined, undefined]);
    t.strictSame([statusOf(member!.netns, 'FDB'), statusOf(member!.netns, 'NEIGHBORS')], ['INTERRUPTED', 'NOT_READ']);
    t.equal(member!.rows('neighbors'), undefined);
    t.not(other!.rows('fdb'), undefined);
  });
});

t.test('addresses', async (t) => {
  t.test('lead to the one host that has them, and are known of all that do', async (t) => {
    const fabric = fabricOf(hosts());
    t.strictSame([fabric.hostOfAddress('192.0.2.2')?.id, fabric.hostOfAddress('172.17.0.1')], ['h2', undefined]);
    t.strictSame(
      fabric.hostsWithAddress('172.17.0.1').map(({ id }) => id),
      ['h1', 'h2'],
    );
    t.strictSame(fabric.host('h1')!.head.addresses, ['192.0.2.1', '172.17.0.1']);
    t.strictSame([fabric.host('none'), fabric.hostsWithAddress('10.0.1.10')], [undefined, []]);
    t.strictSame(
      fabric.vteps().map(({ vtep, host }) => [vtep, host.name]),
      [
        ['192.0.2.1', 'node-h1'],
        ['192.0.2.2', 'node-h2'],
      ],
    );
  });
});

t.test('a host', async (t) => {
  t.test('has all its namespaces, and their rows of any table that was read', async (t) => {
    const snapshot = sampleSnapshot();
    const fabric = fabricOf([fabricHostOf(snapshot)]);
    const { namespaces } = fabric.host(snapshot.host.id)!;
    t.strictSame(
      [...namespaces.keys()],
      snapshot.namespaces.map(({ id }) => id),
    );
    const [first] = snapshot.namespaces;
    const routes = [...namespaces.get(first!.id)!.take(['ROUTES'])].flatMap((part) => part.routes);
    t.strictSame(routes, first!.routes);
  });
});
