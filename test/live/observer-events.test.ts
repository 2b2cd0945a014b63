// What an observer hears of namespaces that it never enters.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import t from 'tap';
import type { Table } from '../../src/tables/index.js';
import { eventually, guardHygiene } from '../support/hygiene.js';
import { Scratch } from '../support/netns.js';
import { closeListeners, Listener } from '../support/observer.js';

t.setTimeout(0);

/** Whether all of some interfaces changed; of a table without interfaces: whether any row did. */
function includesAll(changed: readonly number[] | 'any' | undefined, expected: readonly number[]): boolean {
  if (expected.length === 0) return changed === 'any';
  return changed !== undefined && changed !== 'any' && expected.every((ifindex) => changed.includes(ifindex));
}

/** Sends a datagram to 10.0.0.9 and waits until the kernel tells that it misses its MAC (RTM_GETNEIGH, in RTNLGRP_NEIGH). */
const MISS = `
import socket
s=socket.socket(socket.AF_NETLINK,socket.SOCK_RAW,0);s.bind((0,4));s.settimeout(5)
socket.socket(socket.AF_INET,socket.SOCK_DGRAM).sendto(b"x",("10.0.0.9",9))
while int.from_bytes(s.recv(65536)[4:6],"little")!=30: pass
`;

/** Nothing is taken meanwhile: by then the observer's thread has had a core, and has heard of all that happened before. */
function holdMainThread(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1000);
}

t.test('an observer', async (t) => {
  t.afterEach(closeListeners);
  guardHygiene(t);

  t.test(
    'hears of links, addresses, forwarding entries, neighbours and routes, each with namespace, table and interface',
    async (t) => {
      const scratch = Scratch.create(t);
      const namespaces = [scratch.netns(), scratch.netns(), scratch.netns()];
      // No two interfaces have the same ifindex, so that one in the wrong namespace is seen.
      for (const [at, netns] of namespaces.entries()) {
        const first = 100 * (at + 1);
        netns.ipBatch([`link add va index ${first} type veth peer name vb index ${first + 1}`]);
        netns.ipBatch([`link add br0 index ${first + 2} type bridge`, 'link set va master br0']);
        netns.ipBatch(['link set va up', 'link set vb up', 'link set br0 up']);
      }
      const listener = new Listener();
      await listener.listenTo(namespaces, 10);
      for (const [at, netns] of namespaces.entries()) {
        const [port, bridge] = [100 * (at + 1), 100 * (at + 1) + 2];
        const steps: readonly (readonly [string, Table, readonly number[]])[] = [
          ['ip link set br0 alias x', 'LINKS', [bridge]],
          ['ip addr add 10.0.0.1/24 dev br0', 'ADDRESSES', [bridge]],
          ['ip neigh add 10.0.0.9 lladdr 02:00:00:00:00:09 dev br0 nud permanent', 'NEIGHBORS', [bridge]],
          ['bridge fdb add 02:00:00:00:00:01 dev va master static', 'FDB', [port]],
          ['ip route add 10.9.0.0/16 via 10.0.0.9', 'ROUTES', []],
          ['ip route del 10.9.0.0/16', 'ROUTES', []],
          ['bridge fdb del 02:00:00:00:00:01 dev va master', 'FDB', [port]],
          ['ip neigh del 10.0.0.9 dev br0', 'NEIGHBORS', [bridge]],
          ['ip addr del 10.0.0.1/24 dev br0', 'ADDRESSES', [bridge]],
          // Told with AF_BRIDGE: the state of a bridge's port.
          ['bridge link set dev va cost 7', 'LINKS', [port]],
          ['ip link del br0', 'LINKS', [port, bridge]],
        ];
        for (const [command, table, expected] of steps) {
          listener.forget();
          netns.exec(command.split(' '));
          await listener.until(command, () => includesAll(listener.changed(10 + at, table), expected));
          for (const [nsid, ifindexes] of listener.ifindexes())
            for (const ifindex of ifindexes)
              t.ok(ifindex === 1 || Math.floor(ifindex / 100) === nsid - 9, `${ifindex} of ${nsid}`);
        }
      }
      t.equal(listener.lost, 0);
    },
  );

  t.test('receives what it is given as rules: groups and types of tables that nobody reads yet', async (t) => {
    const netns = Scratch.create(t).netns();
    netns.ipBatch(['link add va type veth peer name vb', 'address add 10.0.0.1/24 dev va', 'link set va up', 'link set vb up']);
    const write = (file: string, value: number): string => `echo ${value} > /proc/sys/net/${file}`;
    // Name, RTNLGRP_*, RTM_NEW* and RTM_DEL*, and what makes an event of it.
    const tables: readonly (readonly [string, number, readonly number[], string])[] = [
      ['IPV4_RULE', 8, [32, 33], 'ip rule add from 10.0.0.0/8 table 7'],
      ['IPV6_RULE', 19, [32, 33], 'ip -6 rule add from fd00::/8 table 7'],
      ['NEXTHOP', 32, [104, 105], 'ip nexthop add id 7 via 10.0.0.2 dev va'],
      ['IPV4_NETCONF', 24, [80, 81], write('ipv4/conf/va/rp_filter', 2)],
      ['IPV6_NETCONF', 25, [80, 81], write('ipv6/conf/va/forwarding', 1)],
    ];
    const family = new Map([
      ['IPV4', 2],
      ['IPV6', 10],
    ]);
    const events = tables.map(([name, group, types], table) => {
      const first = family.get(name.slice(0, 4));
      return { table, groups: [group], types, ...(first === undefined ? {} : { family: first }) };
    });
    const listener = new Listener(
      { events },
      tables.map(([name]) => name),
    );
    await listener.listenTo([netns]);
    for (const [name, , , command] of tables) {
      listener.forget();
      netns.exec(['sh', '-c', command]);
      await listener.until(command, () => listener.changed(1, name) === 'any');
      t.strictSame(listener.tables, [`1 ${name}`]);
    }
  });

  t.test('hears when a namespace gives an id to another', async (t) => {
    const scratch = Scratch.create(t);
    const [one, two] = [scratch.netns(), scratch.netns()];
    const listener = new Listener();
    await listener.listenTo([one]);
    one.ip(`link add va type veth peer name vb netns ${two.path}`);
    await listener.until('an id is given for the peer', () => listener.changed(1, 'NSIDS') === 'any');
  });

  t.test('hears nothing of a namespace without an id, and not of what a vxlan device only asks for', async (t) => {
    const scratch = Scratch.create(t);
    const [known, unknown] = [scratch.netns(), scratch.netns()];
    known.ipBatch(['link add vx0 type vxlan id 7 dstport 4789 dev lo l2miss l3miss', 'addr add 10.0.0.1/24 dev vx0']);
    // No address of its own, which would be checked for a second or two, and then be an event.
    known.ipBatch(['link set vx0 addrgenmode none', 'link set vx0 up']);
    known.ip('neigh add 10.0.0.9 lladdr 02:00:00:00:00:09 dev vx0 nud permanent');
    const listener = new Listener();
    await listener.listenTo([known]);
    unknown.ip('link add br0 type bridge');
    known.exec(['python3', '-c', MISS]);
    known.ip('link set lo alias done');
    await listener.until('the last change', () => listener.changed(1, 'LINKS') !== undefined);
    t.strictSame(listener.tables, ['1 LINKS']);
    t.strictSame([listener.changed(1, 'LINKS'), listener.messages], [[1], 1]);
  });

  t.test('hears of the end of a neighbour, and nothing when what a multicast address was resolved to is forgotten', async (t) => {
    const netns = Scratch.create(t).netns();
    netns.ipBatch(['link add va index 10 type veth peer name vb index 11', 'link set va up', 'link set vb up']);
    const neighbors = (): string => netns.exec(['ip', '-6', 'neigh', 'show', 'dev', 'va', 'nud', 'noarp']);
    const down = async (listener: Listener): Promise<void> => {
      listener.forget();
      netns.ip('link set va down');
      await listener.until('the link is down', () => includesAll(listener.changed(1, 'LINKS'), [10]));
      await listener.until('its routes are gone', () => listener.changed(1, 'ROUTES') !== undefined);
    };
    const listener = new Listener();
    await listener.listenTo([netns], 1);
    // Duplicate address detection joins a group, and the report of that is sent to ff02::16.
    await eventually('a multicast address is resolved', () => neighbors().includes('ff02::'));
    await down(listener);
    t.equal(neighbors(), '');
    t.equal(listener.changed(1, 'NEIGHBORS'), undefined);
    netns.ip('link set va up');
    netns.ip('neigh replace fe80::9 lladdr 02:00:00:00:00:09 dev va nud reachable');
    await down(listener);
    t.strictSame(listener.changed(1, 'NEIGHBORS'), [10]);
  });

  t.test('remembers 64 interfaces of a table one by one, and more as any', async (t) => {
    const scratch = Scratch.create(t);
    const netns = scratch.netns();
    const make = (from: number, count: number): string[] =>
      Array.from({ length: count }, (_, at) => `link add vx${from + at} index ${from + at} type vxlan id ${at} dstport 4789`);
    netns.ipBatch(make(100, 65));
    const listener = new Listener();
    await listener.listenTo([netns]);
    // Of an alias of a link that is down the kernel does not tell: netdev_state_change(), net/core/dev.c.
    const change = (count: number): string[] =>
      Array.from({ length: count }, (_, at) => `link set vx${100 + at} mtu ${1400 + count}`);
    listener.forget();
    netns.ipBatch(change(64));
    holdMainThread();
    await listener.until('64 links', () => listener.changed(1, 'LINKS')?.length === 64);
    listener.forget();
    netns.ipBatch(change(65));
    holdMainThread();
    await listener.until('any link', () => listener.changed(1, 'LINKS') === 'any');
  });

  t.test('calls once for everything until it is taken, and tells when the oldest came', async (t) => {
    const scratch = Scratch.create(t);
    // Down: nothing happens there by itself.
    const [netns] = scratch.many(1);
    assert.ok(netns);
    const listener = new Listener();
    await listener.listenTo([netns]);
    listener.forget();
    const before = performance.now();
    netns.ipBatch(Array.from({ length: 50 }, (_, at) => `link set lo mtu ${2000 + at}`));
    const after = performance.now();
    holdMainThread();
    await listener.until('the changes', () => listener.messages >= 50);
    const { oldestAtMs = Number.NaN } = listener;
    t.ok(oldestAtMs >= before && oldestAtMs <= after + 900, `${oldestAtMs} is not within ${before} and ${after} + 900`);
    // The main thread was busy meanwhile: what had come by then is one call, and no call is for nothing.
    t.ok(listener.calls <= 2, `${listener.calls} calls`);
    t.equal(listener.idleCalls, 0);
    t.strictSame(listener.observer.take(), { changes: [], dead: [], lost: 0, mounts: false, messages: 0 });
  });

  t.test('tells in many takes during a burst what happened, no more and no less', async (t) => {
    const scratch = Scratch.create(t);
    const namespaces = scratch.many(3);
    const links = Array.from({ length: 60 }, (_, at) => at + 10);
    for (const netns of namespaces)
      netns.ipBatch(links.map((ifindex) => `link add vx${ifindex} index ${ifindex} type vxlan id ${ifindex} dstport 4789`));
    const listener = new Listener();
    await listener.listenTo(namespaces, 1);
    listener.forget();
    const lines = Array.from({ length: 50 }, (_, round) => links.map((ifindex) => `link set vx${ifindex} mtu ${1300 + round}\n`));
    const ends = namespaces.map(({ path }) => {
      const child = spawn('nsenter', [`--net=${path}`, 'ip', '-batch', '-'], { stdio: ['pipe', 'ignore', 'inherit'] });
      child.stdin.end(lines.flat().join(''));
      return once(child, 'exit');
    });
    await Promise.all(ends);
    for (const netns of namespaces) netns.ip('link set lo mtu 2000');
    await listener.until('the last change of each', () =>
      [1, 2, 3].every((nsid) => includesAll(listener.changed(nsid, 'LINKS'), [1])),
    );
    for (const nsid of [1, 2, 3]) t.strictSame(listener.changed(nsid, 'LINKS'), [1, ...links]);
    t.ok(listener.messages >= 3 * 50 * 60, `${listener.messages} messages`);
    t.ok(listener.calls > 10, `taken only ${listener.calls} times`);
    t.equal(listener.lost, 0);
    t.equal(listener.idleCalls, 0);
  });
});
