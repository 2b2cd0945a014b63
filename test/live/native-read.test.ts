import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import type { ReadTarget } from '../../src/native/types.js';
import { namespaceFds } from '../support/hygiene.js';
import { testReader } from '../support/native-addon.js';
import { compileHelper, Namespaces, removeFolder, scratchFolder } from '../support/native-namespaces.js';
import { addonThreads, threadNamespaces } from '../support/native-process.js';
import { linkRows, rowReader } from '../support/native-rows.js';
import { readAll, type TargetRecord } from '../support/native-records.js';
import {
  dump,
  getLink,
  getNsid,
  message,
  NLM_F_REQUEST,
  NLMSG_DONE,
  NLMSG_ERROR,
  RTM_GETADDR,
  RTM_GETLINK,
  RTM_GETNEIGHTBL,
  RTM_GETROUTE,
  RTM_NEWLINK,
  typesOf,
} from '../support/native-requests.js';

t.setTimeout(0);

const MANY = 200;
const BIG = MANY; // the index of a namespace with much in it
const folder = scratchFolder();
const reader = testReader();
let program: string;
let namespaces: Namespaces;

t.before(async () => {
  program = compileHelper(folder, 'native-namespaces');
  namespaces = await Namespaces.make(program, MANY + 1);
});

t.teardown(async () => {
  reader.close();
  await namespaces.end();
  removeFolder(folder);
});

function targetsOf(paths: readonly string[], requests: readonly number[]): ReadTarget[] {
  return paths.map((path) => ({ path, requests }));
}

/** How many messages of a type a request was answered with. */
function countOf(record: TargetRecord | undefined, type: number, request = 0): number {
  assert.ok(record !== undefined);
  const types = record.datagrams.filter((datagram) => datagram.request === request).flatMap(({ bytes }) => typesOf(bytes));
  return types.filter((found) => found === type).length;
}

t.test('200 namespaces in one job are each told once, in order, with their own identity', async (t) => {
  const order: number[] = [];
  const { recorder } = await import('../support/native-records.js');
  const { visitor, records } = recorder(MANY);
  const job = { requests: [dump(RTM_GETLINK), dump(RTM_GETADDR)], targets: targetsOf(namespaces.paths.slice(0, MANY), [0, 1]) };
  await reader.read(job, {
    ...visitor,
    targetEnd: (target, problem) => (order.push(target), visitor.targetEnd?.(target, problem)),
  });
  t.strictSame(
    order,
    Array.from({ length: MANY }, (_, index) => index),
  );
  const cookies = new Set<bigint | undefined>();
  for (const [index, record] of records.entries()) {
    const { dev, ino } = statSync(namespaces.path(index));
    t.strictSame(record.identity, { dev, ino });
    t.strictSame(record.ends, [
      { request: 0, errno: 0, operation: 'receive' },
      { request: 1, errno: 0, operation: 'receive' },
    ]);
    t.strictSame(record.problems, [undefined]);
    t.equal(countOf(record, RTM_NEWLINK), 1);
    cookies.add(record.cookie);
  }
  t.equal(cookies.size, MANY);
});

t.test('two paths of one namespace have one cookie', async (t) => {
  const copy = namespaces.path(0);
  const twin = copy.replace('/fd/', '/task/').replace(/\/(\d+)$/, (_, fd: string) => `/${copy.split('/')[2]}/fd/${fd}`);
  t.not(twin, copy);
  const [first, second] = await readAll(reader, { requests: [], targets: targetsOf([copy, twin], []) });
  t.equal(typeof first?.cookie, 'bigint');
  t.equal(first?.cookie, second?.cookie);
  t.strictSame(first?.identity, second?.identity);
});

t.test('a dump of 1,200 interfaces and one of 5,000 routes arrive whole', async (t) => {
  const links = Array.from({ length: 600 }, (_, i) => `link add name va${i} type veth peer name vb${i}`);
  namespaces.ip(BIG, links);
  const routes = Array.from({ length: 5000 }, (_, i) => `route add unreachable 10.${i >> 8}.${i & 255}.0/24`);
  namespaces.ip(BIG, routes);
  const [record] = await readAll(reader, {
    requests: [dump(RTM_GETLINK), dump(RTM_GETROUTE)],
    targets: targetsOf([namespaces.path(BIG)], [0, 1]),
    timeLimitMs: 20000,
  });
  t.strictSame(record?.problems, [undefined]);
  t.equal(countOf(record, RTM_NEWLINK), 1201);
  t.equal(countOf(record, RTM_NEWLINK), namespaces.ipJson(BIG, 'link').length);
  const RTM_NEWROUTE = 24;
  const v4 = namespaces.ipJson(BIG, '-4', 'route', 'show', 'table', 'all').length;
  const v6 = namespaces.ipJson(BIG, '-6', 'route', 'show', 'table', 'all').length;
  t.equal(countOf(record, RTM_NEWROUTE, 1), v4 + v6);
  t.ok(v4 > 5000);
});

t.test('a datagram larger than 32 KB and than a batch arrives whole', async (t) => {
  const names = Array.from({ length: 300 }, (_, i) => `a${i}-`.padEnd(120, 'x'));
  namespaces.ip(BIG, [
    'link add name huge type veth peer name tiny',
    ...names.map((name) => `link property add dev huge altname ${name}`),
  ]);
  const ifindex = (namespaces.ipJson(BIG, 'link', 'show', 'dev', 'huge')[0] as { ifindex: number }).ifindex;
  for (const batchBytes of [4096, 131072]) {
    const job = {
      requests: [getLink(ifindex), dump(RTM_GETLINK)],
      targets: targetsOf([namespaces.path(BIG)], [0, 1]),
      batchBytes,
    };
    const [record] = await readAll(reader, { ...job, timeLimitMs: 20000 });
    const single = record?.datagrams.find(({ request }) => request === 0)?.bytes ?? new Uint8Array(0);
    t.ok(single.length > 32768, `${single.length} bytes`);
    const text = Buffer.from(single).toString('latin1');
    for (const name of names) t.ok(text.includes(name), `${name} is missing`);
    t.equal(countOf(record, RTM_NEWLINK, 1), 1203);
    t.strictSame(
      record?.ends.map(({ errno }) => errno),
      [0, 0],
    );
  }
});

t.test('a refused request ends with errno and its error message, and the next one is still carried out', async (t) => {
  const [record] = await readAll(reader, {
    requests: [getLink(999999), dump(RTM_GETADDR), { bytes: message(RTM_GETNEIGHTBL, NLM_F_REQUEST, new Uint8Array(4)) }],
    targets: targetsOf([namespaces.path(0)], [0, 2, 1]),
  });
  t.strictSame(record?.problems, [undefined]);
  const [missing, unknown, fine] = record?.ends ?? [];
  t.strictSame(missing, { request: 0, errno: 19, operation: 'receive' }); // ENODEV
  t.strictSame(unknown, { request: 2, errno: 95, operation: 'receive' }); // EOPNOTSUPP: there are only dumps of it
  t.strictSame(fine, { request: 1, errno: 0, operation: 'receive' });
  t.equal(countOf(record, NLMSG_ERROR), 1);
  t.equal(countOf(record, NLMSG_DONE, 1), 1);
});

t.test('strict checking and extended acknowledgements are on', async (t) => {
  const request = Buffer.from(dump(RTM_GETLINK).bytes);
  request.writeUInt32LE(1, 16 + 12); // ifi_change: "Invalid values in header for link dump request"
  const [record] = await readAll(reader, { requests: [{ bytes: request }], targets: targetsOf([namespaces.path(0)], [0]) });
  t.strictSame(record?.ends, [{ request: 0, errno: 22, operation: 'receive' }]);
  const text = record?.datagrams.map(({ bytes }) => Buffer.from(bytes).toString('latin1')).join('') ?? '';
  t.match(text, /Invalid values in header for link dump request/);
});

t.test('a descriptor written into a request is that of the namespace meant', async (t) => {
  const own = { dev: statSync(namespaces.path(1)).dev, ino: statSync(namespaces.path(1)).ino };
  const wrong = getNsid(namespaces.path(2));
  const requests = [
    getNsid(namespaces.path(1)),
    { ...wrong, netnsFd: { ...(wrong.netnsFd ?? { offset: 0, path: '' }), expect: own } },
    getNsid('/etc/passwd'),
    getNsid('/nowhere'),
    getNsid('/proc/self/ns/uts'),
  ];
  const [record] = await readAll(reader, { requests, targets: targetsOf([namespaces.path(1)], [0, 1, 2, 3, 4]) });
  t.strictSame(record?.ends, [
    { request: 0, errno: 0, operation: 'receive' },
    { request: 1, errno: 116, operation: 'netns-fd' }, // ESTALE
    { request: 2, errno: 22, operation: 'netns-fd' },
    { request: 3, errno: 2, operation: 'netns-fd' },
    { request: 4, errno: 22, operation: 'netns-fd' },
  ]);
  // NETNSA_NSID of an answer without one is -1 (NETNSA_NSID_NOT_ASSIGNED).
  t.equal(record?.datagrams.length, 1);
});

t.test('a namespace that goes during the job is not found, and the ones after it are read', async (t) => {
  const some = await Namespaces.make(program, 60);
  try {
    let released: Promise<void> | undefined;
    const { recorder } = await import('../support/native-records.js');
    const { visitor, records } = recorder(60);
    await reader.read(
      { requests: [dump(RTM_GETLINK)], targets: targetsOf(some.paths, [0]), batchBytes: 1 },
      {
        ...visitor,
        // Batches of one frame: the reader cannot be more than a few targets ahead.
        targetEnd: (target, problem) => {
          if (target === 0) released = some.release(50);
          visitor.targetEnd?.(target, problem);
        },
      },
    );
    await released;
    const [last] = records.slice(-1);
    t.strictSame(last?.problems, [undefined]);
    const again = await readAll(reader, { requests: [], targets: targetsOf(some.paths.slice(49, 52), []) });
    t.strictSame(
      again.map(({ problems }) => problems[0]?.problem),
      [undefined, 'not-found', undefined],
    );
  } finally {
    await some.end();
  }
});

t.test('a slow visitor makes the reader wait and costs no memory', async (t) => {
  const targets = targetsOf(
    Array.from({ length: 60 }, () => namespaces.path(BIG)),
    [0],
  );
  const before = process.memoryUsage().rss;
  let most = 0;
  let datagrams = 0;
  await reader.read(
    { requests: [dump(RTM_GETLINK)], targets, timeLimitMs: 20000 },
    {
      datagram: () => {
        datagrams++;
        if (datagrams % 40 !== 0) return;
        const until = performance.now() + 5;
        while (performance.now() < until) continue;
        most = Math.max(most, process.memoryUsage().rss - before);
      },
    },
  );
  // 60 dumps of some 1.5 MB.
  t.ok(datagrams > 60 * 30, `${datagrams} datagrams`);
  t.ok(most < 24e6, `${most} bytes`);
});

t.test('a job that is stopped tells whole what was begun, nothing of the rest, and forgets no rows', async (t) => {
  const rowful = rowReader();
  try {
    const targets = namespaces.paths.slice(0, MANY).map((path, at) => ({ path, key: at + 1, requests: [0] }));
    const job = { requests: [{ ...linkRows, rows: { format: 0 } }], targets, batchBytes: 1 };
    const [told, rows, again]: [number[], Set<number>, Set<number>] = [[], new Set(), new Set()];
    await rowful.read(job, {
      target: (target) => {
        if (target === 2) rowful.stop();
      },
      rowAdded: (target) => rows.add(target),
      targetEnd: (target, problem) => (assert.equal(problem, undefined), told.push(target)),
    });
    // The lane is some namespaces ahead of its visitor.
    t.ok(told.length >= 3 && told.length < 50, `${told.length} told`);
    t.strictSame(told, [...told.keys()]);
    t.strictSame([...rows], told);
    rowful.stop();
    await rowful.read(job, { rowAdded: (target) => again.add(target) });
    t.strictSame(
      [...again],
      targets.map((_, at) => at).filter((at) => !rows.has(at)),
    );
    // Whoever stops every job at once gets on nevertheless.
    const first: number[] = [];
    const running = rowful.read(job, { targetEnd: (target) => first.push(target) });
    rowful.stop();
    await running;
    t.ok(first.length >= 1 && first.length < 50, `${first.length} told`);
  } finally {
    rowful.close();
  }
});

t.test('the time a visitor takes is not counted against a namespace', async (t) => {
  let slept = false;
  const records = await readAll(reader, { requests: [], targets: [] });
  t.strictSame(records, []);
  const problems: unknown[] = [];
  await reader.read(
    {
      requests: [dump(RTM_GETLINK)],
      targets: targetsOf([namespaces.path(BIG), namespaces.path(0)], [0]),
      timeLimitMs: 400,
      batchBytes: 1,
    },
    {
      datagram: () => {
        if (slept) return;
        slept = true;
        const until = performance.now() + 900;
        while (performance.now() < until) continue;
      },
      targetEnd: (_, problem) => problems.push(problem),
    },
  );
  t.strictSame(problems, [undefined, undefined]);
});

t.test('nothing is kept: no descriptor after 100 jobs, none of a namespace between jobs, every thread at home', async (t) => {
  const { readdirSync } = await import('node:fs');
  const job = {
    requests: [dump(RTM_GETLINK)],
    targets: targetsOf([...namespaces.paths.slice(0, 5), '/etc/passwd', '/nowhere'], [0]),
  };
  await readAll(reader, job);
  const files = readdirSync('/proc/self/fd').length;
  for (let i = 0; i < 100; i++) {
    await readAll(reader, job);
    t.equal(namespaceFds().length, 0);
  }
  t.equal(readdirSync('/proc/self/fd').length, files);
  t.strictSame(threadNamespaces().length, 1);
  t.equal(addonThreads(), 2);
});

t.test('a closed reader leaves no thread', async (t) => {
  const before = addonThreads();
  const readers = [testReader(), testReader(), testReader()];
  const job = { requests: [dump(RTM_GETLINK)], targets: targetsOf(namespaces.paths.slice(0, 20), [0]) };
  const records = await Promise.all(readers.map((each) => readAll(each, job)));
  for (const each of records) t.ok(each.every(({ problems }) => problems[0] === undefined));
  t.equal(addonThreads(), before + 6);
  for (const each of readers) each.close();
  for (let i = 0; i < 200 && addonThreads() !== before; i++) await sleep(10);
  t.equal(addonThreads(), before);
});
