// The service of a collector, asked by a foreign client. Its hosts are made up.

import assert from 'node:assert/strict';
import t, { type Test } from 'tap';
import { startCollector } from '../../src/collector/serve/server.js';
import { fakeLink, fakeLog, fakeNetns, withFdb } from '../unit/agent/fake-host.js';
import { FakeMembers, unreachedEntry } from '../unit/collector/fake-members.js';
import { curl, messagesOf } from './agent-rig.js';

t.setTimeout(0);

type Json = Record<string, unknown>;

async function serve(t: Test, members: FakeMembers): Promise<string> {
  const collector = await startCollector({ members, version: '0.1.0', log: fakeLog(), listen: ['127.0.0.1:0'] });
  t.after(() => collector.drain(500));
  return collector.addresses[0] ?? '';
}

async function ask(address: string, method: string, request: object = {}): Promise<Json[]> {
  const said = await curl(address, `/nsatlas.v1.Collector/${method}`, ['-d', JSON.stringify(request)]);
  assert.equal(said.status, 0, said.stderr);
  return messagesOf(said.stdout) as Json[];
}

function items(messages: readonly Json[]): Json[] {
  return messages.flatMap((message) => (message['items'] ?? []) as Json[]);
}

function twoHosts(): FakeMembers {
  const members = new FakeMembers();
  members.add('host-one', [withFdb(1, 700), fakeNetns(2)]);
  members.add('host-two', [withFdb(1, 3)]);
  return members;
}

t.test('a foreign client finds the collector by reflection, and no agent', async (t) => {
  const address = await serve(t, twoHosts());
  const { stdout } = await curl(address, '', ['--list-services']);
  t.match(stdout, /^nsatlas\.v1\.Collector$/m);
  t.notMatch(stdout, /Agent/);
});

t.test('every list has the rows of all hosts, each with its host, and tells once how old they are', async (t) => {
  const members = twoHosts();
  members.setState('host-two', 'STALE');
  const address = await serve(t, members);
  for (const [rpc, count] of [
    ['ListNetns', 3],
    ['ListInterfaces', 3],
    ['ListVxlans', 0],
    ['ListVethPairs', 0],
    ['ListFdb', 703],
    ['ListNeighbors', 0],
    ['ListRoutes', 0],
  ] as const) {
    const messages = await ask(address, rpc);
    t.equal(items(messages).length, count, rpc);
    const ages = messages.flatMap((message) => (message['fabric'] === undefined ? [] : [message['fabric']]));
    t.strictSame(
      ages,
      [
        {
          hosts: [
            { host: 'host-one', hostName: 'name-of-host-one', state: 'LIVE', ageMs: 3 },
            { host: 'host-two', hostName: 'name-of-host-two', state: 'STALE', ageMs: 61_000 },
          ],
        },
      ],
      rpc,
    );
    t.ok(messages.every((message) => message['freshness'] === undefined));
  }
  const hosts = items(await ask(address, 'ListFdb')).map(({ host }) => host);
  t.strictSame([...new Set(hosts)], ['host-one', 'host-two']);
});

t.test('a list is narrowed to hosts by name, id and the beginning of an id', async (t) => {
  const address = await serve(t, twoHosts());
  for (const wanted of ['name-of-host-two', 'host-two', 'host-t']) {
    const messages = await ask(address, 'ListFdb', { selector: { hosts: [wanted] } });
    t.strictSame([...new Set(items(messages).map(({ host }) => host))], ['host-two'], wanted);
  }
  t.strictSame(items(await ask(address, 'ListFdb', { selector: { hosts: ['elsewhere'] } })), []);
});

t.test('what is wrong with agents is a gap of every answer that it bears on', async (t) => {
  const members = twoHosts();
  members.unreached = [unreachedEntry('192.0.2.9:7117')];
  members.problems = [
    { status: 'FAILED', operation: 'follow', message: '192.0.2.9:7117: connection refused' },
    { host: 'host-two', status: 'STALE_HOST', operation: 'follow', message: 'host-two is silent' },
  ];
  const address = await serve(t, members);
  const gaps = async (method: string, request: object = {}): Promise<unknown[]> =>
    (await ask(address, method, request)).flatMap((message) => ((message['gaps'] ?? []) as Json[]).map((gap) => gap['message']));
  const both = ['192.0.2.9:7117: connection refused', 'host-two is silent'];
  for (const method of ['ListNetns', 'ListOverlays', 'ListEndpoints', 'ListHosts', 'GetStatus'])
    t.strictSame(await gaps(method), both, method);
  t.strictSame(await gaps('ListNetns', { selector: { hosts: ['host-two'] } }), ['host-two is silent']);
  t.strictSame(await gaps('ListNetns', { selector: { hosts: ['host-one'] } }), []);
});

t.test('hosts are listed with their agents, reached or not', async (t) => {
  const members = twoHosts();
  members.unreached = [unreachedEntry('192.0.2.9:7117')];
  const address = await serve(t, members);
  const all = items(await ask(address, 'ListHosts'));
  t.strictSame(
    all.map(({ host, agent, state }) => [host, agent, state]),
    [
      ['host-one', 'host-one:7117', 'LIVE'],
      ['host-two', 'host-two:7117', 'LIVE'],
      [undefined, '192.0.2.9:7117', 'UNREACHABLE'],
    ],
  );
  const one = items(await ask(address, 'ListHosts', { selector: { hosts: ['host-one'] } }));
  t.strictSame(
    one.map(({ host }) => host),
    ['host-one'],
  );
  const [status] = await ask(address, 'GetStatus');
  t.strictSame(
    [status?.['hosts'], status?.['namespaces'], status?.['agents']],
    [
      2,
      3,
      [
        { state: 'LIVE', agents: 2 },
        { state: 'UNREACHABLE', agents: 1 },
      ],
    ],
  );
});

t.test('snapshots come one after the other, each beginning with its host', async (t) => {
  const address = await serve(t, twoHosts());
  const parts = await ask(address, 'GetSnapshot');
  const order: unknown[] = parts.flatMap(({ host, namespaces }) => [
    ...(host === undefined ? [] : [(host as Json)['id']]),
    ...((namespaces ?? []) as Json[]).map(({ id }) => id),
  ]);
  t.strictSame(
    [...new Set(order.map((word, at) => `${String(word)}${at > order.indexOf('host-two') ? '*' : ''}`))],
    ['host-one', 'net:[1]', 'net:[2]', 'host-two', 'net:[1]*'],
  );
});

t.test('what a collector cannot do is refused with the reason', async (t) => {
  const address = await serve(t, twoHosts());
  const refused = async (method: string, request: object): Promise<string> =>
    (await curl(address, `/nsatlas.v1.Collector/${method}`, ['-d', JSON.stringify(request)])).stderr;
  t.match(await refused('ListInterfaces', { counters: true }), /invalid_argument[\s\S]*ask the agent/);
  t.match(await refused('GetSnapshot', { counters: true }), /invalid_argument[\s\S]*ask the agent/);
  t.match(await refused('ListHosts', { selector: { vnis: [1] } }), /invalid_argument[\s\S]*`hosts` only/);
  t.match(await refused('ListNetns', { selector: { ips: ['x'] } }), /invalid_argument[\s\S]*is not an IP address/);
  t.match(await refused('Watch', { selector: { vnis: [1] } }), /invalid_argument[\s\S]*narrowed by namespaces/);
});

t.test('a watch tells all hosts, the mark, and each change with its host', async (t) => {
  const members = twoHosts();
  const address = await serve(t, members);
  setTimeout(() => members.members()[1]?.live !== undefined && change(members), 1500);
  const { stdout } = await curl(address, '/nsatlas.v1.Collector/Watch', [
    '-d',
    JSON.stringify({ selector: { hosts: ['host-two'] }, heartbeatMs: 500 }),
    '--timeout',
    '4s',
  ]);
  const events = messagesOf(stdout) as Json[];
  const words = events.map(({ event, entry, synced }) =>
    entry !== undefined
      ? 'entry'
      : synced !== undefined
        ? 'SYNCED'
        : Object.keys(event as Json).filter((key) => key !== 'cursor')[0],
  );
  t.equal(words[0], 'entry');
  t.ok(words.indexOf('restart') > 0 && words.indexOf('SYNCED') > words.indexOf('netns'), words.join(' '));
  t.ok(words.filter((word) => word === 'SYNCED').length > 2, 'heartbeats');
  t.ok(words.slice(words.indexOf('SYNCED')).includes('netns'), 'the change');
  t.ok(events.every(({ host, synced }) => host === 'host-two' || synced !== undefined));
});

function change(members: FakeMembers): void {
  const [, second] = members.members();
  (second?.live as unknown as { setLink(link: unknown): void }).setLink(fakeLink('net:[1]', 9));
}
