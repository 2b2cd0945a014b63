// What `nsatlas watch --collector` writes, event by event.
import t from 'tap';
import { noRemovals, noRows } from '../../../src/tables/index.js';
import { FabricPrinter } from '../../../src/cli/fabric-printer.js';
import type { PrinterOptions } from '../../../src/cli/watch-printer.js';
import { NO_COUNTS } from '../../../src/model/row-counts.js';
import type { AgentState, FabricEvent, Freshness, HostEntry, Interface, WatchEvent } from '../../../src/model/types.js';
import { fakeLink, fakeNetns, HOST } from '../agent/fake-host.js';

const FRESH: Freshness = { mode: 'EVENTS', ageMs: 0, rescanMs: 60_000, lostEvents: 0, interruptedDumps: 0 };

function entry(host: string, hostName: string, more: Partial<HostEntry> = {}): FabricEvent {
  const counts = { ...NO_COUNTS, namespaces: 1, interfaces: 1, disconnects: 0 };
  return { host, entry: { host, hostName, agent: `${hostName}:7117`, source: '--agent', state: 'LIVE', ...counts, ...more } };
}

function event(host: string, revision: number, body: Omit<WatchEvent, 'cursor'>): FabricEvent {
  return { host, event: { cursor: { epoch: `epoch-${host}`, revision: BigInt(revision) }, ...body } };
}

function links(host: string, revision: number, whole: boolean, interfaces: Interface[]): FabricEvent {
  const none = { removedIfindexes: [], ...noRows(), ...noRemovals() };
  const netns = { ...fakeNetns(1, { role: 'HOST' }), interfaces: [] };
  return event(host, revision, { netns: { netns, whole, interfaces, ...none } });
}

/** What one host is told of at the start. */
function whole(host: string, revision = 1, reason = 'no cursor was given'): FabricEvent[] {
  return [
    event(host, 0, { restart: { reason } }),
    event(host, 0, { host: { ...HOST, id: host } }),
    links(host, revision, true, [fakeLink('net:[1]', 1)]),
    event(host, revision, { synced: { freshness: FRESH } }),
  ];
}

function synced(...hosts: [host: string, hostName: string, state?: AgentState, ageMs?: number][]): FabricEvent {
  const ages = hosts.map(([host, hostName, state = 'LIVE', ageMs = 0]) => ({ host, hostName, state, ageMs }));
  return { synced: { fabric: { hosts: ages } } };
}

interface Printed {
  readonly tell: (...events: FabricEvent[]) => string[];
  readonly said: string[];
  readonly it: FabricPrinter;
}

function printer(options: Partial<PrinterOptions> = {}): Printed {
  const said: string[] = [];
  const it = new FabricPrinter({
    format: 'table',
    initial: false,
    timestamps: false,
    warn: (line) => said.push(line),
    now: () => new Date(0),
    ...options,
  });
  const tell = (...events: FabricEvent[]): string[] =>
    events
      .map((each) => it.textOf(each))
      .join('')
      .split('\n')
      .slice(0, -1);
  return { tell, said, it };
}

t.test('the watch of many hosts', async (t) => {
  t.test('begins with one line for all of them, and has the host in front of each change', async (t) => {
    const { tell, said } = printer();
    const start = [entry('h1', 'node-1'), entry('h2', 'node-2'), ...whole('h1'), ...whole('h2')];
    t.strictSame(tell(...start), []);
    t.strictSame(tell(synced(['h1', 'node-1'], ['h2', 'node-2'])), ['synced: 2 hosts, 2 namespaces, 2 interfaces']);
    const changed = links('h2', 2, false, [fakeLink('net:[1]', 1, { mtu: 1400 })]);
    t.strictSame(tell(changed), ['node-2 ~ eth1@host mtu 1500 → 1400']);
    t.strictSame(said, []);
  });

  t.test('shows a host that comes, falls silent, comes back and is forgotten', async (t) => {
    const { tell } = printer();
    tell(entry('h1', 'node-1'), ...whole('h1'), synced(['h1', 'node-1']));
    t.strictSame(tell(entry('h2', 'node-2', { state: 'SYNCING' }), ...whole('h2')), [
      '+ host node-2 SYNCING agent node-2:7117',
      'node-2 synced: 1 namespace, 1 interface',
    ]);
    const silent = entry('h2', 'node-2', { state: 'STALE', ageMs: 6400, problem: 'silent for 6 s' });
    t.strictSame(tell(silent, silent), ['~ host node-2 SYNCING → 6.4s STALE: silent for 6 s']);
    t.strictSame(tell({ host: 'h2', forgotten: { reason: 'it is gone' } }), ['- host node-2 it is gone']);
    t.strictSame(tell(entry('h2', 'node-2')), ['+ host node-2 LIVE agent node-2:7117']);
  });

  t.test('says at the start which hosts are not heard', async (t) => {
    const { tell, said } = printer();
    tell(entry('h1', 'node-1', { state: 'STALE' }), ...whole('h1'), synced(['h1', 'node-1', 'STALE', 61_000]));
    t.strictSame(said, ['host node-1: 61s STALE; showing its last known state']);
  });

  t.test('with --initial shows everything line by line, the time before the host', async (t) => {
    const { tell } = printer({ initial: true, timestamps: true });
    t.strictSame(tell(entry('h1', 'node-1'), ...whole('h1'), synced(['h1', 'node-1'])), [
      '1970-01-01T00:00:00.000Z + host node-1 LIVE agent node-1:7117',
      '1970-01-01T00:00:00.000Z node-1 + host node-1 id h1 kernel 6.12.0',
      '1970-01-01T00:00:00.000Z node-1 + netns host net:[1] HOST',
      '1970-01-01T00:00:00.000Z node-1 + eth1@host UP 10.0.1.2/24',
      '1970-01-01T00:00:00.000Z synced: 1 host, 1 namespace, 1 interface',
    ]);
  });

  t.test('tells hosts of one name apart', async (t) => {
    const { tell } = printer();
    tell(entry('h1', 'same'), entry('h2', 'same'), ...whole('h1'), ...whole('h2'), synced(['h1', 'same'], ['h2', 'same']));
    t.match(tell(links('h2', 2, false, [fakeLink('net:[1]', 7)]))[0] ?? '', /^same\/h2 \+ eth7@host /);
  });

  t.test('says what one host has to say of its watch with its name', async (t) => {
    const { tell, said } = printer();
    tell(entry('h1', 'evil\u001b[2J'), ...whole('h1'), synced(['h1', 'evil\u001b[2J']));
    tell(...whole('h1', 1, 'the collector was restarted'));
    t.strictSame(said, ['evil\\u{1b}[2J: resyncing: the collector was restarted']);
  });

  t.test('keeps the last cursor of every host that is not forgotten', async (t) => {
    for (const format of ['table', 'json'] as const) {
      const { tell, it: print } = printer({ format });
      tell(entry('h1', 'node-1'), entry('h2', 'node-2'), ...whole('h1', 3), ...whole('h2', 4), ...whole('h3', 5));
      tell({ host: 'h3', forgotten: { reason: 'it is gone' } });
      t.strictSame(print.cursors, [
        { host: 'h1', cursor: { epoch: 'epoch-h1', revision: 3n } },
        { host: 'h2', cursor: { epoch: 'epoch-h2', revision: 4n } },
      ]);
    }
  });

  t.test('as JSON is one line for each event, the proto3 JSON of the message', async (t) => {
    const { tell } = printer({ format: 'json' });
    const lines = tell(entry('h1', 'node-1\u009b'), ...whole('h1', 3), synced(['h1', 'node-1']));
    t.equal(lines.length, 6);
    t.notMatch(lines[0] ?? '', /\u009b/);
    t.strictSame(Object.keys(JSON.parse(lines[0] ?? '') as object), ['host', 'entry']);
    t.strictSame(JSON.parse(lines[4] ?? ''), {
      host: 'h1',
      event: { cursor: { epoch: 'epoch-h1', revision: '3' }, synced: { freshness: FRESH } },
    });
    t.strictSame(Object.keys(JSON.parse(lines[5] ?? '') as object), ['synced']);
  });
});
