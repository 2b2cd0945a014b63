import assert from 'node:assert/strict';
import t from 'tap';
import type { Gap, HostSnapshot, Listing, Neighbor } from '../../../src/model/types.js';
import { WireError } from '../../../src/wire/error.js';
import { parseSnapshotJson, toJson } from '../../../src/wire/json.js';
import { gap, host, link, netns, snapshot } from './maximal-model.js';

/** The maximal snapshot's JSON with one thing changed. */
function changed(change: (json: Json) => void): string {
  const json = JSON.parse(toJson(snapshot)) as Json;
  change(json);
  return JSON.stringify(json);
}
interface Json {
  host: Record<string, unknown>;
  namespaces: (Record<string, unknown> & { interfaces: (Record<string, unknown> & { counters: Record<string, unknown> })[] })[];
  [field: string]: unknown;
}
const netnsOf = (json: Json): Json['namespaces'][number] => json.namespaces[0] as Json['namespaces'][number];
const linkOf = (json: Json): Json['namespaces'][number]['interfaces'][number] => netnsOf(json).interfaces[0] as never;

function problem(text: string): WireError {
  try {
    parseSnapshotJson(text);
  } catch (cause) {
    assert.ok(cause instanceof WireError);
    return cause;
  }
  return assert.fail('was accepted');
}

t.test('64-bit numbers are strings and bytes are base64', async (t) => {
  const json = JSON.parse(toJson(snapshot)) as Json;
  t.equal(netnsOf(json)['cookie'], '9223372036854775808');
  t.equal(linkOf(json).counters['rxPackets'], '18446744073709551615');
  t.equal(linkOf(json).counters['rxOtherhostDropped'], '9007199254740993');
  t.equal(linkOf(json)['nameBytes'], 'dnj/AP4=');
  t.strictSame(linkOf(json)['unknownAttributes'], { 'data/47': 'AAE=', 'port/12': '' });
});

t.test('an empty answer says that it is empty, and inner lists and absent optionals are left out', async (t) => {
  t.strictSame(JSON.parse(toJson({ items: [], gaps: [] } satisfies Listing<Neighbor>)), { items: [], gaps: [] });
  const small: Gap = { status: 'DENIED', message: '' };
  t.strictSame(JSON.parse(toJson({ items: [], gaps: [small] })), { items: [], gaps: [{ status: 'DENIED', message: '' }] });
  const bare: HostSnapshot = {
    host: { ...host, engines: [] },
    namespaces: [{ ...netns, joined: [], owner: { ...netns.owner, labels: {} } }],
    gaps: [],
    networks: [],
  };
  const json = JSON.parse(toJson(bare)) as Json;
  t.strictSame(Object.keys(json), ['host', 'namespaces', 'gaps', 'networks']);
  t.equal('engines' in json.host, false);
  t.equal('joined' in netnsOf(json), false);
  t.equal('labels' in (netnsOf(json)['owner'] as object), false);
});

t.test('numbers, texts and booleans that always have a value are written when that is zero', async (t) => {
  const zero = {
    ...netns,
    interfaces: [{ ...link, mtu: 0, name: '' }],
    tables: [{ table: 'FDB', status: 'OK', rows: 0, attempts: 1 }] as const,
  };
  const json = JSON.parse(toJson({ ...snapshot, namespaces: [zero] })) as Json;
  t.equal(linkOf(json)['mtu'], 0);
  t.equal(linkOf(json)['name'], '');
  t.strictSame(netnsOf(json)['tables'], [{ table: 'FDB', status: 'OK', rows: 0, attempts: 1 }]);
});

t.test('halves of surrogate pairs become U+FFFD, and a label named __proto__ stays a label', async (t) => {
  const labels = JSON.parse('{"__proto__":"x","half":"a\\ud800b"}') as Record<string, string>;
  const text = toJson({ ...snapshot, namespaces: [{ ...netns, owner: { ...netns.owner, labels } }] });
  t.notMatch(text, /\\ud800/);
  const read = parseSnapshotJson(text).namespaces[0]?.owner?.labels;
  t.strictSame(Object.entries(read ?? {}), [
    ['__proto__', 'x'],
    ['half', 'a\u{fffd}b'],
  ]);
});

t.test('NaN and infinities are the strings of proto3 JSON', async (t) => {
  const text = toJson({ ...snapshot, host: { ...host, durationMs: Number.NaN } });
  t.match(text, /"durationMs": "NaN"/);
  t.strictSame(parseSnapshotJson(text).host.durationMs, Number.NaN);
});

t.test('fields that this release does not know are ignored, null is absence, and what is left out is zero', async (t) => {
  const read = parseSnapshotJson(
    changed((json) => {
      json['newField'] = { a: 1 };
      linkOf(json)['newField'] = [1];
      linkOf(json)['alias'] = null;
      delete linkOf(json)['mtu'];
      delete linkOf(json)['rawFlags'];
      delete linkOf(json)['flags'];
      linkOf(json)['attributes'] = null;
      delete netnsOf(json)['role'];
    }),
  );
  const [read0] = read.namespaces[0]?.interfaces ?? [];
  assert.ok(read0 !== undefined);
  assert.equal('alias' in read0, false);
  assert.equal('mtu' in read0, false);
  assert.equal(read0.rawFlags, 0);
  assert.deepEqual(read0.flags, []);
  t.strictSame(read0.attributes, {});
  t.equal(read.namespaces[0]?.role, 'ROLE_UNSPECIFIED');
});

t.test('other spellings of proto3 JSON are read', async (t) => {
  const read = parseSnapshotJson(
    changed((json) => {
      netnsOf(json)['cookie'] = 17;
      netnsOf(json)['dev'] = '4';
      netnsOf(json)['role'] = 3;
      linkOf(json)['nameBytes'] = 'dnj_AP4';
      json.host['durationMs'] = '1e3';
    }),
  );
  const [read0] = read.namespaces;
  t.strictSame([read0?.cookie, read0?.dev, read0?.role, read.host.durationMs], [17n, 4, 'OVERLAY', 1000]);
  t.strictSame(read0?.interfaces[0]?.nameBytes, link.nameBytes);
});

const WRONG: readonly [string, string, (json: Json) => void][] = [
  ['a number for a string', 'namespaces[0].interfaces[0].name: has to be a string, not 5', (json) => (linkOf(json)['name'] = 5)],
  [
    'a string for a number',
    'namespaces[0].interfaces[0].mtu: has to be an integer from 0 to 4294967295, not "big"',
    (json) => (linkOf(json)['mtu'] = 'big'),
  ],
  [
    'a negative ifindex',
    'namespaces[0].interfaces[0].ifindex: has to be an integer from 0 to 4294967295, not -1',
    (json) => (linkOf(json)['ifindex'] = -1),
  ],
  ['a fraction', 'namespaces[0].dev: has to be an integer from 0 to 4294967295, not 1.5', (json) => (netnsOf(json)['dev'] = 1.5)],
  [
    'a counter beyond 64 bits',
    'namespaces[0].cookie: has to be an integer from 0 to 18446744073709551615, not 18446744073709551616',
    (json) => (netnsOf(json)['cookie'] = '18446744073709551616'),
  ],
  [
    'a counter that a double cannot hold',
    'namespaces[0].cookie: has to be an integer from 0 to 18446744073709551615, not 18446744073709552000',
    (json) => (netnsOf(json)['cookie'] = 2 ** 64),
  ],
  [
    'an unknown role',
    'namespaces[0].role: has to be a Role of this release, not "GATEWAY"',
    (json) => (netnsOf(json)['role'] = 'GATEWAY'),
  ],
  ['an object for a list', 'namespaces[0].paths: has to be a list, not an object', (json) => (netnsOf(json)['paths'] = {})],
  [
    'a list for a map',
    'namespaces[0].owner.labels: has to be an object, not a list',
    (json) => ((netnsOf(json)['owner'] as Json)['labels'] = []),
  ],
  ['null in a list', 'namespaces[0].paths[0]: is missing', (json) => (netnsOf(json)['paths'] = [null])],
  [
    'bytes that are no base64',
    'namespaces[0].interfaces[0].infoData: has to be base64, not "*"',
    (json) => (linkOf(json)['infoData'] = '*'),
  ],
  [
    'bytes of a length that base64 cannot have',
    'namespaces[0].interfaces[0].infoData: has to be base64, not "AAAAA"',
    (json) => (linkOf(json)['infoData'] = 'AAAAA'),
  ],
  [
    'a time that is none',
    'host.readAt: has to be a time like 2026-01-31T12:00:00.000Z, not "yesterday"',
    (json) => (json.host['readAt'] = 'yesterday'),
  ],
  ['no time', 'host.readAt: is missing', (json) => delete json.host['readAt']],
  ['no host', 'host: is missing', (json) => delete (json as Partial<Json>).host],
  [
    'a map value of the wrong type',
    'namespaces[0].routes[0].metrics.mtu: has to be an integer from 0 to 4294967295, not true',
    (json) => (netnsOf(json)['routes'] = [{ metrics: { mtu: true } }]),
  ],
];

for (const [what, message, change] of WRONG) {
  t.test(`${what} is an error that names the field`, async (t) => {
    const { message: said, path } = problem(changed(change));
    t.equal(said, message);
    t.equal(path, message.split(': ')[0]);
  });
}

t.test('text that is no JSON, and JSON that is no object, are errors', async (t) => {
  t.match(problem('{"host":').message, /^is not JSON: /);
  t.equal(problem('[]').message, 'has to be a HostSnapshot object, not a list');
  t.equal(problem('null').message, 'is missing');
  t.ok(problem('{').cause instanceof SyntaxError);
});

t.test('a listing is written in the order of the model', async (t) => {
  t.strictSame(Object.keys(JSON.parse(toJson({ items: [], gaps: [gap] })) as object), ['items', 'gaps']);
});
