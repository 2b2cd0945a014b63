import assert from 'node:assert/strict';
import t from 'tap';
import { parseContainerIds } from '../../../src/docker/cgroups.js';
import { chooseApiVersion } from '../../../src/docker/client.js';
import { describeConnectError } from '../../../src/docker/connect-error.js';
import { type Container, makeClaim, networkModeOf, parseContainer } from '../../../src/docker/containers.js';
import { mergeParts } from '../../../src/docker/index.js';
import { LABEL_VALUE_LIMIT, LABELS_LIMIT, parseLabels } from '../../../src/docker/labels.js';
import { parseNetwork } from '../../../src/docker/networks.js';
import type { Network, Owner } from '../../../src/model/types.js';

const SOCKET = '/run/docker.sock';
const ID = 'c0ffee'.repeat(10) + 'beef';

// As dockerd 20.10.24 prints it, without what is not looked at.
const RUNNING = {
  Id: ID,
  State: { Status: 'running', Running: true, Paused: false, Restarting: false, Pid: 4711 },
  Image: 'sha256:0000',
  Name: '/shop_web.1.abc',
  HostConfig: { NetworkMode: 'shop_front' },
  Config: {
    Image: 'localhost:1/box:1',
    Labels: {
      'com.docker.stack.namespace': 'shop',
      'com.docker.swarm.node.id': 'node1',
      'com.docker.swarm.service.id': 'svc1',
      'com.docker.swarm.service.name': 'shop_web',
      'com.docker.swarm.task': '',
      'com.docker.swarm.task.id': 'task1',
      'com.docker.swarm.task.name': 'shop_web.1.abc',
    },
  },
  NetworkSettings: {
    SandboxID: '9f'.repeat(32),
    SandboxKey: '/var/run/docker/netns/9f9f9f9f9f9f',
    Networks: {
      shop_front: {
        Aliases: ['c0ffeec0ffee', 'web'],
        NetworkID: 'n1',
        EndpointID: 'e1',
        IPAddress: '10.0.1.3',
        GlobalIPv6Address: '',
        MacAddress: '02:42:0a:00:01:03',
      },
    },
  },
};

function container(overrides: Partial<Container> = {}): Container {
  const inspected = parseContainer(RUNNING);
  assert.ok(inspected !== 'malformed' && inspected.running !== undefined);
  return { ...inspected.running, ...overrides };
}

function network(id: string, name: string, driver: string): Network {
  return { id, name, driver, scope: 'local', vnis: [], subnets: [], labels: {}, engine: SOCKET };
}

function claimOf(
  one: Container,
  others: Container[] = [],
  networks: Network[] = [network('n1', 'shop_front', 'overlay')],
): Owner {
  return makeClaim(one, {
    engine: SOCKET,
    networks: new Map(networks.map((each) => [each.id, each])),
    containers: new Map([one, ...others].map((each) => [each.id, each])),
  }).owner;
}

t.test('a task of a service says all that is known of it', async (t) => {
  t.strictSame(claimOf(container()), {
    containerId: ID,
    containerName: 'shop_web.1.abc',
    image: 'localhost:1/box:1',
    labels: RUNNING.Config.Labels,
    networkMode: 'overlay',
    networkModeRaw: 'shop_front',
    serviceId: 'svc1',
    serviceName: 'shop_web',
    taskId: 'task1',
    taskName: 'shop_web.1.abc',
    stack: 'shop',
    nodeId: 'node1',
    networks: [
      {
        name: 'shop_front',
        id: 'n1',
        endpointId: 'e1',
        ip: '10.0.1.3',
        mac: '02:42:0a:00:01:03',
        aliases: ['c0ffeec0ffee', 'web'],
      },
    ],
    engine: SOCKET,
    pid: 4711,
  } satisfies Owner);
});

t.test('a project of compose is a stack', async (t) => {
  t.equal(claimOf(container({ labels: { 'com.docker.compose.project': 'blog' } })).stack, 'blog');
});

t.test('a stopped container makes no claim, although its engine still names its sandbox', async (t) => {
  const stopped = { ...RUNNING, State: { Status: 'exited', Running: false, Pid: 0 } };
  t.strictSame(parseContainer(stopped), { running: undefined });
});

t.test('a paused container runs, and one that waits for its restart has no process', async (t) => {
  const paused = parseContainer({ ...RUNNING, State: { ...RUNNING.State, Paused: true } });
  t.ok(paused !== 'malformed' && paused.running?.pid === 4711);
  t.strictSame(parseContainer({ ...RUNNING, State: { ...RUNNING.State, Restarting: true, Pid: 0 } }), { running: undefined });
});

t.test('what is no container is not taken for one', async (t) => {
  for (const value of [
    null,
    [],
    'x',
    7,
    {},
    { Id: ID },
    { Id: 7, State: {} },
    { ...RUNNING, State: { Running: true, Pid: 'x' } },
  ]) {
    t.equal(parseContainer(value), 'malformed', JSON.stringify(value));
  }
});

t.test('members of unexpected types are as good as absent', async (t) => {
  const odd = parseContainer({
    Id: ID,
    Name: 7,
    State: { Running: true, Pid: 1 },
    Config: [],
    HostConfig: 'x',
    NetworkSettings: { SandboxKey: {}, Networks: { a: null, b: { NetworkID: 'n', Aliases: 'x', IPAddress: 1 } } },
  });
  assert.ok(odd !== 'malformed' && odd.running !== undefined);
  assert.deepEqual(odd.running.networks, [
    { name: 'a', id: '', aliases: [] },
    { name: 'b', id: 'n', aliases: [] },
  ]);
  t.equal(odd.running.sandboxKey, undefined);
});

const MODES: [string, string, [string, string][], string][] = [
  ['the default bridge', 'default', [['bridge', 'bridge']], 'bridge'],
  ['a bridge of its own', 'front', [['front', 'bridge']], 'bridge'],
  ['none', 'none', [['none', 'null']], 'none'],
  ['the host’s network', 'host', [['host', 'host']], 'host'],
  ['another container', `container:${ID}`, [], 'container'],
  ['an overlay', 'mesh', [['mesh', 'overlay']], 'overlay'],
  ['an overlay after a bridge', 'front', [['front', 'bridge'], ['mesh', 'overlay']], 'overlay'], // biome-ignore format: one case a line
  ['ingress only', 'default', [['ingress', 'overlay']], 'overlay'],
  ['docker_gwbridge beside an overlay', 'mesh', [['docker_gwbridge', 'bridge'], ['mesh', 'overlay']], 'overlay'], // biome-ignore format: one case a line
  ['a macvlan', 'lan', [['lan', 'macvlan']], 'macvlan'],
  ['a macvlan with a bridge added', 'lan', [['front', 'bridge'], ['lan', 'macvlan']], 'macvlan'], // biome-ignore format: one case a line
  ['nothing any more', 'default', [], 'bridge'],
  ['a network that is gone', 'front', [], 'front'],
];

for (const [what, raw, attached, mode] of MODES) {
  t.test(`a container on ${what} has the mode ${mode}`, async (t) => {
    const networks = new Map(attached.map(([name, driver]) => [`id-${name}`, network(`id-${name}`, name, driver)]));
    const own = { networkModeRaw: raw, networks: attached.map(([name]) => ({ name, id: `id-${name}`, aliases: [] })) };
    t.equal(networkModeOf(own, networks), mode);
  });
}

t.test('the joined container is named by its whole id, however it was asked for', async (t) => {
  const other = container({ id: 'd'.repeat(64), name: 'db' });
  const twin = container({ id: `${'d'.repeat(12)}${'e'.repeat(52)}`, name: 'twin' });
  for (const wanted of [other.id, 'db', '/db', 'd'.repeat(13)]) {
    t.equal(claimOf(container({ networkModeRaw: `container:${wanted}` }), [other, twin]).joinedContainerId, other.id, wanted);
  }
  for (const wanted of ['d'.repeat(12), 'nobody', '']) {
    t.equal(claimOf(container({ networkModeRaw: `container:${wanted}` }), [other, twin]).joinedContainerId, undefined, wanted);
  }
  const stopped = 'a'.repeat(64);
  t.equal(claimOf(container({ networkModeRaw: `container:${stopped}` })).joinedContainerId, stopped);
});

t.test('labels with the names of an object’s own members are labels', async (t) => {
  const hostile = JSON.parse('{"__proto__":"a","constructor":"b","toString":"c","\\u001b[2J":"<script>\\"\\\\"}') as unknown;
  const { labels } = parseLabels(hostile);
  t.strictSame(Object.entries(labels), [
    ['__proto__', 'a'],
    ['constructor', 'b'],
    ['toString', 'c'],
    ['\u001b[2J', '<script>"\\'],
  ]);
  t.equal(Object.getPrototypeOf(labels), Object.prototype);
  t.equal(claimOf(container({ labels: {} })).stack, undefined);
});

t.test('a label that is too long says how much of it was cut', async (t) => {
  const { labels, leftOut } = parseLabels({
    short: 'x'.repeat(LABEL_VALUE_LIMIT),
    long: 'y'.repeat(LABEL_VALUE_LIMIT + 1),
    number: 7,
  });
  t.equal(labels['short']?.length, LABEL_VALUE_LIMIT);
  t.equal(labels['long'], `${'y'.repeat(LABEL_VALUE_LIMIT)}… (${LABEL_VALUE_LIMIT + 1} characters)`);
  t.strictSame([Object.keys(labels), leftOut], [['short', 'long'], 0]);
  const pair = parseLabels({ a: `${'x'.repeat(LABEL_VALUE_LIMIT - 1)}\u{1f600}` }).labels['a'] ?? '';
  t.ok(pair.startsWith(`${'x'.repeat(LABEL_VALUE_LIMIT - 1)}…`), 'no half of a character is left');
});

t.test('labels beyond the limit of one container are left out and counted', async (t) => {
  const many = Object.fromEntries(Array.from({ length: 100 }, (_, at) => [`l${at}`, 'x'.repeat(2000)]));
  const { labels, leftOut } = parseLabels(many);
  t.equal(Object.keys(labels).length + leftOut, 100);
  t.ok(JSON.stringify(labels).length < LABELS_LIMIT * 1.1 && leftOut > 0);
});

// As dockerd 20.10.24 prints it.
const OVERLAY = {
  Name: 'shop_front',
  Id: 'r96o6pc2d1nuf2yzjq0mstz7k',
  Scope: 'swarm',
  Driver: 'overlay',
  IPAM: {
    Driver: 'default',
    Options: null,
    Config: [{ Subnet: '10.50.0.0/24', Gateway: '10.50.0.1' }, { Subnet: '10.51.0.0/24' }],
  },
  Internal: false,
  Ingress: false,
  Options: { 'com.docker.network.driver.overlay.vxlanid_list': '4098,4099', encrypted: '' },
  Labels: { 'com.docker.stack.namespace': 'shop' },
};

t.test('an overlay has its VNIs in the order of its subnets', async (t) => {
  t.strictSame(parseNetwork(OVERLAY, SOCKET), {
    id: 'r96o6pc2d1nuf2yzjq0mstz7k',
    name: 'shop_front',
    driver: 'overlay',
    scope: 'swarm',
    vnis: [4098, 4099],
    subnets: ['10.50.0.0/24', '10.51.0.0/24'],
    internal: false,
    ingress: false,
    encrypted: true,
    labels: { 'com.docker.stack.namespace': 'shop' },
    engine: SOCKET,
  } satisfies Network);
});

t.test('an overlay is encrypted when its option is there, unless it says no', async (t) => {
  const encrypted = (Options: Record<string, string> | null): boolean | undefined =>
    parseNetwork({ ...OVERLAY, Options }, SOCKET)?.encrypted;
  t.strictSame([null, {}, { encrypted: 'false' }, { encrypted: '' }, { encrypted: 'true' }].map(encrypted), [
    false,
    false,
    false,
    true,
    true,
  ]);
});

t.test('VNIs that are none are left out', async (t) => {
  for (const [list, vnis] of [
    ['', []],
    ['4096,', [4096]],
    ['x,-1,99999999,1e3, 7 ', [7]],
  ] as const) {
    const Options = { 'com.docker.network.driver.overlay.vxlanid_list': list };
    t.strictSame(parseNetwork({ ...OVERLAY, Options }, SOCKET)?.vnis, vnis, list);
  }
});

t.test('the bridge of a network is the one it was given, else the one that its engine makes', async (t) => {
  const Id = '0123456789abcdef'.repeat(4);
  const bridge = (Name: string, Options: Record<string, string> | null): string | undefined =>
    parseNetwork({ Id, Name, Driver: 'bridge', Options }, SOCKET)?.bridge;
  t.equal(bridge('front', { 'com.docker.network.bridge.name': 'br-front' }), 'br-front');
  t.equal(bridge('front', null), 'br-0123456789ab');
  t.equal(bridge('bridge', { 'com.docker.network.bridge.name': 'docker7' }), 'docker7');
  t.equal(bridge('bridge', {}), 'docker0');
  t.equal(bridge('docker_gwbridge', {}), 'docker_gwbridge');
  t.equal(parseNetwork(OVERLAY, SOCKET)?.bridge, undefined);
});

t.test('what is no network is not taken for one', async (t) => {
  for (const value of [null, [], 'x', {}, { Id: 'x' }, { Name: 'x' }, { Id: '', Name: 'x' }]) {
    t.equal(parseNetwork(value, SOCKET), undefined, JSON.stringify(value));
  }
});

t.test('the engine’s own API version is spoken, unless it is newer than all we know or has left that behind', async (t) => {
  t.equal(chooseApiVersion([1, 41], [1, 12]), '1.41');
  t.equal(chooseApiVersion([1, 24], undefined), '1.24');
  t.equal(chooseApiVersion([1, 99], [1, 44]), '1.55');
  t.equal(chooseApiVersion([2, 3], [1, 60]), '1.60');
  t.equal(chooseApiVersion([1, 9], [1, 1]), '1.9');
});

t.test('a socket that may not be used says which group may', async (t) => {
  const ofGroup = describeConnectError(SOCKET, 'EACCES', { group: 'docker', mode: 0o660 });
  t.match(ofGroup, /0660.*group docker; run as root or in that group/);
  t.match(describeConnectError(SOCKET, 'EACCES', { group: 'root', mode: 0o600 }), /0600 allows only its owner; run as root/);
  t.match(describeConnectError(SOCKET, 'EACCES'), /directories above it \(\/run\) cannot be searched/);
  t.match(describeConnectError(SOCKET, 'EPERM'), /AppArmor/);
});

t.test('what two engines know alike comes once', async (t) => {
  const part = (engine: string): Parameters<typeof mergeParts>[0][number] => ({
    engine: { socket: engine, id: 'same', name: 'h1', version: '', apiVersion: '' },
    networks: [{ ...network('n1', 'mesh', 'overlay'), engine }],
    containers: [makeClaim(container(), { engine, networks: new Map(), containers: new Map() })],
    gaps: [],
  });
  const view = mergeParts([part('/a'), part('/b')]);
  t.strictSame(
    view.engines.map(({ socket }) => socket),
    ['/a', '/b'],
  );
  t.strictSame([...view.networks.map(({ engine }) => engine), ...view.containers.map(({ owner }) => owner.engine)], ['/a', '/a']);
});

t.test('control groups of every kind name the container, the innermost last', async (t) => {
  const inner = 'ab'.repeat(32);
  for (const text of [
    `12:pids:/docker/${ID}\n1:name=systemd:/docker/${ID}\n0::/\n`,
    `0::/system.slice/docker-${ID}.scope\n`,
    `0::/../${ID}\n`,
    `0::/user.slice/user-1000.slice/user@1000.service/user.slice/docker-${ID}.scope/init.scope\n`,
    `0::/kubepods/besteffort/pod7b1c/${ID}\n`,
  ]) {
    t.strictSame(parseContainerIds(text), [ID], text);
  }
  t.strictSame(parseContainerIds(`0::/docker/${ID}/docker/${inner}\n`), [ID, inner]);
  t.strictSame(parseContainerIds(`0::/system.slice/ssh.service\n0::/${ID}${ID}\n`), []);
});
