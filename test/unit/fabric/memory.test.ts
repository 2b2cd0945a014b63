import t from 'tap';
import { type Fabric, FabricMemory, joinFabric } from '../../../src/fabric/index.js';
import { connect, endpointsOf, fabricOf, MadeHost, overlaysOf } from '../../support/fabric-hosts.js';

const NETWORK = 'x8sn2ys3vdabcdefghijklmno';

function hosts(revision?: string): MadeHost[] {
  const made = ['h1', 'h2', 'h3'].map((id, at) => new MadeHost(id, `192.0.2.${at + 1}`));
  const parts = made.map((host) => host.overlay(NETWORK, 4097));
  for (const [at, part] of parts.entries()) part.attach(`10.0.1.${10 + at}`);
  connect(parts);
  for (const host of made) host.revision = revision;
  return made;
}

function endpoints(memory: FabricMemory, made: MadeHost[]): string[] {
  return endpointsOf(made, {}, memory).map(({ ips }) => ips.join());
}

/** How often rows of each host were taken since the last time. */
function taken(made: MadeHost[]): number[] {
  const counts = made.map((host) => host.taken);
  for (const host of made) host.taken = 0;
  return counts;
}

t.test('what the fabric keeps', async (t) => {
  t.test('is not read again as long as the revision is the same, and only of the host where it is not', async (t) => {
    const [memory, made] = [new FabricMemory(), hosts('1')];
    endpoints(memory, made);
    t.strictSame(taken(made), [5, 5, 5], 'three namespaces, the rows and the next hops of one');
    endpoints(memory, made);
    t.strictSame(taken(made), [0, 0, 0]);
    made[1]!.overlays[0]!.attach('10.0.1.99');
    t.ok(!endpoints(memory, made).includes('10.0.1.99'), 'nobody said that it changed');
    made[1]!.revision = '2';
    t.ok(endpoints(memory, made).includes('10.0.1.99'));
    t.strictSame(taken(made), [0, 6, 0]);
  });

  t.test('is read again by namespace where namespaces have revisions', async (t) => {
    const [memory, made] = [new FabricMemory(), hosts('1')];
    const [host] = made;
    for (const { id } of host!.namespaces) host!.netnsRevisions.set(id, '1');
    endpoints(memory, made);
    taken(made);
    const inside = host!.namespaces.at(-1)!;
    inside.interfaces[1]!.addressDetails[0]!.address = '10.0.1.77';
    host!.netnsRevisions.set(inside.id, '2');
    host!.revision = '2';
    t.ok(endpoints(memory, made).includes('10.0.1.77'));
    t.strictSame(taken(made), [1, 0, 0]);
  });

  t.test('is nothing of a host without revision', async (t) => {
    const [memory, made] = [new FabricMemory(), hosts()];
    endpoints(memory, made);
    const first = taken(made);
    made[0]!.overlays[0]!.attach('10.0.1.99');
    t.ok(endpoints(memory, made).includes('10.0.1.99'));
    t.ok(taken(made).every((count, at) => count >= first[at]!));
  });

  t.test('is nothing of hosts that were not given the last time', async (t) => {
    const [memory, made] = [new FabricMemory(), hosts('1')];
    endpoints(memory, made);
    endpoints(memory, made.slice(1));
    taken(made);
    t.equal(endpoints(memory, made).length, 3);
    t.strictSame(taken(made), [5, 0, 0]);
  });

  t.test('is nothing wrong of a join that nobody ended', async (t) => {
    const made = hosts('1');
    const given = made.map((host) => host.fabricHost());
    for (let slices = 0; slices < 60; slices++) {
      const memory = new FabricMemory();
      const work = joinFabric(given, memory);
      for (let at = 0; at < slices; at++) work.next();
      t.equal(endpoints(memory, made).length, 3);
    }
  });

  t.test('serves two who join at the same time', async (t) => {
    const [memory, made] = [new FabricMemory(), hosts('1')];
    const given = made.map((host) => host.fabricHost());
    const works = [joinFabric(given, memory), joinFabric(given, memory)];
    const fabrics: Fabric[] = [];
    while (fabrics.length < 2) {
      for (const work of works) {
        const next = work.next();
        if (next.done === true && (next.value as Fabric | undefined) !== undefined) fabrics.push(next.value);
      }
    }
    t.strictSame(
      fabrics.map(({ overlays }) => overlays.map(({ members }) => members.length)),
      [[3], [3]],
    );
  });
});

/** Made-up hosts of which each namespace has a revision, and another network beside the one that all have. */
function versioned(): { made: MadeHost[]; change: (host: MadeHost, netnsId: string) => void } {
  const made = hosts('1');
  for (const host of made.slice(1)) host.overlay('k3f9q0z7wyabcdefghijklmno', 4098).attach(`10.0.2.${host.id.slice(1)}`);
  connect(made.slice(1).map((host) => host.overlays[1]!));
  for (const host of made) for (const { id } of host.namespaces) host.netnsRevisions.set(id, '1');
  let revision = 1;
  const change = (host: MadeHost, netnsId: string): void => {
    host.revision = `${++revision}`;
    host.netnsRevisions.set(netnsId, host.revision);
  };
  return { made, change };
}

t.test('a fabric with the memory of the one before', async (t) => {
  const join = (made: MadeHost[], memory: FabricMemory): Fabric => fabricOf(made, memory);
  const network = (fabric: Fabric, vni: number) => fabric.overlays.find(({ facts }) => facts.vni === vni)!;

  t.test('has the same objects where nothing changed, whatever the age', async (t) => {
    const { made } = versioned();
    const memory = new FabricMemory();
    const before = join(made, memory);
    const after = fabricOf(
      made.map((host) => host.fabricHost({ ageMs: 7, state: 'STALE' })),
      memory,
    );
    t.equal(after.overlays, before.overlays);
    t.equal(after.hosts, before.hosts);
    t.strictSame([before.ageOf('h1'), after.ageOf('h1')], [{}, { ageMs: 7, state: 'STALE' }]);
  });

  t.test('has the same hosts when only what the fabric does not read changed', async (t) => {
    const { made } = versioned();
    const memory = new FabricMemory();
    const before = join(made, memory);
    made[0]!.revision = '9';
    t.equal(join(made, memory).overlays, before.overlays);
  });

  t.test('has others only of the member where a row changed, and its overlay', async (t) => {
    const { made, change } = versioned();
    const memory = new FabricMemory();
    const before = join(made, memory);
    const [part] = made[1]!.overlays;
    part!.row('02:42:0a:00:01:63', '192.0.2.3');
    change(made[1]!, part!.netns.id);
    const after = join(made, memory);
    t.equal(network(after, 4098), network(before, 4098));
    t.not(network(after, 4097), network(before, 4097));
    t.strictSame(
      network(after, 4097).members.map((member, at) => member === network(before, 4097).members[at]),
      [true, false, true],
    );
    t.strictSame(
      after.hosts.map((host, at) => host === before.hosts[at]),
      [true, false, true],
    );
  });

  t.test('has another member where what is attached to it changed', async (t) => {
    const { made, change } = versioned();
    const memory = new FabricMemory();
    const before = join(made, memory);
    const inside = made[2]!.namespaces.find(({ owner }) => owner?.containerName === 'task-10.0.1.12')!;
    inside.interfaces[1]!.mac = '02:42:0a:00:01:77';
    change(made[2]!, inside.id);
    const after = join(made, memory);
    t.strictSame(
      network(after, 4097).members.map((member, at) => member === network(before, 4097).members[at]),
      [true, true, false],
    );
    t.equal(network(after, 4098), network(before, 4098));
    t.equal(network(after, 4097).members[2]!.endpoints[0]!.end?.mac, '02:42:0a:00:01:77');
  });

  t.test('follows the rows of others to another VTEP, although nothing of the member itself changed', async (t) => {
    const [a, b] = hosts('1');
    const made = [a!, b!];
    const memory = new FabricMemory();
    b!.addAddress('eth1', '192.0.2.22', 24);
    const vtep = (): string | undefined => network(join(made, memory), 4097).members[1]!.vtep?.address;
    t.equal(vtep(), '192.0.2.2');
    for (const row of a!.overlays[0]!.netns.fdb) if (row.dst === '192.0.2.2') row.dst = '192.0.2.22';
    a!.revision = '2';
    t.equal(vtep(), '192.0.2.22');
  });

  t.test('counts all rows again when the MAC address of an endpoint is another one', async (t) => {
    const { made, change } = versioned();
    const memory = new FabricMemory();
    const [a, b] = made;
    const other = '02:42:0a:00:01:77';
    b!.addAddress('eth1', '192.0.2.22', 24);
    a!.overlays[0]!.row(other, '192.0.2.22');
    const vtep = (): string | undefined => network(join(made.slice(0, 2), memory), 4097).members[1]!.vtep?.address;
    t.equal(vtep(), '192.0.2.2');
    const inside = b!.namespaces.find(({ owner }) => owner?.containerName === 'task-10.0.1.11')!;
    inside.interfaces[1]!.mac = other;
    change(b!, inside.id);
    t.equal(vtep(), '192.0.2.22');
  });

  t.test('follows names of networks, and addresses that lead to a host', async (t) => {
    const { made } = versioned();
    const memory = new FabricMemory();
    const before = join(made, memory);
    made[0]!.network('x8sn2ys3vdabcdefghijklmno', 'app');
    made[0]!.addAddress('eth1', '198.51.100.1', 24);
    made[0]!.revision = '2';
    made[0]!.netnsRevisions.set(made[0]!.root.id, '2');
    const after = join(made, memory);
    t.strictSame([network(before, 4097).facts.networkName, network(after, 4097).facts.networkName], [undefined, 'app']);
    t.strictSame([before.hostOfAddress('198.51.100.1'), after.hostOfAddress('198.51.100.1')?.id], [undefined, 'h1']);
  });
});

t.test('in one slice of a join', async (t) => {
  t.test('no more than one part of a namespace is taken', async (t) => {
    const made = hosts();
    const given = made.map((host) => host.fabricHost());
    let most = 0;
    let before = 0;
    for (const _slice of joinFabric(given)) {
      const now = made.reduce((sum, host) => sum + host.taken, 0);
      most = Math.max(most, now - before);
      before = now;
    }
    t.equal(most, 1);
  });

  t.test('the rows of one member are counted, however many there are', async (t) => {
    const made = hosts();
    const [a, b] = made.map((host) => host.overlays[0]!);
    for (let row = 0; row < 20_000; row++) a!.row(b!.macs[0]!, '192.0.2.2');
    let slices = 0;
    for (const _slice of joinFabric(made.map((host) => host.fabricHost()))) slices++;
    t.equal(overlaysOf(made)[0]!.members[0]!.fdbEntries, 20_002);
    // The parts of this host have two rows each.
    t.ok(slices > 10_000, `${slices} slices`);
  });
});

t.test('rows that lead to very many addresses', async (t) => {
  t.test('are all counted, and the first thousand addresses are listed', async (t) => {
    const [host] = hosts();
    const [part] = host!.overlays;
    part!.netns.fdb.length = 0;
    for (let at = 0; at < 3000; at++) part!.row('02:00:00:00:00:01', `198.18.${at >> 8}.${at & 255}`);
    const [overlay] = overlaysOf([host!]);
    t.strictSame([overlay!.members[0]!.fdbEntries, overlay!.members[0]!.remotes.length], [3000, 1024]);
  });
});
