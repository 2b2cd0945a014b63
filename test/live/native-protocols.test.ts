// Other protocols than ROUTE, and files: what is read is the namespace's own, and what writes never reaches the kernel.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import t from 'tap';
import type { NetlinkRequest, Protocol, ReadRequest } from '../../src/native/types.js';
import { eventually, guardHygiene } from '../support/hygiene.js';
import { testReader } from '../support/native-addon.js';
import { addonThreads } from '../support/native-process.js';
import { readAll, type TargetRecord } from '../support/native-records.js';
import {
  dump,
  message,
  NLM_F_DUMP,
  NLM_F_REQUEST,
  NLMSG_DONE,
  NLMSG_ERROR,
  RTM_GETADDR,
  RTM_GETLINK,
  RTM_GETROUTE,
  typesOf,
} from '../support/native-requests.js';
import { Scratch } from '../support/netns.js';

t.setTimeout(0);

guardHygiene(t);

const ENOENT = 2;
const EISDIR = 21;
const EINVAL = 22;
const EFBIG = 27;
const EPROTONOSUPPORT = 93;
const RTM_GETRULE = 34;
const RTM_GETNETCONF = 82;
const RTM_GETNEXTHOP = 106;
const SOCK_DIAG_BY_FAMILY = 20;
const SOCK_DESTROY = 21;
const XFRM_MSG_GETSADINFO = 0x23;
const XFRM_MSG_NEWSADINFO = 0x22;
const NFT_MSG_GETTABLE = 0x0a01;
const IP_FORWARD = '/proc/sys/net/ipv4/ip_forward';
const scratch = Scratch.create({ after: (fn) => t.after(fn) });

/** Carries out requests in one namespace. */
async function read(path: string, requests: readonly ReadRequest[]): Promise<TargetRecord> {
  const reader = testReader();
  const [record] = await readAll(reader, { requests, targets: [{ path, requests: requests.map((_, index) => index) }] });
  reader.close();
  assert.ok(record);
  assert.deepEqual(record.problems, [undefined]);
  return record;
}

/** What a request was answered, as text. */
function textOf(record: TargetRecord, request: number): string {
  return record.datagrams
    .filter((datagram) => datagram.request === request)
    .map(({ bytes }) => Buffer.from(bytes).toString())
    .join('');
}

/** struct inet_diag_req_v2 (linux/inet_diag.h): IPv4 sockets of TCP that listen. */
function listening(type = SOCK_DIAG_BY_FAMILY): ReadRequest {
  const body = Buffer.alloc(56);
  body.set([2, 6]);
  body.writeUInt32LE(1 << 10, 4);
  return { protocol: 'SOCK_DIAG', bytes: message(type, NLM_F_REQUEST | NLM_F_DUMP, body) };
}

/** Ports in struct inet_diag_msg: behind its first 4 bytes, in network order. */
function portsIn(record: TargetRecord, request: number): number[] {
  const ports: number[] = [];
  for (const { bytes } of record.datagrams.filter((datagram) => datagram.request === request)) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (let at = 0; at + 16 <= bytes.length; at += (view.getUint32(at, true) + 3) & ~3) {
      if (view.getUint16(at + 4, true) === SOCK_DIAG_BY_FAMILY) ports.push(view.getUint16(at + 20));
    }
  }
  return ports;
}

/** genlmsghdr: command, version. */
function generic(family: string, command: number, version: number): NetlinkRequest {
  return {
    protocol: 'GENERIC',
    family,
    bytes: message(0, NLM_F_REQUEST | NLM_F_DUMP, Uint8Array.from([command, version, 0, 0])),
  };
}

/** A dump of what IPv4 has: AF_INET and zeros. */
function dumpOf(type: number, headerBytes: number): Uint8Array {
  const header = new Uint8Array(headerBytes);
  header[0] = 2;
  return message(type, NLM_F_REQUEST | NLM_F_DUMP, header);
}

/** A single next hop: struct nhmsg and NHA_ID (linux/nexthop.h). */
function getNextHop(id: number): Uint8Array {
  const body = Buffer.alloc(16);
  body.set([8, 0, 1, 0, id], 8);
  return message(RTM_GETNEXTHOP, NLM_F_REQUEST, body);
}

t.test('SOCK_DIAG lists the sockets of the namespace that is read, ROUTE its links, in one visit', async (t) => {
  const [a, b] = [scratch.netns(), scratch.netns()];
  const listen = 'require("net").createServer().listen(4711, "127.0.0.1", () => console.log("up"))';
  const child = spawn('nsenter', [`--net=${a.path}`, process.execPath, '-e', listen], { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    await once(child.stdout, 'data');
    const record = await read(a.path, [listening(), dump(RTM_GETLINK), listening()]);
    t.strictSame(portsIn(record, 0), [4711]);
    t.strictSame(portsIn(record, 2), [4711]);
    t.ok(record.datagrams.some(({ request, bytes }) => request === 1 && typesOf(bytes).includes(16)));
    t.strictSame(
      record.ends.map(({ errno, operation }) => [errno, operation]),
      [0, 1, 2].map(() => [0, 'receive']),
    );
    t.strictSame(portsIn(await read(b.path, [listening()]), 0), []);
  } finally {
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
});

t.test('a file is that of the namespace, not of the process', async (t) => {
  const own = readFileSync(IP_FORWARD, 'utf8');
  const other = own === '1\n' ? '0\n' : '1\n';
  const netns = scratch.netns();
  netns.exec(['sh', '-c', `printf %s ${other.trim()} > ${IP_FORWARD}`]);
  netns.exec(['ip', 'link', 'add', 'only-here', 'type', 'veth']);
  const record = await read(netns.path, [{ file: IP_FORWARD }, { file: '/proc/thread-self/net/dev' }]);
  t.equal(textOf(record, 0), other);
  t.match(textOf(record, 1), /only-here:/);
  t.equal(readFileSync(IP_FORWARD, 'utf8'), own);
  t.notMatch(readFileSync('/proc/self/net/dev', 'utf8'), /only-here:/);
  t.strictSame(
    record.ends.map(({ errno, operation }) => [errno, operation]),
    [0, 1].map(() => [0, 'file']),
  );
});

t.test('a file that is not there or no file ends its request and no other; one too large is not read in part', async (t) => {
  const netns = scratch.netns();
  // 150 bytes in ipv6_route for each: more than 1 MiB.
  const lines = Array.from({ length: 8000 }, (_, at) => `address add 2001:db8::${(at + 1).toString(16)}/128 dev lo nodad`);
  netns.ipBatch(lines);
  const files = ['/proc/sys/net/ipv4/none', '/proc/sys/net/ipv4', '/proc/thread-self/net/ipv6_route', IP_FORWARD];
  const record = await read(
    netns.path,
    files.map((file) => ({ file })),
  );
  t.strictSame(
    record.ends.map(({ errno }) => errno),
    [ENOENT, EISDIR, EFBIG, 0],
  );
  t.strictSame(
    record.datagrams.map(({ request }) => request),
    [3],
  );
});

t.test('a generic family is found by its name', async (t) => {
  const record = await read(scratch.netns().path, [generic('nlctrl', 3, 2), generic('nlctrl', 3, 2)]);
  for (const request of [0, 1]) {
    t.match(textOf(record, request), /nlctrl/);
    const types = record.datagrams.filter((each) => each.request === request).flatMap(({ bytes }) => typesOf(bytes));
    t.equal(types.at(-1), NLMSG_DONE);
  }
});

/** Whether this kernel has a function, in itself or in a module that is loaded. Its names are readable whoever asks. */
function kernelHas(symbol: string): boolean {
  const name = new RegExp(` ${symbol}(\\s|$)`);
  return readFileSync('/proc/kallsyms', 'utf8')
    .split('\n')
    .some((line) => name.test(line));
}

/** How requests of a protocol end that this kernel has not: netlink_create(), net/netlink/af_netlink.c. */
const NO_PROTOCOL = { errno: EPROTONOSUPPORT, operation: 'socket' };
const ANSWERED = { errno: 0, operation: 'receive' };

// What is expected is decided after the request, which may have loaded the module.
t.test('XFRM answers; a kernel without it ends the request with EPROTONOSUPPORT, and the rest is read', async (t) => {
  const request: ReadRequest = { protocol: 'XFRM', bytes: message(XFRM_MSG_GETSADINFO, NLM_F_REQUEST, new Uint8Array(4)) };
  const record = await read(scratch.netns().path, [request, dump(RTM_GETLINK)]);
  const known = kernelHas('xfrm_get_sadinfo');
  t.strictSame(record.ends, [
    { request: 0, ...(known ? ANSWERED : NO_PROTOCOL) },
    { request: 1, ...ANSWERED },
  ]);
  const types = record.datagrams.filter(({ request: of }) => of === 0).flatMap(({ bytes }) => typesOf(bytes));
  t.strictSame(types, known ? [XFRM_MSG_NEWSADINFO] : []);
});

t.test(
  'NETFILTER answers; without it EPROTONOSUPPORT, without nf_tables EINVAL ends the request, and the rest is read',
  async (t) => {
    const request: ReadRequest = {
      protocol: 'NETFILTER',
      bytes: message(NFT_MSG_GETTABLE, NLM_F_REQUEST | NLM_F_DUMP, new Uint8Array(4)),
    };
    const record = await read(scratch.netns().path, [request, dump(RTM_GETLINK)]);
    const [nfnetlink, tables] = [kernelHas('nfnetlink_rcv_msg'), kernelHas('nf_tables_gettable')];
    // EINVAL: no such subsystem // nfnetlink_rcv_msg(), net/netfilter/nfnetlink.c
    const known = tables ? ANSWERED : { errno: EINVAL, operation: 'receive' };
    t.strictSame(record.ends, [
      { request: 0, ...(nfnetlink ? known : NO_PROTOCOL) },
      { request: 1, ...ANSWERED },
    ]);
    const types = record.datagrams.filter(({ request: of }) => of === 0).flatMap(({ bytes }) => typesOf(bytes));
    t.strictSame(types, nfnetlink ? [tables ? NLMSG_DONE : NLMSG_ERROR] : []);
  },
);

t.test('rules, next hops and settings of interfaces are read, in full and one by one', async (t) => {
  const netns = scratch.netns();
  netns.ipBatch(['link add va type veth peer name vb', 'address add 10.0.0.1/24 dev va', 'link set va up', 'link set vb up']);
  netns.ipBatch(['nexthop add id 7 via 10.0.0.2 dev va', 'rule add from 10.0.0.0/8 table 7']);
  const requests = [
    dumpOf(RTM_GETRULE, 12),
    dumpOf(RTM_GETNETCONF, 4),
    dumpOf(RTM_GETNEXTHOP, 8),
    getNextHop(7),
    dump(RTM_GETLINK).bytes,
  ];
  const record = await read(
    netns.path,
    requests.map((bytes) => ({ bytes })),
  );
  t.strictSame(
    record.ends,
    requests.map((_, request) => ({ request, ...ANSWERED })),
  );
  const counts = requests.map((_, request) => {
    const datagrams = record.datagrams.filter((each) => each.request === request);
    return datagrams.flatMap(({ bytes }) => typesOf(bytes)).filter((type) => type !== NLMSG_DONE).length;
  });
  const links = counts.at(-1) ?? 0;
  t.ok(links >= 3);
  // Three rules are in every namespace; "all" and "default" have settings, too.
  t.strictSame(counts, [4, links + 2, 1, 1, links]);
});

const bytes = (type: number): Uint8Array => message(type, NLM_F_REQUEST, new Uint8Array(16));
const REFUSED: Record<string, ReadRequest> = {
  'RTM_GETDCB, whose body may set': { bytes: bytes(78) },
  'a single route, which is looked up as for a packet': { bytes: bytes(RTM_GETROUTE) },
  'half a dump': { bytes: message(RTM_GETLINK, NLM_F_REQUEST | 0x100, new Uint8Array(16)) },
  'the other half': { bytes: message(RTM_GETLINK, NLM_F_REQUEST | 0x200, new Uint8Array(16)) },
  SOCK_DESTROY: listening(SOCK_DESTROY),
  'a read of ROUTE as SOCK_DIAG': { protocol: 'SOCK_DIAG', bytes: bytes(RTM_GETADDR) },
  XFRM_MSG_FLUSHSA: { protocol: 'XFRM', bytes: bytes(0x1c) },
  NFT_MSG_GETRULE_RESET: { protocol: 'NETFILTER', bytes: bytes(0x0a19) },
  IPCTNL_MSG_CT_GET_CTRZERO: { protocol: 'NETFILTER', bytes: bytes(0x0103) },
  IPVS_CMD_FLUSH: generic('IPVS', 17, 1),
  'a family that is not listed': generic('nl80211', 1, 1),
  'a generic request that brings its type': { protocol: 'GENERIC', family: 'nlctrl', bytes: bytes(16) },
  'a family in another protocol': { family: 'nlctrl', bytes: bytes(RTM_GETLINK) },
  'a descriptor over a command': { ...generic('nlctrl', 3, 2), netnsFd: { offset: 16, path: '/proc/self/ns/net' } },
  'no such protocol': { protocol: 'AUDIT' as Protocol, bytes: bytes(1000) },
  'a file elsewhere': { file: '/etc/passwd' },
  'a way out': { file: '/proc/sys/net/../kernel/hostname' },
  'a NUL': { file: '/proc/sys/net/ipv4\0' },
  'no text': { file: 7 as unknown as string },
};

t.test('everything else is refused with the job, before anything is opened', async (t) => {
  const reader = testReader();
  await eventually('the readers of other tests are gone', () => addonThreads() === 0);
  for (const [what, request] of Object.entries(REFUSED)) {
    const targets = [{ path: scratch.netns().path, requests: [0] }];
    await t.rejects(reader.read({ requests: [request], targets }, {}), { code: 'ERR_NSATLAS_ARGUMENT' }, what);
  }
  t.equal(addonThreads(), 0, 'no thread was started that could open something');
  reader.close();
});
