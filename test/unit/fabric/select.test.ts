import t from 'tap';
import { selectsHost, type Selector } from '../../../src/model/select.js';
import { connect, endpointsOf, macOf, MadeHost, overlaysOf } from '../../support/fabric-hosts.js';

const APP = 'x8sn2ys3vdabcdefghijklmno';
const DB = 'k3f9q0z7wyabcdefghijklmno';

/** Two networks: app on both hosts with a task each, db on the second only. */
function hosts(): MadeHost[] {
  const [a, b] = [new MadeHost('aaaa1111', '192.0.2.1', 'node-1'), new MadeHost('bbbb2222', '192.0.2.2', 'node-2')];
  for (const host of [a, b]) {
    host.engine(host.address);
    host.network(APP, 'app', { vnis: [4097] });
    host.network(DB, 'db', { vnis: [4098] });
  }
  const app = [a.overlay(APP.slice(0, 10), 4097), b.overlay(APP, 4097)];
  app[0]!.attach('10.0.1.10', { owner: { containerName: 'web.1', serviceName: 'web', serviceId: 'svcweb' } });
  app[1]!.attach('10.0.1.11', { owner: { containerName: 'web.2', serviceName: 'web', serviceId: 'svcweb' } });
  app[1]!.attach('10.0.1.20', { role: 'LOAD_BALANCER', ips: ['10.0.1.2/32'] });
  b.overlay(DB, 4098, { subnet: '10.0.2.1/24' }).attach('10.0.2.10', { owner: { containerName: 'db.1', serviceName: 'db' } });
  b.vxlan(7, { local: '192.0.2.2' });
  connect(app);
  return [a, b];
}

function overlays(selector: Selector): (string | number)[] {
  return overlaysOf(hosts(), selector).map(({ networkName, vni }) => networkName ?? vni);
}

function endpoints(selector: Selector): (string | undefined)[] {
  return endpointsOf(hosts(), selector).map(({ ips }) => ips[0]);
}

const cases: { selector: Selector; overlays: (string | number)[]; endpoints: string[] }[] = [
  { selector: {}, overlays: [7, 'app', 'db'], endpoints: ['10.0.1.10', '10.0.1.11', '10.0.1.20', '10.0.2.10'] },
  {
    selector: { hosts: [], vnis: [] },
    overlays: [7, 'app', 'db'],
    endpoints: ['10.0.1.10', '10.0.1.11', '10.0.1.20', '10.0.2.10'],
  },
  { selector: { hosts: ['node-1'] }, overlays: ['app'], endpoints: ['10.0.1.10'] },
  { selector: { hosts: ['bbbb'] }, overlays: [7, 'app', 'db'], endpoints: ['10.0.1.11', '10.0.1.20', '10.0.2.10'] },
  { selector: { hosts: ['nobody'] }, overlays: [], endpoints: [] },
  { selector: { networks: ['app'] }, overlays: ['app'], endpoints: ['10.0.1.10', '10.0.1.11', '10.0.1.20'] },
  { selector: { networks: ['x8sn'] }, overlays: ['app'], endpoints: ['10.0.1.10', '10.0.1.11', '10.0.1.20'] },
  { selector: { networks: [DB] }, overlays: ['db'], endpoints: ['10.0.2.10'] },
  { selector: { vnis: [4098, 7] }, overlays: [7, 'db'], endpoints: ['10.0.2.10'] },
  { selector: { services: ['web'] }, overlays: ['app'], endpoints: ['10.0.1.10', '10.0.1.11'] },
  { selector: { services: ['svcweb'], hosts: ['node-2'] }, overlays: ['app'], endpoints: ['10.0.1.11'] },
  { selector: { containers: ['db.1'] }, overlays: ['db'], endpoints: ['10.0.2.10'] },
  { selector: { containers: ['db.1'], hosts: ['node-1'] }, overlays: [], endpoints: [] },
  { selector: { containers: ['web.1'], services: ['db'] }, overlays: [], endpoints: [] },
  { selector: { roles: ['LOAD_BALANCER'] }, overlays: ['app'], endpoints: ['10.0.1.20'] },
  { selector: { roles: ['HOST'] }, overlays: [7], endpoints: [] },
  { selector: { macs: [macOf('10.0.1.11').toUpperCase()] }, overlays: ['app'], endpoints: ['10.0.1.11'] },
  { selector: { ips: ['10.0.1.2'] }, overlays: ['app'], endpoints: ['10.0.1.20'] },
  { selector: { ips: ['10.0.2.1'] }, overlays: ['db'], endpoints: [] },
  { selector: { ips: ['192.0.2.1'] }, overlays: ['app'], endpoints: [] },
  { selector: { netns: ['c-10.0.2.10'] }, overlays: ['db'], endpoints: ['10.0.2.10'] },
  { selector: { netns: ['1-k3f9q0z7wy'] }, overlays: ['db'], endpoints: ['10.0.2.10'] },
  {
    selector: { interfaces: ['eth0'] },
    overlays: ['app', 'db'],
    endpoints: ['10.0.1.10', '10.0.1.11', '10.0.1.20', '10.0.2.10'],
  },
  { selector: { interfaces: ['veth3'] }, overlays: ['app'], endpoints: ['10.0.1.20'] },
  { selector: { interfaces: ['vx2'] }, overlays: [7], endpoints: [] },
  { selector: { kinds: ['vxlan'] }, overlays: [7, 'app', 'db'], endpoints: [] },
  { selector: { kinds: ['bridge'] }, overlays: [], endpoints: [] },
];

t.test('selecting overlays and endpoints', async (t) => {
  for (const { selector, ...wanted } of cases) {
    t.test(JSON.stringify(selector), async (t) => {
      t.strictSame({ overlays: overlays(selector), endpoints: endpoints(selector) }, wanted);
    });
  }

  t.test('lists an overlay with all its hosts, those included that were not asked for', async (t) => {
    const [overlay] = overlaysOf(hosts(), { hosts: ['node-1'] });
    t.strictSame(
      overlay!.members.map(({ hostName, endpoints: number }) => [hostName, number]),
      [
        ['node-1', 1],
        ['node-2', 2],
      ],
    );
  });
});

t.test('a host', async (t) => {
  t.test('is selected by id, by the beginning of it, and by its full name', async (t) => {
    const host = { id: 'aaaa1111', name: 'node-1' };
    for (const wanted of ['aaaa1111', 'aaaa', 'node-1']) t.equal(selectsHost(host, { hosts: ['x', wanted] }), true, wanted);
    for (const wanted of ['aaa', 'node', '', 'aaaa11112']) t.equal(selectsHost(host, { hosts: [wanted] }), false, wanted);
    t.equal(selectsHost({ id: 'h1', name: 'n' }, { hosts: ['h1'] }), true, 'a short id');
    t.equal(selectsHost(host, {}), true);
  });
});
