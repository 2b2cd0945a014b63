import assert from 'node:assert/strict';
import t from 'tap';
import { connect, fabricOf, macOf, MadeHost, type MadeOverlay, overlaysOf } from '../../support/fabric-hosts.js';

const NETWORK = 'x8sn2ys3vdabcdefghijklmno';

function two(): { a: MadeHost; b: MadeHost; onA: MadeOverlay; onB: MadeOverlay } {
  const [a, b] = [new MadeHost('h1', '192.0.2.1'), new MadeHost('h2', '192.0.2.2')];
  const [onA, onB] = [a.overlay(NETWORK, 4097), b.overlay(NETWORK, 4097)];
  return { a, b, onA, onB };
}

/** VTEP of the host's first member, and what says so. */
function vtepOf(host: MadeHost, hosts: MadeHost[]): unknown[] {
  const member = overlaysOf(hosts)
    .flatMap(({ members }) => members)
    .find((each) => each.host === host.id);
  return [member!.vtep, member!.vtepSource];
}

function leadsTo(address: string, hosts: MadeHost[]): string | undefined {
  const fabric = fabricOf(hosts);
  const host = fabric.hostOfAddress(address);
  assert.equal(fabric.vteps().find(({ vtep }) => vtep === address)?.host, host);
  return host?.id;
}

t.test('the VTEP of a member', async (t) => {
  t.test('is the address that its vxlan is bound to, whatever else is said', async (t) => {
    const { a, b, onA, onB } = two();
    b.engine('192.0.2.2');
    onB.attach('10.0.1.9');
    onB.vxlan.vxlan!.local = '198.51.100.2';
    connect([onA, onB]);
    t.strictSame(vtepOf(b, [a, b]), ['198.51.100.2', 'local']);
  });

  t.test('is what the engine advertises where no row says anything', async (t) => {
    const { a, b } = two();
    b.engine('192.0.2.2');
    t.strictSame(vtepOf(b, [a, b]), ['192.0.2.2', 'engine']);
  });

  t.test('is unknown where nothing says so: a host with one address proves nothing', async (t) => {
    const { a, b } = two();
    t.strictSame(vtepOf(b, [a, b]), [undefined, undefined]);
  });

  t.test('is the address for data where that is another one than the advertised', async (t) => {
    const { a, b, onA, onB } = two();
    b.engine('192.0.2.2');
    b.addAddress('eth1', '198.51.100.2', 24);
    for (const ip of ['10.0.1.8', '10.0.1.9']) {
      onB.attach(ip);
      onA.row(macOf(ip), '198.51.100.2');
    }
    t.strictSame(vtepOf(b, [a, b]), ['198.51.100.2', 'rows']);
  });

  t.test('does not follow a single row to another address of the host against its engine', async (t) => {
    const { a, b, onA, onB } = two();
    b.engine('192.0.2.2');
    b.addAddress('eth1', '198.51.100.2', 24);
    onB.attach('10.0.1.9');
    onA.row(macOf('10.0.1.9'), '198.51.100.2');
    t.strictSame(vtepOf(b, [a, b]), ['192.0.2.2', 'engine']);
  });

  t.test('is what a single row says when the engine says the same', async (t) => {
    const { a, b, onA, onB } = two();
    b.engine('192.0.2.2');
    onB.attach('10.0.1.9');
    onA.row(macOf('10.0.1.9'), '192.0.2.2');
    t.strictSame(vtepOf(b, [a, b]), ['192.0.2.2', 'rows']);
  });

  t.test('does not follow several rows to another address of the host when as many lead elsewhere', async (t) => {
    const { a, b, onA, onB } = two();
    b.engine('192.0.2.2');
    b.addAddress('eth1', '198.51.100.2', 24);
    for (const [at, ip] of ['10.0.1.6', '10.0.1.7', '10.0.1.8', '10.0.1.9'].entries()) {
      onB.attach(ip);
      onA.row(macOf(ip), at < 2 ? '198.51.100.2' : '192.0.2.1');
    }
    t.strictSame(vtepOf(b, [a, b]), ['192.0.2.2', 'engine']);
  });

  t.test('is not where the default destination leads, even when an endpoint has no MAC address to speak of', async (t) => {
    const { a, b, onA, onB } = two();
    onB.attach('10.0.1.9', { mac: '00:00:00:00:00:00' });
    onA.row('00:00:00:00:00:00', '192.0.2.2');
    t.strictSame(vtepOf(b, [a, b]), [undefined, undefined]);
  });

  t.test('does not follow rows to another host, however many there are', async (t) => {
    const { a, b, onA, onB } = two();
    b.engine('192.0.2.2');
    for (const ip of ['10.0.1.7', '10.0.1.8', '10.0.1.9']) {
      onB.attach(ip);
      onA.row(macOf(ip), '192.0.2.1');
    }
    t.strictSame(vtepOf(b, [a, b]), ['192.0.2.2', 'engine']);
    b.engines.length = 0;
    t.strictSame(vtepOf(b, [a, b]), [undefined, undefined]);
    onA.row(macOf('10.0.1.9'), '192.0.2.2');
    t.strictSame(vtepOf(b, [a, b]), ['192.0.2.2', 'rows'], 'an address of its own is better than nothing');
  });

  t.test(
    'counts the rows of all networks of a host together, so that a wrong one in a small network decides nothing',
    async (t) => {
      const { a, b, onA, onB } = two();
      b.addAddress('eth1', '198.51.100.2', 24);
      const small = [a.overlay('k3f9q0z7wyabcdefghijklmno', 4098), b.overlay('k3f9q0z7wyabcdefghijklmno', 4098)];
      for (const ip of ['10.0.1.8', '10.0.1.9']) onB.attach(ip);
      small[1]!.attach('10.0.2.9');
      connect([onA, onB]);
      small[0]!.row(macOf('10.0.2.9'), '198.51.100.2');
      const overlays = overlaysOf([a, b]);
      t.strictSame(
        overlays.map(({ members }) => members[1]!.vtep),
        ['192.0.2.2', '192.0.2.2'],
      );
    },
  );

  t.test('is that of its addresses to which most rows lead', async (t) => {
    const { a, b, onA, onB } = two();
    b.addAddress('eth1', '192.0.2.22', 24);
    for (const [at, ip] of ['10.0.1.6', '10.0.1.7', '10.0.1.8'].entries()) {
      onB.attach(ip);
      onA.row(macOf(ip), at === 0 ? '192.0.2.2' : '192.0.2.22');
    }
    t.strictSame(vtepOf(b, [a, b]), ['192.0.2.22', 'rows']);
    onA.row(macOf('10.0.1.6'), '192.0.2.2');
    t.strictSame(vtepOf(b, [a, b]), ['192.0.2.2', 'rows'], 'of equal ones the first by spelling');
  });

  t.test('does not count rows for a MAC address that two hosts have', async (t) => {
    const { a, b, onA, onB } = two();
    const c = new MadeHost('h3', '192.0.2.3');
    const onC = c.overlay(NETWORK, 4097);
    for (const part of [onB, onC]) part.attach('10.0.1.9');
    onA.row(macOf('10.0.1.9'), '192.0.2.2');
    t.strictSame(vtepOf(b, [a, b, c]), [undefined, undefined]);
    t.strictSame(vtepOf(c, [a, b, c]), [undefined, undefined]);
  });

  t.test('does not count what a host says of its own endpoints', async (t) => {
    const { a, b, onB } = two();
    onB.attach('10.0.1.9');
    onB.row(macOf('10.0.1.9'), '192.0.2.2');
    t.strictSame(vtepOf(b, [a, b]), [undefined, undefined]);
  });

  t.test('is an address that no host has when the rows agree on it: behind NAT', async (t) => {
    const { a, b, onA, onB } = two();
    for (const ip of ['10.0.1.8', '10.0.1.9']) {
      onB.attach(ip);
      onA.row(macOf(ip), '203.0.113.7');
    }
    t.strictSame(vtepOf(b, [a, b]), ['203.0.113.7', 'rows']);
    for (const ip of ['10.0.1.6', '10.0.1.7']) {
      onB.attach(ip);
      onA.row(macOf(ip), '203.0.113.1');
    }
    t.strictSame(vtepOf(b, [a, b]), [undefined, undefined], 'they do not agree');
    b.engine('192.0.2.2');
    t.strictSame(vtepOf(b, [a, b]), ['192.0.2.2', 'engine']);
  });

  t.test('is never loopback, nor an address that several hosts have, nor one that an engine has not decided on', async (t) => {
    for (const wrong of ['127.0.0.1', '169.254.7.7', '172.17.0.1']) {
      const { a, b, onA, onB } = two();
      for (const host of [a, b]) host.addAddress('docker0', '172.17.0.1', 16);
      b.engine('0.0.0.0');
      onB.attach('10.0.1.9');
      onA.row(macOf('10.0.1.9'), wrong);
      t.strictSame(vtepOf(b, [a, b]), [undefined, undefined], wrong);
    }
  });

  t.test('is that of the engine which has the network, where a host has two engines', async (t) => {
    const { a, b } = two();
    b.engine('192.0.2.2');
    b.engine('198.51.100.2', '/run/other.sock');
    t.strictSame(vtepOf(b, [a, b]), [undefined, undefined]);
    b.network(NETWORK, 'app', { engine: '/run/other.sock' });
    t.strictSame(vtepOf(b, [a, b]), ['198.51.100.2', 'engine']);
  });
});

t.test('a VTEP’s address', async (t) => {
  t.test('leads to the host that has it, an address on its loopback interface included', async (t) => {
    const { a, b } = two();
    b.addAddress('lo', '198.51.100.77', 32);
    t.equal(leadsTo('192.0.2.1', [a, b]), 'h1');
    t.equal(leadsTo('198.51.100.77', [a, b]), 'h2');
    t.equal(leadsTo('203.0.113.1', [a, b]), undefined);
  });

  t.test('leads nowhere when several hosts have it, unless one of them alone advertises it', async (t) => {
    const { a, b } = two();
    for (const host of [a, b]) host.addAddress('eth1', '198.51.100.1', 24);
    t.equal(leadsTo('198.51.100.1', [a, b]), undefined);
    b.engine('198.51.100.1');
    t.equal(leadsTo('198.51.100.1', [a, b]), 'h2');
    a.engine('198.51.100.1');
    t.equal(leadsTo('198.51.100.1', [a, b]), undefined);
  });

  t.test('leads nowhere when only a container has it', async (t) => {
    const { a, b, onB } = two();
    onB.attach('10.0.1.9');
    t.equal(leadsTo('10.0.1.9', [a, b]), undefined);
  });
});
