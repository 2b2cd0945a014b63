import t from 'tap';
import {
  assignOwners,
  type NetnsReferences,
  networkOf,
  type OwnerClaim,
  type OwnerProofs,
  type Ownership,
  resolveNetwork,
} from '../../../src/model/owners.js';
import type { Network } from '../../../src/model/types.js';

const HOST: NetnsReferences = { id: 'net:[1]', paths: ['/run/docker/netns/default'], pids: [1, 2, 300], isHost: true };
const WEB = namespace(10, ['/run/docker/netns/aaaaaaaaaaaa'], [4711, 4712, 4713]);
const DB = namespace(11, ['/run/docker/netns/bbbbbbbbbbbb'], [4800]);

function namespace(ino: number, paths: string[], pids: number[]): NetnsReferences {
  return { id: `net:[${ino}]`, paths, pids, isHost: false };
}

function idOf(name: string): string {
  return Buffer.from(name).toString('hex').padEnd(64, '0');
}

interface ClaimOptions {
  key?: string | undefined;
  mode?: string;
  engine?: string;
}

function claim(name: string, pid: number, { key, mode = 'bridge', engine = '/run/docker.sock' }: ClaimOptions = {}): OwnerClaim {
  return {
    owner: {
      containerId: idOf(name),
      containerName: name,
      image: 'box',
      labels: {},
      networkMode: mode,
      networkModeRaw: mode,
      networks: [],
      engine,
      pid,
    },
    pid,
    ...(key !== undefined && { sandboxKey: key }),
  };
}

const WEB_KEY = '/var/run/docker/netns/aaaaaaaaaaaa';
const DB_KEY = '/var/run/docker/netns/bbbbbbbbbbbb';
const HOST_KEY = '/var/run/docker/netns/default';

/** Nothing can be read of any process. */
const BLIND: OwnerProofs = { containerIdsOf: () => undefined, narrowed: false };

/** The control groups of these processes name these containers, those of all others none. */
function groups(members: Record<number, string | string[]>): OwnerProofs {
  return { containerIdsOf: (pid) => [members[pid] ?? []].flat().map(idOf), narrowed: false };
}

/** What came out, in names. */
function told({ owners, joined, gaps }: Ownership): object {
  return {
    owners: Object.fromEntries([...owners].map(([id, owner]) => [id, owner.containerName])),
    joined: Object.fromEntries([...joined].map(([id, list]) => [id, list.map((owner) => owner.containerName)])),
    gaps: gaps.map(({ status }) => status),
  };
}

function run(claims: OwnerClaim[], proofs: OwnerProofs, namespaces = [HOST, WEB, DB]): Ownership {
  return assignOwners(namespaces, { containers: claims }, proofs);
}

t.test('a container owns the namespace that is mounted under its sandbox’s name and has its process in it', async (t) => {
  const result = run(
    [claim('web', 4711, { key: WEB_KEY }), claim('db', 4800, { key: DB_KEY })],
    groups({ 4711: 'web', 4800: 'db' }),
  );
  t.strictSame(told(result), { owners: { 'net:[10]': 'web', 'net:[11]': 'db' }, joined: {}, gaps: [] });
});

t.test('joined containers and those on the host’s network are guests where their process is', async (t) => {
  const result = run(
    [
      claim('web', 4711, { key: WEB_KEY }),
      claim('sidecar', 4712, { mode: 'container' }),
      claim('a-sidecar', 4713, { mode: 'container' }),
      claim('exporter', 300, { key: HOST_KEY, mode: 'host' }),
    ],
    groups({ 4711: 'web', 4712: 'sidecar', 4713: 'a-sidecar', 300: 'exporter' }),
  );
  t.strictSame(told(result), {
    owners: { 'net:[10]': 'web' },
    joined: { 'net:[10]': ['a-sidecar', 'sidecar'], 'net:[1]': ['exporter'] },
    gaps: [],
  });
});

t.test('a sandbox that is one namespace and a process that is in another are a contradiction, not a choice', async (t) => {
  for (const proofs of [BLIND, groups({ 4800: 'web' })]) {
    const result = run([claim('web', 4800, { key: WEB_KEY })], proofs);
    t.strictSame(told(result), { owners: {}, joined: {}, gaps: ['UNPROVEN'] });
    t.match(
      result.gaps[0]?.message ?? '',
      /^container web \([0-9a-f]{12}\): its process 4800 is in net:\[11\], but .*aaaaaaaaaaaa is net:\[10\]$/,
    );
    t.equal(result.gaps[0]?.engine, '/run/docker.sock');
  }
});

t.test('a process id that belongs to somebody else here says nothing: the engine counts in another pid namespace', async (t) => {
  const result = run([claim('web', 300, { key: WEB_KEY })], groups({ 300: [] }));
  t.strictSame(told(result), { owners: { 'net:[10]': 'web' }, joined: {}, gaps: [] });
});

t.test('containers of an engine in another pid namespace are found by their control groups', async (t) => {
  const result = run(
    [
      claim('web', 7, { key: WEB_KEY }),
      claim('sidecar', 300, { mode: 'container' }),
      claim('exporter', 2, { key: HOST_KEY, mode: 'host' }),
    ],
    groups({ 4711: ['outer', 'web'], 4712: ['outer', 'sidecar'], 1: [], 2: [], 300: ['outer', 'exporter'] }),
  );
  t.strictSame(told(result), {
    owners: { 'net:[10]': 'web' },
    joined: { 'net:[10]': ['sidecar'], 'net:[1]': ['exporter'] },
    gaps: [],
  });
});

t.test('a process of a container within a container is not the outer one’s', async (t) => {
  const result = run([claim('web', 4800, { key: WEB_KEY })], groups({ 4711: 'web', 4800: ['web', 'inner'] }));
  t.strictSame(told(result), { owners: { 'net:[10]': 'web' }, joined: {}, gaps: [] });
});

t.test('a sandbox of the same name in another engine’s directory is another one', async (t) => {
  const mine = namespace(70, ['/run/docker/netns/eeeeeeeeeeee'], []);
  const other = namespace(71, ['/run/docker2/netns/eeeeeeeeeeee'], []);
  const result = run([claim('web', 9, { key: '/var/run/docker/netns/eeeeeeeeeeee' })], BLIND, [HOST, mine, other]);
  t.strictSame(told(result), { owners: { 'net:[70]': 'web' }, joined: {}, gaps: [] });
});

t.test('the name "default" alone is no proof: every engine has one', async (t) => {
  const result = run([claim('exporter', 300, { key: HOST_KEY, mode: 'host' })], groups({ 300: [] }));
  t.strictSame(told(result), { owners: {}, joined: {}, gaps: ['UNPROVEN'] });
});

t.test('a container on the network of an engine that does not live in this machine’s namespace is there, not here', async (t) => {
  const nested = namespace(20, ['/proc/900/root/run/docker/netns/default'], [900, 901]);
  const result = run([claim('inner', 2, { key: HOST_KEY, mode: 'host' })], groups({ 901: ['dind', 'inner'], 900: 'dind' }), [
    HOST,
    nested,
  ]);
  t.strictSame(told(result), { owners: {}, joined: { 'net:[20]': ['inner'] }, gaps: [] });
});

t.test('without a look at processes the sandbox’s name suffices', async (t) => {
  const dark = [HOST, WEB, DB].map((each) => ({ ...each, pids: [] }));
  const result = run([claim('web', 4711, { key: WEB_KEY }), claim('sidecar', 4712, { mode: 'container' })], BLIND, dark);
  t.strictSame(told(result), { owners: { 'net:[10]': 'web' }, joined: {}, gaps: ['VANISHED'] });
});

t.test('a process that lives and whose namespace is not to be seen is a failure, not a container that ended', async (t) => {
  const dark = [HOST, WEB, DB].map((each) => ({ ...each, pids: [] }));
  const proofs = groups({ 4711: 'web', 4712: 'sidecar' });
  const result = run([claim('web', 4711, { key: WEB_KEY }), claim('sidecar', 4712, { mode: 'container' })], proofs, dark);
  t.strictSame(told(result), { owners: { 'net:[10]': 'web' }, joined: {}, gaps: ['UNPROVEN'] });
});

t.test('a container that ended in between is a fact, and its process id that somebody else has now is no proof', async (t) => {
  const result = run(
    [claim('web', 4711, { key: WEB_KEY }), claim('gone', 4800, { key: '/var/run/docker/netns/cccccccccccc' })],
    groups({ 4711: 'web', 4800: 'db' }),
  );
  t.strictSame(told(result), { owners: { 'net:[10]': 'web' }, joined: {}, gaps: ['VANISHED'] });
});

t.test('an engine of which nothing at all was found is a failure', async (t) => {
  const key = '/var/run/docker/netns/cccccccccccc';
  const result = run(
    [claim('web', 4711, { key: WEB_KEY }), claim('far', 99, { key, engine: '/far.sock' })],
    groups({ 4711: 'web' }),
  );
  t.strictSame(told(result), { owners: { 'net:[10]': 'web' }, joined: {}, gaps: ['UNPROVEN'] });
  t.equal(result.gaps[0]?.engine, '/far.sock');
});

t.test('when only some namespaces were looked for, containers elsewhere are no gaps, but contradictions are', async (t) => {
  const narrowed = { ...groups({ 4711: 'web', 4800: 'odd' }), narrowed: true };
  const absent = claim('gone', 99, { key: '/var/run/docker/netns/cccccccccccc' });
  t.strictSame(told(run([claim('web', 4711, { key: WEB_KEY }), absent], narrowed)), {
    owners: { 'net:[10]': 'web' },
    joined: {},
    gaps: [],
  });
  t.strictSame(told(run([claim('odd', 4800, { key: WEB_KEY })], narrowed)), { owners: {}, joined: {}, gaps: ['UNPROVEN'] });
});

t.test('a bare process id is not believed when the namespace speaks against it', async (t) => {
  const key = '/var/run/docker/netns/cccccccccccc';
  for (const [pid, mode] of [
    [300, 'bridge'],
    [4800, 'bridge'],
    [4800, 'host'],
  ] as const) {
    t.strictSame(
      told(run([claim('x', pid, { key, mode })], BLIND)),
      { owners: {}, joined: {}, gaps: ['UNPROVEN'] },
      `${pid} ${mode}`,
    );
  }
  const bare = namespace(12, [], [5000]);
  t.strictSame(told(run([claim('x', 5000, { key })], BLIND, [HOST, bare])), {
    owners: { 'net:[12]': 'x' },
    joined: {},
    gaps: [],
  });
});

t.test('when two containers claim one namespace, the better proof wins and the other one is a gap', async (t) => {
  const result = run([claim('stray', 4712), claim('web', 4711, { key: WEB_KEY })], groups({ 4711: 'web', 4712: 'stray' }));
  t.strictSame(told(result), { owners: { 'net:[10]': 'web' }, joined: {}, gaps: ['UNPROVEN'] });
  t.equal(result.gaps[0]?.netnsId, 'net:[10]');
  const tie = run([claim('a', 4711), claim('b', 4712)], groups({ 4711: 'a', 4712: 'b' }));
  t.strictSame(told(tie), { owners: {}, joined: {}, gaps: ['UNPROVEN', 'UNPROVEN'] });
});

t.test('two engines on one host keep their containers apart', async (t) => {
  const second = namespace(30, ['/run/docker2/netns/dddddddddddd'], [6000]);
  const result = run(
    [
      claim('web', 4711, { key: WEB_KEY }),
      claim('other', 6000, { key: '/var/run/docker2/netns/dddddddddddd', engine: '/run/docker2.sock' }),
    ],
    groups({ 4711: 'web', 6000: 'other' }),
    [HOST, WEB, DB, second],
  );
  t.strictSame(told(result), { owners: { 'net:[10]': 'web', 'net:[30]': 'other' }, joined: {}, gaps: [] });
});

t.test('a sandbox is found in another mount namespace and in a directory that is mounted elsewhere', async (t) => {
  for (const path of [
    '/proc/77/root/run/docker/netns/eeeeeeeeeeee',
    '/host/proc/77/root/run/docker/netns/eeeeeeeeeeee',
    '/host/netns/eeeeeeeeeeee',
  ]) {
    const result = run([claim('web', 9, { key: '/var/run/docker/netns/eeeeeeeeeeee' })], BLIND, [
      HOST,
      namespace(40, [path], []),
    ]);
    t.strictSame(told(result), { owners: { 'net:[40]': 'web' }, joined: {}, gaps: [] }, path);
  }
});

t.test('a path that means two namespaces means none', async (t) => {
  const twice = [
    namespace(50, ['/proc/7/root/run/docker/netns/eeeeeeeeeeee'], []),
    namespace(51, ['/proc/8/root/run/docker/netns/eeeeeeeeeeee'], []),
  ];
  const result = run([claim('web', 9, { key: '/var/run/docker/netns/eeeeeeeeeeee' })], BLIND, [HOST, ...twice]);
  t.strictSame(told(result), { owners: {}, joined: {}, gaps: ['UNPROVEN'] });
});

t.test('a name that a person gave with ip netns is not taken for a sandbox', async (t) => {
  const named = namespace(60, ['/run/netns/eeeeeeeeeeee'], []);
  const result = run([claim('web', 9, { key: '/var/run/docker/netns/eeeeeeeeeeee' })], BLIND, [HOST, named]);
  t.strictSame(told(result), { owners: {}, joined: {}, gaps: ['UNPROVEN'] });
});

t.test('processes are looked at only where the engine’s own number does not settle it', async (t) => {
  const looked: number[] = [];
  const proofs: OwnerProofs = {
    containerIdsOf: (pid) => {
      looked.push(pid);
      return pid === 4711 ? [idOf('web')] : [];
    },
    narrowed: false,
  };
  run([claim('web', 4711, { key: WEB_KEY })], proofs);
  t.strictSame(looked, [4711]);
});

function network(id: string, ingress = false): Network {
  return { id, name: `name-${id}`, driver: 'overlay', scope: 'swarm', vnis: [], subnets: [], labels: {}, ingress, engine: '/a' };
}

t.test('a network is found by the beginning of its id when that is unmistakable', async (t) => {
  const networks = [network('r96o6pc2d1nuf2yz'), network('r96o6pc2dxxxxxxx'), network('aaaa'), network('aaaa')];
  t.equal(resolveNetwork('r96o6pc2d1', networks)?.id, 'r96o6pc2d1nuf2yz');
  t.equal(resolveNetwork('r96o6pc2d', networks), undefined);
  t.equal(resolveNetwork('zzz', networks), undefined);
  t.equal(resolveNetwork('', networks), undefined);
  t.equal(resolveNetwork('aaaa', networks)?.id, 'aaaa', 'one network that two engines know is one network');
});

t.test('the ingress namespace belongs to the ingress network', async (t) => {
  t.equal(networkOf('INGRESS', undefined, [network('a'), network('b', true)])?.id, 'b');
  t.equal(networkOf('INGRESS', undefined, [network('a', true), network('b', true)]), undefined);
  t.equal(networkOf('CONTAINER', undefined, [network('b', true)]), undefined);
  t.equal(networkOf('OVERLAY', 'a', [network('abc')])?.id, 'abc');
});
