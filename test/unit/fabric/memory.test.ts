import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createFabric, type Fabric } from '../../../src/fabric/index.js';
import { connect, MadeHost } from '../../support/fabric-hosts.js';

const NETWORK = 'x8sn2ys3vdabcdefghijklmno';

function hosts(revision?: string): MadeHost[] {
  const made = ['h1', 'h2', 'h3'].map((id, at) => new MadeHost(id, `192.0.2.${at + 1}`));
  const parts = made.map((host) => host.overlay(NETWORK, 4097));
  for (const [at, part] of parts.entries()) part.attach(`10.0.1.${10 + at}`);
  connect(parts);
  for (const host of made) host.revision = revision;
  return made;
}

function endpoints(fabric: Fabric, made: MadeHost[]): string[] {
  return [
    ...fabric.endpoints(
      made.map((host) => host.fabricHost()),
      {},
    ),
  ]
    .flat()
    .map(({ ips }) => ips.join());
}

/** How often rows of each host were taken since the last time. */
function taken(made: MadeHost[]): number[] {
  const counts = made.map((host) => host.taken);
  for (const host of made) host.taken = 0;
  return counts;
}

describe('what the fabric keeps', () => {
  it('is not read again as long as the revision is the same, and only of the host where it is not', () => {
    const [fabric, made] = [createFabric(), hosts('1')];
    endpoints(fabric, made);
    assert.deepEqual(taken(made), [4, 4, 4], 'three namespaces, and the rows of one');
    endpoints(fabric, made);
    assert.deepEqual(taken(made), [0, 0, 0]);
    made[1]!.overlays[0]!.attach('10.0.1.99');
    assert.ok(!endpoints(fabric, made).includes('10.0.1.99'), 'nobody said that it changed');
    made[1]!.revision = '2';
    assert.ok(endpoints(fabric, made).includes('10.0.1.99'));
    assert.deepEqual(taken(made), [0, 5, 0]);
  });

  it('is read again by namespace where namespaces have revisions', () => {
    const [fabric, made] = [createFabric(), hosts('1')];
    const [host] = made;
    for (const { id } of host!.namespaces) host!.netnsRevisions.set(id, '1');
    endpoints(fabric, made);
    taken(made);
    const inside = host!.namespaces.at(-1)!;
    inside.interfaces[1]!.addressDetails[0]!.address = '10.0.1.77';
    host!.netnsRevisions.set(inside.id, '2');
    host!.revision = '2';
    assert.ok(endpoints(fabric, made).includes('10.0.1.77'));
    assert.deepEqual(taken(made), [1, 0, 0]);
  });

  it('is nothing of a host without revision', () => {
    const [fabric, made] = [createFabric(), hosts()];
    endpoints(fabric, made);
    const first = taken(made);
    made[0]!.overlays[0]!.attach('10.0.1.99');
    assert.ok(endpoints(fabric, made).includes('10.0.1.99'));
    assert.ok(taken(made).every((count, at) => count >= first[at]!));
  });

  it('is nothing of hosts that were not given the last time', () => {
    const [fabric, made] = [createFabric(), hosts('1')];
    endpoints(fabric, made);
    endpoints(fabric, made.slice(1));
    taken(made);
    assert.equal(endpoints(fabric, made).length, 3);
    assert.deepEqual(taken(made), [4, 0, 0]);
  });

  it('is nothing of an answer that nobody took to its end', () => {
    const [fabric, made] = [createFabric(), hosts('1')];
    for (const _batch of fabric.endpoints(
      made.map((host) => host.fabricHost()),
      {},
    ))
      break;
    assert.equal(endpoints(fabric, made).length, 3);
  });

  it('serves two who ask at the same time', () => {
    const [fabric, made] = [createFabric(), hosts('1')];
    const given = made.map((host) => host.fabricHost());
    const both = [fabric.endpoints(given, {}), fabric.overlays(given, {})].map((answer) => answer[Symbol.iterator]());
    const items: number[] = [0, 0];
    let open = true;
    while (open) {
      open = false;
      for (const [at, answer] of both.entries()) {
        const next = answer.next();
        if (next.done === true) continue;
        open = true;
        items[at]! += next.value.length;
      }
    }
    assert.deepEqual(items, [3, 1]);
  });
});

describe('between two batches', () => {
  it('no more than one part of a namespace is taken', () => {
    const made = hosts();
    const given = made.map((host) => host.fabricHost());
    let most = 0;
    let before = 0;
    for (const _batch of createFabric().overlays(given, {})) {
      const now = made.reduce((sum, host) => sum + host.taken, 0);
      most = Math.max(most, now - before);
      before = now;
    }
    assert.equal(most, 1);
  });

  it('the rows of one member are counted, however many there are', () => {
    const made = hosts();
    const [a, b] = made.map((host) => host.overlays[0]!);
    for (let row = 0; row < 20_000; row++) a!.row(b!.macs[0]!, '192.0.2.2');
    let batches = 0;
    const found = [];
    for (const batch of createFabric().overlays(
      made.map((host) => host.fabricHost()),
      {},
    )) {
      batches++;
      found.push(...batch);
    }
    assert.equal(found[0]!.members[0]!.fdbEntries, 20_002);
    // The parts of this host have two rows each.
    assert.ok(batches > 10_000, `${batches} batches`);
  });
});

describe('rows that lead to very many addresses', () => {
  it('are all counted, and the first thousand addresses are told', () => {
    const [host] = hosts();
    const [part] = host!.overlays;
    part!.netns.fdb.length = 0;
    for (let at = 0; at < 3000; at++) part!.row('02:00:00:00:00:01', `198.18.${at >> 8}.${at & 255}`);
    const [overlay] = [...createFabric().overlays([host!.fabricHost()], {})].flat();
    assert.deepEqual([overlay!.members[0]!.fdbEntries, overlay!.members[0]!.remotes.length], [3000, 1024]);
  });
});
