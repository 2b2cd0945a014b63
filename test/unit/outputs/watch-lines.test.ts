// The lines of `nsatlas watch`. `node dist/test/unit/outputs/watch-lines.test.js --update` writes the golden anew.
import { eachSection } from '../../../src/tables/index.js';
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import type { Netns } from '../../../src/model/types.js';
import { countWords, watchLines } from '../../../src/outputs/watch-lines.js';
import type { WatchChange } from '../../../src/wire/watch-merge.js';
import { ROOT } from '../../support/root.js';
import { fakeLink } from '../agent/fake-host.js';
import { sampleSnapshot } from '../../support/sample.js';

const GOLDEN = join(ROOT, 'test/fixtures/outputs/watch-lines.txt');
const update = process.argv.includes('--update');

const [host, overlay, web] = sampleSnapshot().namespaces as [Netns, Netns, Netns];
const nameOf = (id: string): string => (id === web.id ? 'app_web.1.x' : id);
const lines = (...changes: WatchChange[]): string[] => changes.flatMap((change) => watchLines(change, nameOf));

/** Every sort of change, new, other and gone. */
function everything(): string[] {
  const [bridge, vxlan, veth] = overlay.interfaces;
  const [row] = overlay.fdb;
  const neighbor = [...host.neighbors, ...overlay.neighbors, ...web.neighbors][0];
  assert.ok(bridge && vxlan && veth && row && neighbor);
  const eth0 = fakeLink(web.id, 6, { name: 'eth0' });
  const route = {
    netnsId: web.id,
    family: 'inet',
    table: 254,
    dst: '10.0.1.0/24',
    gateway: '10.0.1.1',
    ifindex: eth0.ifindex,
    ifname: 'eth0',
    metric: 100,
    type: 'unicast',
    scope: 'global',
    protocol: 'static',
    flags: [],
    nextHops: [],
    metrics: {},
  };
  const network = {
    id: 'x8sn',
    name: 'front',
    driver: 'overlay',
    scope: 'swarm',
    vnis: [4097],
    subnets: ['10.0.1.0/24'],
    labels: {},
    engine: '/run/docker.sock',
  };
  return lines(
    { what: 'host', new: sampleSnapshot().host },
    { what: 'network', new: network },
    { what: 'network', old: network, new: { ...network, vnis: [4097, 4098] } },
    { what: 'netns', new: web },
    { what: 'netns', new: { ...web, paths: [], pids: [], owner: undefined as never, joined: [], role: 'OTHER' } },
    { what: 'netns', old: { ...web, role: 'OTHER', networkId: 'x' }, new: { ...web, status: 'DENIED' } },
    { what: 'netns', old: web },
    { what: 'interface', netns: overlay, new: bridge },
    { what: 'interface', netns: overlay, new: vxlan },
    { what: 'interface', netns: overlay, new: veth },
    { what: 'interface', netns: overlay, new: { ...veth, veth: { status: 'PEER_NOT_VISIBLE' } } },
    { what: 'interface', netns: web, old: eth0, new: { ...eth0, mtu: 1400, addresses: ['10.0.1.3/24'], flags: [] } },
    { what: 'interface', netns: web, old: eth0, new: { ...eth0, masterName: 'br0', portAttributes: { state: 'forwarding' } } },
    { what: 'interface', netns: web, old: { ...eth0, carrierChanges: 1 }, new: { ...eth0, carrierChanges: 2 } },
    { what: 'interface', netns: web, old: eth0 },
    { what: 'fdb', netns: overlay, new: row },
    { what: 'fdb', netns: overlay, old: row, new: { ...row, dst: '192.0.2.9' } },
    { what: 'fdb', netns: overlay, old: row },
    { what: 'neighbors', netns: overlay, new: neighbor },
    { what: 'neighbors', netns: overlay, old: neighbor, new: { ...neighbor, state: 'REACHABLE' } },
    { what: 'routes', netns: web, new: route },
    { what: 'routes', netns: web, new: { ...route, table: 255, type: 'local' } },
    { what: 'routes', netns: web, old: route },
    { what: 'gap', new: { status: 'DENIED', message: 'net:[20]: enter: EPERM' } },
    { what: 'gap', old: { status: 'DENIED', message: 'net:[20]: enter: EPERM' } },
  );
}

t.test('every sort of change has the line that people were shown before', async (t) => {
  const text = `${everything().join('\n')}\n`;
  if (update) writeFileSync(GOLDEN, text);
  t.equal(text, readFileSync(GOLDEN, 'utf8'));
});

t.test('names from strangers stay inside their line', async (t) => {
  const link = fakeLink(web.id, 1, { name: 'a\u001b[2J\nb\u202e' });
  t.strictSame(lines({ what: 'interface', netns: web, old: link }), ['- a\\u{1b}[2J\\u{a}b\\u{202e}@app_web.1.x']);
});

t.test('counts leave out what there is none of', async (t) => {
  const none = { namespaces: 0, interfaces: 0, ...eachSection(() => 0) };
  t.equal(countWords(none), '0 namespaces');
  t.equal(
    countWords({ ...none, namespaces: 1, interfaces: 48, fdb: 96, neighbors: 1, routes: 2 }),
    '1 namespace, 48 interfaces, 96 fdb rows, 1 neighbour, 2 routes',
  );
});
