import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import t from 'tap';
import type { Handle } from '../../src/native/binding.js';
import { sdNotify } from '../../src/native/index.js';
import { encodeJob } from '../../src/native/job.js';
import { encodeRowFormats } from '../../src/native/row-formats.js';
import type { NetlinkRequest, NetnsProblem } from '../../src/native/types.js';
import { NATIVE_OPTIONS, testAddon, testReader } from '../support/native-addon.js';
import { compileHelper, Namespaces, removeFolder, scratchFolder } from '../support/native-namespaces.js';
import { addonThreads, threadNamespaces } from '../support/native-process.js';
import { readAll } from '../support/native-records.js';
import { dump, message, NLM_F_DUMP, NLM_F_REQUEST, RTM_GETLINK, RTM_NEWLINK } from '../support/native-requests.js';
import { eventually } from '../support/hygiene.js';
import { stateMatrix } from '../support/native-states.js';

t.setTimeout(0);

const folder = scratchFolder();
let namespaces: Namespaces;

t.before(async () => {
  namespaces = await Namespaces.make(compileHelper(folder, 'native-namespaces'), 3);
});

t.teardown(async () => {
  await namespaces.end();
  removeFolder(folder);
});

const EXPECTED_STATES = {
  'open read': 'done',
  'open identify': 'done',
  'open stop': 'done',
  'open forget': 'done',
  'open close': 'done',
  'busy read': 'ERR_NSATLAS_BUSY',
  'busy job while read': 'done',
  'busy identify': 'ERR_NSATLAS_BUSY',
  'busy job while identify': 'done',
  'busy stop': 'done',
  'busy job while stop': 'done',
  'busy forget': 'done',
  'busy job while forget': 'done',
  'busy close': 'done',
  'busy job while close': 'ERR_NSATLAS_CLOSED',
  'closed read': 'ERR_NSATLAS_CLOSED',
  'closed identify': 'ERR_NSATLAS_CLOSED',
  'closed stop': 'done',
  'closed forget': 'done',
  'closed close': 'done',
};

t.test('each method does in each state what it says', async (t) => {
  t.strictSame(await stateMatrix(namespaces.path(0)), EXPECTED_STATES);
});

t.test('the same holds in worker threads, several at once', async (t) => {
  const workers = [1, 2, 3].map(
    () => new Worker(new URL('../support/native-worker.js', import.meta.url), { workerData: namespaces.path(0) }),
  );
  const results = await Promise.all(workers.map(async (worker) => ((await once(worker, 'message')) as unknown[])[0]));
  for (const result of results) t.strictSame(result, EXPECTED_STATES);
  await Promise.all(workers.map((worker) => worker.terminate()));
  // A reader that is closed while it is busy finishes the namespace that its thread is in.
  await eventually('the threads of closed readers end', () => addonThreads() === 0);
  t.equal(threadNamespaces().length, 1);
});

t.test('a visitor that throws ends the job with what it threw, and the reader reads on', async (t) => {
  const reader = testReader();
  const thrown = new Error('on purpose');
  const targets = Array.from({ length: 2000 }, (_, index) => ({ path: namespaces.path(index % 3), requests: [0] }));
  const requests = [dump(RTM_GETLINK)];
  for (const method of ['target', 'datagram', 'requestEnd', 'targetEnd'] as const) {
    let calls = 0;
    const visitor = {
      [method]: (): never => {
        calls++;
        throw thrown;
      },
    };
    await assert.rejects(reader.read({ requests, targets }, visitor), (error) => error === thrown);
    t.equal(calls, 1);
  }
  const records = await readAll(reader, { requests, targets: targets.slice(0, 3) });
  t.strictSame(
    records.map(({ problems }) => problems),
    [[undefined], [undefined], [undefined]],
  );
  reader.close();
});

t.test('a visitor may close its reader: no further call, and the job is rejected', async (t) => {
  const reader = testReader();
  let after = 0;
  const targets = Array.from({ length: 100 }, () => ({ path: namespaces.path(0), requests: [0] }));
  const job = reader.read({ requests: [dump(RTM_GETLINK)], targets }, { target: () => (after++, reader.close()) });
  await t.rejects(job, { name: 'NativeError', code: 'ERR_NSATLAS_CLOSED' });
  t.equal(after, 1);
});

t.test('a job of nothing is done', async (t) => {
  const reader = testReader();
  t.strictSame(await readAll(reader, { requests: [], targets: [] }), []);
  t.strictSame(await reader.identify([]), []);
  reader.close();
});

/** What refuses a job: only whole jobs are refused, and only for what the caller did wrong. */
async function refusal(bytes: Uint8Array, more: Partial<NetlinkRequest> = {}): Promise<string> {
  const reader = testReader();
  try {
    await reader.read({ requests: [{ bytes, ...more }], targets: [{ path: '/proc/self/ns/net', requests: [0] }] }, {});
    return 'taken';
  } catch (error) {
    assert.ok(error instanceof TypeError, String(error));
    return (error as TypeError & { code: string }).code;
  } finally {
    reader.close();
  }
}

t.test('only reading requests are taken: one message, RTM_GET*, NLM_F_REQUEST', async (t) => {
  const body = new Uint8Array(16);
  const good = message(RTM_GETLINK, NLM_F_REQUEST | NLM_F_DUMP, body);
  t.equal(await refusal(good), 'taken');
  t.equal(await refusal(message(RTM_NEWLINK, NLM_F_REQUEST, body)), 'ERR_NSATLAS_ARGUMENT');
  t.equal(await refusal(message(RTM_NEWLINK + 1, NLM_F_REQUEST, body)), 'ERR_NSATLAS_ARGUMENT'); // RTM_DELLINK
  t.equal(await refusal(message(RTM_NEWLINK + 3, NLM_F_REQUEST, body)), 'ERR_NSATLAS_ARGUMENT'); // RTM_SETLINK
  t.equal(await refusal(message(RTM_GETLINK, NLM_F_DUMP, body)), 'ERR_NSATLAS_ARGUMENT');
  t.equal(await refusal(message(2, NLM_F_REQUEST, body)), 'ERR_NSATLAS_ARGUMENT'); // NLMSG_ERROR
  t.equal(await refusal(Buffer.concat([good, message(RTM_NEWLINK, NLM_F_REQUEST, body)])), 'ERR_NSATLAS_ARGUMENT');
  t.equal(await refusal(good.subarray(0, 15)), 'ERR_NSATLAS_ARGUMENT');
  t.equal(await refusal(new Uint8Array(0)), 'ERR_NSATLAS_ARGUMENT');
  for (const offset of [0, 12, 29, 1000, 4294967290]) {
    t.equal(await refusal(good, { netnsFd: { offset, path: '/x' } }), 'ERR_NSATLAS_ARGUMENT', `offset ${offset}`);
  }
});

t.test('wrong jobs are a TypeError with a code', async (t) => {
  const reader = testReader();
  const target = { path: '/proc/self/ns/net', requests: [] as number[] };
  const wrong: unknown[] = [
    { requests: [], targets: [{ ...target, requests: [0] }] },
    { requests: [], targets: [{ ...target, requests: [-1] }] },
    { requests: [], targets: [{ ...target, path: '' }] },
    { requests: [], targets: [{ ...target, path: 'a\0b' }] },
    { requests: [], targets: [{ ...target, path: 'x'.repeat(5000) }] },
    { requests: [], targets: [{ ...target, path: 7 }] },
    { requests: [], targets: [{ ...target, expect: { dev: -1, ino: 1 } }] },
    { requests: [], targets: [{ ...target, expect: { dev: 1, ino: Number.NaN } }] },
    { requests: [], targets: [target], timeLimitMs: 0 },
    { requests: [], targets: [target], timeLimitMs: 1.5 },
    { requests: [], targets: [target], batchBytes: 0 },
    { requests: [], targets: [target], batchBytes: 1e12 },
    { requests: [{ bytes: 'text' }], targets: [] },
  ];
  for (const job of wrong) {
    const isRefused = (error: unknown): boolean =>
      error instanceof TypeError && (error as { code?: string }).code === 'ERR_NSATLAS_ARGUMENT';
    await assert.rejects(reader.read(job as never, {}), isRefused, JSON.stringify(job));
  }
  t.strictSame(await readAll(reader, { requests: [], targets: [] }), []);
  reader.close();
});

t.test('the addon refuses foreign handles and arguments and does not crash', async (t) => {
  const addon = testAddon();
  const refused = { name: 'TypeError', code: 'ERR_NSATLAS_ARGUMENT' };
  const image = encodeJob({ enter: false, timeLimitMs: 1, batchBytes: 1, requests: [], targets: [] });
  const nothing = (): void => undefined;
  const foreign: unknown[] = [
    undefined,
    null,
    1,
    'x',
    {},
    [],
    nothing,
    new Proxy({}, {}),
    Object.create(addon.open(encodeRowFormats([]))),
    addon,
  ];
  for (const handle of foreign as Handle[]) {
    t.throws(() => addon.start(handle, image, nothing), refused);
    t.throws(() => addon.take(handle, new ArrayBuffer(8)), refused);
    t.throws(() => addon.cancel(handle), refused);
    t.throws(() => addon.stop(handle), refused);
    t.throws(() => addon.forget(handle, 1), refused);
    t.throws(() => addon.close(handle), refused);
  }
  const handle = addon.open(encodeRowFormats([]));
  t.throws(() => addon.start(handle, 'image' as never, nothing), refused);
  t.throws(() => addon.start(handle, new Float64Array(8) as never, nothing), refused);
  t.throws(() => addon.start(handle, image, undefined as never), refused);
  t.throws(() => addon.take(handle, undefined as never), refused);
  t.throws(() => addon.forget(handle, undefined as never), refused);
  for (const image of [undefined, 'x', new Float64Array(2)]) t.throws(() => addon.open(image as never), refused);
  t.throws(() => addon.take(handle, new Uint8Array(8) as never), refused);
  for (const args of [[], [1, 2], ['/x'], [undefined, '/x']])
    t.throws(() => addon.sdNotify(...(args as [string, string])), refused);
  t.throws(() => addon.exitNow(undefined as never), refused);
  // Every cut of a good image.
  const good = encodeJob({
    enter: true,
    timeLimitMs: 1,
    batchBytes: 1,
    requests: [dump(RTM_GETLINK)],
    targets: [{ path: '/proc/self/ns/net', requests: [0], expect: { dev: 1, ino: 1 } }],
  });
  for (let length = 0; length < good.length; length++)
    t.throws(() => addon.start(handle, good.slice(0, length), nothing), refused);
  t.throws(() => addon.start(handle, Buffer.concat([good, Buffer.alloc(8)]), nothing), refused);
  t.equal(addon.take(handle, new ArrayBuffer(0)), 0);
  addon.close(handle);
  t.throws(() => addon.start(handle, image, nothing), { name: /^Error$/, code: 'ERR_NSATLAS_CLOSED' });
});

t.test('the numbers in frames have the names that types.ts has', async (t) => {
  const { problems, operations } = testAddon();
  const known: Record<NetnsProblem | 'none', true> = {
    none: true,
    'not-found': true,
    dangling: true,
    'plain-file': true,
    directory: true,
    fifo: true,
    socket: true,
    device: true,
    'other-namespace': true,
    'not-nsfs': true,
    changed: true,
    denied: true,
    timeout: true,
    failed: true,
  };
  t.strictSame([...problems].sort(), Object.keys(known).sort());
  for (const name of ['none', 'send', 'receive', 'netns-fd', 'socket', 'family', 'file', 'home'])
    t.ok(operations.includes(name), name);
});

t.test('sdNotify reaches a socket in the file system and an abstract one, and says what failed', async (t) => {
  const { spawn } = await import('node:child_process');
  const script = [
    'import socket,sys',
    's=socket.socket(socket.AF_UNIX,socket.SOCK_DGRAM);a=socket.socket(socket.AF_UNIX,socket.SOCK_DGRAM)',
    's.bind(sys.argv[1]);a.bind("\\0"+sys.argv[2]);print("ready",flush=True)',
    'print(s.recv(99).decode());print(a.recv(99).decode())',
  ].join('\n');
  const name = `nsatlas-${process.pid}-${Math.random()}`;
  const listener = spawn('python3', ['-c', script, `${folder}/notify`, name], { stdio: ['ignore', 'pipe', 'inherit'] });
  let heard = '';
  listener.stdout.setEncoding('utf8').on('data', (text: string) => (heard += text));
  await eventually('the listener listens', () => heard.startsWith('ready'));
  sdNotify(`${folder}/notify`, 'READY=1\nSTATUS=ünder way', NATIVE_OPTIONS);
  sdNotify(`@${name}`, 'STOPPING=1', NATIVE_OPTIONS);
  await once(listener, 'close');
  t.equal(heard, 'ready\nREADY=1\nSTATUS=ünder way\nSTOPPING=1\n');
  const failed = { code: 'ERR_NSATLAS_NOTIFY' };
  t.throws(() => sdNotify('/nowhere/at/all', 'x', NATIVE_OPTIONS), { ...failed, errno: 2, syscall: 'sendto' });
  t.throws(() => sdNotify('relative', 'x', NATIVE_OPTIONS), { ...failed, errno: 22 });
  t.throws(() => sdNotify(`/${'x'.repeat(108)}`, 'x', NATIVE_OPTIONS), { ...failed, errno: 36 });
});
