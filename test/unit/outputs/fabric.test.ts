// The tables of many hosts. `node dist/test/unit/outputs/fabric.test.js --update` writes the goldens anew.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { LISTS } from '../../../src/model/lists.js';
import { NO_COUNTS, rowCounts } from '../../../src/model/row-counts.js';
import type { Endpoint, HostEntry, Ifindex, Overlay, OverlayMember } from '../../../src/model/types.js';
import type { Document, ListDocument } from '../../../src/outputs/contract.js';
import { shortDuration } from '../../../src/text/duration.js';
import { hostLine } from '../../../src/outputs/host-lines.js';
import { OUTPUTS } from '../../../src/outputs/registry.gen.js';
import { output as table } from '../../../src/outputs/table.js';
import { ROOT } from '../../support/root.js';
import { rendered } from '../../support/rendered.js';
import { sampleSnapshot, WEB } from '../../support/sample.js';

const update = process.argv.includes('--update');
const plain = {};

function assertGolden(name: string, text: string): void {
  const path = join(ROOT, `test/fixtures/outputs/${name}.txt`);
  if (update) writeFileSync(path, text);
  assert.equal(text, readFileSync(path, 'utf8'));
}

const KNOWN: Record<string, number> = { fdb: 7, neighbors: 8, routes: 50 };

const entry: HostEntry = {
  host: 'k0a1b2c3d4e5f6g7h8i9j0k1l',
  hostName: 'node-1',
  agent: '192.0.2.11:7117',
  source: 'swarm:/var/run/docker.sock:7117',
  state: 'LIVE',
  ageMs: 420,
  freshness: { mode: 'EVENTS', ageMs: 400, rescanMs: 60_000, lostEvents: 0, interruptedDumps: 0 },
  namespaces: 9,
  interfaces: 40,
  ...rowCounts((section) => KNOWN[section] ?? 0),
  gaps: 0,
  disconnects: 0,
  resyncs: 0,
  details: { ...sampleSnapshot().host, name: 'node-1' },
};

const silent: HostEntry = {
  ...entry,
  host: 'k2',
  hostName: 'node-2',
  agent: '192.0.2.12:7117',
  state: 'STALE',
  ageMs: 61_000,
  gaps: 2,
  disconnects: 1,
  problem: 'silent for 61 s; is its network up?',
};

const { host: _host, hostName: _name, ageMs: _age, freshness: _freshness, details: _details, ...bare } = entry;
const neverReached: HostEntry = {
  ...bare,
  agent: '192.0.2.13:7117',
  state: 'UNREACHABLE',
  problem: 'connection refused\u001b[2J',
  ...NO_COUNTS,
};

const member: OverlayMember = {
  host: 'k1',
  hostName: 'node-1',
  netnsId: 'net:[4026532287]',
  netnsName: 'overlay:app_net',
  ifindex: 5 as Ifindex,
  ifname: 'vxlan0',
  vtep: '192.0.2.11',
  vtepSource: 'local',
  operState: 'UNKNOWN',
  mtu: 1450,
  dstPort: 4789,
  subnets: ['10.0.9.1/24'],
  endpoints: 3,
  fdbEntries: 4,
  remotes: [
    { vtep: '192.0.2.12', host: 'k2', hostName: 'node-2', fdbEntries: 2 },
    { vtep: '192.0.2.99', fdbEntries: 1 },
    { vtep: '10.77.0.2', host: 'k2', hostName: 'node-2', fdbEntries: 1 },
  ],
  state: 'LIVE',
  ageMs: 420,
};

const { fdbEntries: _entries, ...unread } = member;
const overlay: Overlay = {
  id: 'x8sn2ys3vd/4097',
  networkId: 'x8sn2ys3vd',
  networkName: 'app_net',
  vni: 4097,
  subnets: ['10.0.9.1/24'],
  endpoints: 4,
  encrypted: true,
  members: [
    member,
    {
      ...unread,
      host: 'k2',
      hostName: 'node-2',
      vtep: '192.0.2.12',
      operState: 'DOWN',
      endpoints: 1,
      remotes: [],
      state: 'STALE',
      ageMs: 61_000,
    },
  ],
};

const endpoint: Endpoint = {
  overlay: overlay.id,
  networkId: 'x8sn2ys3vd',
  networkName: 'app_net',
  vni: 4097,
  host: 'k1',
  hostName: 'node-1',
  ips: ['10.0.9.11'],
  mac: '02:42:0a:00:09:0b',
  netnsId: 'net:[4026532300]',
  netnsName: 'app_web.1.x',
  ifindex: 9 as Ifindex,
  ifname: 'eth0',
  role: 'CONTAINER',
  owner: WEB,
  operState: 'UP',
  port: { netnsId: 'net:[4026532287]', ifindex: 10 as Ifindex, name: 'veth1' },
  portOperState: 'UP',
  status: 'PAIRED',
  vtep: '192.0.2.11',
  state: 'LIVE',
  ageMs: 420,
};

/** A port behind which nobody is seen. */
const invisible: Endpoint = {
  overlay: overlay.id,
  networkName: 'app_net',
  vni: 4097,
  host: 'k2',
  hostName: 'node-2',
  ips: [],
  port: { netnsId: 'net:[4026532290]', ifindex: 12 as Ifindex, name: 'veth3' },
  portOperState: 'LOWERLAYERDOWN',
  status: 'PEER_NOT_VISIBLE',
  vtep: '192.0.2.12',
  state: 'STALE',
  ageMs: 61_000,
};

const documents: Record<'hosts' | 'overlays' | 'endpoints', Document> = {
  hosts: { name: 'hosts', listing: { items: [entry, silent, neverReached], gaps: [] } },
  overlays: { name: 'overlays', listing: { items: [overlay], gaps: [] } },
  endpoints: { name: 'endpoints', listing: { items: [endpoint, invisible], gaps: [] } },
};

t.test('the tables of many hosts', async (t) => {
  for (const [name, document] of Object.entries(documents)) {
    t.test(`${name} are as the golden has them`, async () => assertGolden(name, rendered(table, document, plain)));

    t.test(`${name} are the same text in colour, and something is coloured`, async (t) => {
      const coloured = rendered(table, document, { paint: (_mood, text) => `\u001b[31m${text}\u001b[39m` });
      t.match(coloured, /\u001b\[31m/);
      t.equal(coloured.replaceAll(/\u001b\[\d+m/g, ''), rendered(table, document, plain));
    });

    t.test(`${name} without anything are a heading`, async (t) => {
      const empty = { name, listing: { items: [], gaps: [] } } as ListDocument;
      t.match(rendered(table, empty, plain), /^[A-Z][A-Z ]+\n$/);
    });
  }

  t.test('a host that was never reached has no counts, not none', async (t) => {
    t.notMatch(rendered(table, { name: 'hosts', listing: { items: [neverReached], gaps: [] } }, plain), / 0 /);
  });

  t.test('of the VTEPs that rows lead to those that no host has come first, and are never among those left out', async (t) => {
    const known = Array.from({ length: 30 }, (_, at) => ({
      vtep: `192.0.3.${at}`,
      host: `h${at}`,
      hostName: `n${at}`,
      fdbEntries: 1,
    }));
    const remotes = [...known, { vtep: '203.0.113.9', fdbEntries: 7 }];
    const members = [
      { ...member, remotes },
      ...known.map(({ host, hostName, vtep }) => ({ ...member, host, hostName, vtep, remotes: [] })),
    ];
    const text = rendered(table, { name: 'overlays', listing: { items: [{ ...overlay, members }], gaps: [] } }, plain);
    t.match(text, / \?203\.0\.113\.9\(7\) n0\(1\) n1\(1\) n2\(1\) \+27 /);
  });

  t.test('an overlay that no host is known to have is a line all the same', async (t) => {
    const text = rendered(table, { name: 'overlays', listing: { items: [{ ...overlay, members: [] }], gaps: [] } }, plain);
    t.match(text, /^app_net +4097 /m);
  });

  t.test('a name from a stranger stays in its cell, whoever says it', async (t) => {
    const evil = 'x\u001b[2J\n\u202e';
    const documents_: Document[] = [
      { name: 'hosts', listing: { items: [{ ...silent, hostName: evil, problem: evil, source: evil, agent: evil }], gaps: [] } },
      {
        name: 'overlays',
        listing: {
          items: [
            {
              ...overlay,
              networkName: evil,
              members: [{ ...member, hostName: evil, remotes: [{ vtep: evil, fdbEntries: 1, host: 'k9', hostName: evil }] }],
            },
          ],
          gaps: [],
        },
      },
      { name: 'endpoints', listing: { items: [{ ...endpoint, hostName: evil, netnsName: evil, networkName: evil }], gaps: [] } },
    ];
    for (const document of documents_)
      for (const output of OUTPUTS) {
        const text = rendered(output, document, plain);
        t.notMatch(text.replaceAll('\n', ''), /[\p{Cc}\p{Cf}]/u);
        if (output === table) t.equal(text.split('\n').length, 3);
      }
  });

  t.test('JSON has items, gaps and, of a collector’s answer, the ages of the fabric', async (t) => {
    const fabric = { hosts: [{ host: 'k1', hostName: 'node-1', state: 'LIVE' as const, ageMs: 420 }] };
    const json = OUTPUTS.find(({ format }) => format === 'json');
    assert.ok(json);
    const listing = { items: [endpoint], gaps: [], fabric };
    const parsed = JSON.parse(rendered(json, { name: 'endpoints', listing }, plain)) as Record<string, unknown>;
    t.strictSame(Object.keys(parsed).sort(), ['fabric', 'gaps', 'items']);
    t.strictSame(parsed['fabric'], fabric);
  });
});

t.test('lists of one host’s things over several hosts', async (t) => {
  const listing = LISTS.vxlans.list(sampleSnapshot(), {});

  t.test('say the host of each row, and the age of one that is silent', async () => {
    const other = listing.items.map((row) => ({ ...row, host: 'host-2' }));
    const hosts = [
      { host: 'host-1', hostName: 'node-1', state: 'LIVE' as const, ageMs: 300 },
      { host: 'host-2', hostName: 'node-2', state: 'STALE' as const, ageMs: 300_000 },
    ];
    const document: Document = { name: 'vxlans', listing: { items: [...listing.items, ...other], gaps: [] }, hosts };
    assertGolden('vxlans-of-hosts', rendered(table, document, plain));
  });

  t.test('tell two hosts of one name apart by their ids', async (t) => {
    const hosts = [
      { host: 'host-1', hostName: 'same' },
      { host: 'host-2', hostName: 'same' },
    ];
    const text = rendered(table, { name: 'vxlans', listing, hosts }, plain);
    t.match(text, /^same\/host-1 +app_net /m);
    t.notMatch(text, /AGE/);
  });

  t.test('show a host of which only the id is known by its id', async (t) => {
    t.match(rendered(table, { name: 'vxlans', listing, hosts: [] }, plain), /^host-1 +app_net /m);
  });
});

t.test('what becomes of a host, as a line', async (t) => {
  t.test('says what is new, who fell silent and who is forgotten', async (t) => {
    t.strictSame(
      [
        hostLine(undefined, entry),
        hostLine(undefined, neverReached),
        hostLine({ ...silent, state: 'LIVE' }, silent),
        hostLine(silent, { ...silent, state: 'LIVE', agent: '192.0.2.20:7117' }),
        hostLine(entry, { ...entry, agent: '192.0.2.21:7117' }),
        hostLine(entry, { ...entry, ageMs: 5 }),
        hostLine(silent, undefined, 'its agent was not found any more for 10 min'),
        hostLine(undefined, undefined),
      ],
      [
        '+ host node-1 LIVE agent 192.0.2.11:7117',
        '+ host 192.0.2.13:7117 UNREACHABLE agent 192.0.2.13:7117: connection refused\\u{1b}[2J',
        '~ host node-2 LIVE → 61s STALE: silent for 61 s; is its network up?',
        '~ host node-2 STALE → LIVE: silent for 61 s; is its network up?',
        '~ host node-1 agent 192.0.2.11:7117 → 192.0.2.21:7117',
        undefined,
        '- host node-2 its agent was not found any more for 10 min',
        undefined,
      ],
    );
  });
});

t.test('ages', async (t) => {
  t.test('are in the unit that people would say', async (t) => {
    const words = [0, 420, 9_960, 61_000, 300_000, 8_000_000, 400_000_000].map(shortDuration);
    t.strictSame(words, ['0.0s', '0.4s', '10.0s', '61s', '5m', '2h', '5d']);
  });
});
