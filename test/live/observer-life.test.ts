// How an observer begins and ends, what it keeps alive (nothing), and what it says of what it did not hear.
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { EVENT_RULES } from '../../src/tables/index.js';
import { createObserver } from '../../src/native/index.js';
import type { ObserverHandle } from '../../src/native/binding.js';
import { eventually, guardHygiene } from '../support/hygiene.js';
import { NATIVE_OPTIONS, testAddon } from '../support/native-addon.js';
import { addonThreads } from '../support/native-process.js';
import { Scratch, ScratchNetns } from '../support/netns.js';
import { closeListeners, Listener, placeOf } from '../support/observer.js';
import type { Heard, ObserverTask, Tried } from '../support/observer-child.js';

t.setTimeout(0);

const CHILD = fileURLToPath(new URL('../support/observer-child.js', import.meta.url));
const EVENTS = 'nsatlas-events';
const TINY_BUFFER = 4096;

/** Runs a task to its end. */
function run(task: ObserverTask, under: readonly string[] = []): { status: number | null; stdout: string; stderr: string } {
  const [command, ...args] = [...under, process.execPath, CHILD, task];
  return spawnSync(command, args, { encoding: 'utf8', timeout: 20_000, killSignal: 'SIGKILL' });
}

/** A process that listens to namespaces with the ids from 1 on; ends with the test. */
async function listening(
  t: Test,
  paths: readonly string[],
  buffer = 1 << 20,
): Promise<{ child: ChildProcess; heard: () => Heard }> {
  const child = spawn(process.execPath, [CHILD, 'listen', String(buffer), ...paths], { stdio: ['pipe', 'pipe', 'inherit'] });
  t.after(() => child.kill('SIGKILL'));
  let last: Heard | undefined;
  createInterface({ input: child.stdout }).on('line', (line) => (last = JSON.parse(line) as Heard));
  await eventually('the child listens', () => last !== undefined);
  return { child, heard: () => last ?? { dead: [], lost: 0, changed: [] } };
}

/** Waits until every thread of a process is stopped. */
async function stop(child: ChildProcess): Promise<void> {
  child.kill('SIGSTOP');
  const tasks = `/proc/${child.pid}/task`;
  const isStopped = (tid: string): boolean => readFileSync(`${tasks}/${tid}/status`, 'utf8').includes('\nState:\tT');
  await eventually('the child is stopped', () => readdirSync(tasks).every(isStopped));
}

/** Many messages: 200 links come and go. No bridges: the kernel takes 3 s to remove as many, and everybody else's dumps wait for it. */
function burst(netns: ScratchNetns): void {
  netns.ipBatch(Array.from({ length: 200 }, (_, at) => `link add burst${at} group 7 type vxlan id ${at} dstport 4789`));
  netns.ip('link del group 7');
}

t.test('an observer', async (t) => {
  t.afterEach(closeListeners);
  guardHygiene(t);

  t.test('keeps no namespace alive and hears of their deaths', async (t) => {
    const scratch = Scratch.create(t);
    const [one, two] = [scratch.netns(), scratch.netns()];
    const lives = scratch.canary(one);
    const listener = new Listener();
    await listener.listenTo([one, two], 5);
    one.remove();
    await listener.until('the death of the first', () => listener.dead.length > 0);
    // The kernel tells of it before it takes the devices down: cleanup_net(), net/core/net_namespace.c.
    await eventually('the namespace is gone', () => !lives());
    two.remove();
    await listener.until('the death of the second', () => listener.dead.length > 1);
    t.strictSame(listener.dead, [5, 6]);
  });

  t.test('keeps none alive while its process is stopped either, and hears of it afterwards', async (t) => {
    const scratch = Scratch.create(t);
    const netns = scratch.netns();
    const lives = scratch.canary(netns);
    const { child, heard } = await listening(t, [netns.path]);
    await stop(child);
    netns.remove();
    await eventually('the namespace is gone', () => !lives());
    child.kill('SIGCONT');
    await eventually('the child hears of it', () => heard().dead.length > 0);
    t.strictSame(heard().dead, [1]);
    child.stdin?.end();
    t.strictSame(await once(child, 'exit'), [0, null]);
  });

  t.test(
    'says that events were lost, again when the kernel has stopped dropping (what was read in between may be old), and hears on',
    async (t) => {
      const netns = Scratch.create(t).netns();
      const { child, heard } = await listening(t, [netns.path], TINY_BUFFER);
      t.equal(heard().lost, 0);
      // Stopped, for otherwise the thread might keep up.
      await stop(child);
      burst(netns);
      child.kill('SIGCONT');
      await eventually('the child hears of it', () => heard().lost > 1);
      netns.ip('link set lo mtu 2000');
      await eventually('and of what comes after', () => heard().changed.includes(1));
      t.equal(heard().lost, 2);
      child.stdin?.end();
      await once(child, 'exit');
    },
  );

  t.test('tells of mounts, also without netlink, and then needs no capability and no namespace', async (t) => {
    const { dir } = Scratch.create(t);
    const listener = new Listener({ events: undefined });
    t.equal(listener.observer.path, undefined);
    t.equal(listener.observer.identity, undefined);
    for (const command of [
      ['mount', '-t', 'tmpfs', 'none', dir],
      ['umount', dir],
    ]) {
      listener.forget();
      execFileSync(command[0] ?? '', command.slice(1));
      await listener.until(command.join(' '), () => listener.mounts > 0);
    }
    listener.close();
    const both = new Listener();
    execFileSync('mount', ['-t', 'tmpfs', 'none', dir]);
    await both.until('a mount, with netlink', () => both.mounts > 0);
    execFileSync('umount', [dir]);
  });

  t.test('ends its thread and its namespace with close(), and calls nobody any more', async (t) => {
    const scratch = Scratch.create(t);
    const netns = scratch.netns();
    const listener = new Listener();
    const { path, identity } = placeOf(listener.observer);
    const outside = new ScratchNetns(path.replace('self', String(process.pid)));
    t.strictSame({ dev: outside.dev, ino: outside.ino }, identity);
    t.not(outside.id, readlinkSync('/proc/self/ns/net'));
    const lives = scratch.canary(outside);
    await listener.listenTo([netns]);
    t.equal(addonThreads(EVENTS), 1);
    listener.forget();
    // The call is under way, for nothing was waited for.
    netns.ip('link set lo mtu 2000');
    listener.close();
    listener.close();
    await eventually('the thread ends', () => addonThreads(EVENTS) === 0);
    await eventually('the namespace is gone', () => !lives());
    t.equal(listener.calls, 0);
    t.strictSame(listener.observer.take(), { changes: [], dead: [], lost: 0, mounts: false, messages: 0 });
  });

  t.test('is one of several, each with a namespace of its own', async (t) => {
    const netns = Scratch.create(t).netns();
    const listeners = [new Listener(), new Listener()];
    t.equal(new Set(listeners.map(({ observer }) => observer.identity?.ino)).size, 2);
    for (const [at, listener] of listeners.entries()) await listener.listenTo([netns], 7 + at);
    netns.ip('link set lo mtu 2000');
    for (const [at, listener] of listeners.entries())
      await listener.until('the change', () => listener.changed(7 + at, 'LINKS') !== undefined);
  });

  t.test('names the capability that is missing', async (t) => {
    for (const [capability, syscall] of [
      ['sys_admin', /^unshare/],
      ['net_broadcast', /LISTEN_ALL_NSID/],
    ] as const) {
      const without = ['setpriv', '--bounding-set', `-${capability}`, '--inh-caps', `-${capability}`];
      const { stdout, stderr } = run('try', without);
      t.not(stdout, '', stderr);
      const tried = JSON.parse(stdout) as Tried;
      t.strictSame([tried.code, tried.errno], ['ERR_NSATLAS_OBSERVER', 1]);
      t.match(tried.syscall ?? '', syscall);
      t.match(tried.message ?? '', new RegExp(`CAP_${capability.toUpperCase()} is missing`));
    }
    t.equal(run('try').stdout, '{}\n');
  });

  t.test('holds up neither process.exit() nor the end of a process or worker that has nothing else to do', async (t) => {
    for (const task of ['exit', 'idle', 'worker'] as const) {
      const { status, stderr } = run(task);
      t.equal(status, 0, `${task}: ${stderr}`);
    }
  });

  t.test('refuses what is no option, no mountinfo and no handle, and leaves nothing behind', async (t) => {
    const { dir } = Scratch.create(t);
    const fifo = join(dir, 'fifo');
    execFileSync('mkfifo', [fifo]);
    const make = (options: object): unknown =>
      createObserver({ ...NATIVE_OPTIONS, events: EVENT_RULES, onEvents: () => undefined, ...options });
    const refused = { name: 'TypeError', code: 'ERR_NSATLAS_ARGUMENT' };
    for (const receiveBufferBytes of [0, -1, 1.5, Number.NaN, 2 ** 32]) t.throws(() => make({ receiveBufferBytes }), refused);
    for (const mountinfo of ['', 'a\0b']) t.throws(() => make({ mountinfo }), refused);
    const rule = { table: 0, groups: [1], types: [16] };
    const wrong: readonly object[] = [
      ...[{ table: 64 }, { table: -1 }, { table: 0.5 }, { groups: [0] }, { groups: [1025] }, { types: [65536] }, { family: -1 }],
      ...[{ ifindexAt: 4097 }, { unless: [{ at: 0, bytes: 3, equals: 0 }] }, { unless: [{ at: 5000, bytes: 1, equals: 0 }] }],
    ];
    for (const each of wrong) t.throws(() => make({ events: [{ ...rule, ...each }] }), refused, JSON.stringify(each));
    t.throws(() => make({ events: Array.from({ length: 257 }, () => rule) }), refused);
    const failed = { name: 'NativeError', code: 'ERR_NSATLAS_OBSERVER', syscall: 'open mountinfo' };
    t.throws(() => make({ mountinfo: join(dir, 'none') }), { ...failed, errno: 2 });
    t.throws(() => make({ mountinfo: fifo }), { ...failed, errno: 22 });
    const addon = testAddon();
    for (const handle of [undefined, null, 1, {}, () => undefined, addon] as unknown as ObserverHandle[]) {
      t.throws(() => addon.observed(handle), refused);
      t.throws(() => addon.unobserve(handle), refused);
    }
  });
});
