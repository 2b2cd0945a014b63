import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import t from 'tap';
import { testReader } from '../support/native-addon.js';
import { compileHelper, Namespaces, removeFolder, scratchFolder, withoutPreload } from '../support/native-namespaces.js';
import { readAll } from '../support/native-records.js';
import { dump, RTM_GETLINK } from '../support/native-requests.js';
import { reportOf } from '../support/native-run.js';

t.setTimeout(0);

const folder = scratchFolder();
const reader = testReader();
let namespaces: Namespaces;

t.before(async () => {
  namespaces = await Namespaces.make(compileHelper(folder, 'native-namespaces'), 3);
});

t.teardown(async () => {
  reader.close();
  await namespaces.end();
  removeFolder(folder);
});

/** "problem operation: detail" of what is at a path. */
async function problemAt(path: string): Promise<string> {
  const [result] = await reader.identify([path]);
  assert.ok(result !== undefined && 'problem' in result, `${path} is a namespace`);
  const { problem, operation, errno, detail } = result.problem;
  return `${problem} ${operation} ${errno}: ${detail}`;
}

t.test('the identity of a namespace equals its stat', async (t) => {
  const results = await reader.identify(namespaces.paths);
  const stats = namespaces.paths.map((path) => statSync(path));
  t.strictSame(
    results,
    stats.map(({ dev, ino }) => ({ identity: { dev, ino } })),
  );
});

t.test('every kind of file that is no network namespace is named', async (t) => {
  writeFileSync(join(folder, 'plain'), '');
  execFileSync('mkfifo', [join(folder, 'fifo')]);
  symlinkSync(join(folder, 'nowhere'), join(folder, 'dangling'));
  symlinkSync(join(folder, 'circle'), join(folder, 'circle'));
  symlinkSync('/proc/999999999/ns/net', join(folder, 'ended'));
  const server = createServer().listen(join(folder, 'socket'));
  await new Promise((resolve) => server.once('listening', resolve));
  try {
    const begin = performance.now();
    t.equal(await problemAt(join(folder, 'plain')), 'plain-file open 0: plain file');
    t.equal(await problemAt(join(folder, 'fifo')), 'fifo open 0: FIFO');
    t.equal(await problemAt(folder), 'directory open 0: directory');
    t.equal(await problemAt(join(folder, 'socket')), 'socket open 0: socket');
    t.equal(await problemAt('/dev/null'), 'device open 0: character device');
    t.equal(await problemAt(join(folder, 'dangling')), 'dangling open 2: dangling symbolic link');
    t.equal(await problemAt(join(folder, 'circle')), 'dangling open 40: symbolic link that leads in a circle');
    t.equal(await problemAt(join(folder, 'ended')), 'dangling open 2: dangling symbolic link');
    t.equal(await problemAt(join(folder, 'missing')), 'not-found open 2: No such file or directory');
    t.equal(await problemAt(join(folder, 'plain', 'below')), 'not-found open 20: Not a directory');
    t.equal(await problemAt('/proc/999999999/ns/net'), 'not-found open 2: No such file or directory');
    t.equal(await problemAt(`${folder}/${'n'.repeat(300)}`), 'failed open 36: File name too long');
    t.ok(performance.now() - begin < 10_000, 'the FIFO blocked');
  } finally {
    server.close();
  }
});

t.test('a namespace of another type is named', async (t) => {
  for (const type of ['uts', 'mnt', 'pid', 'user', 'ipc', 'cgroup', 'time']) {
    t.equal(await problemAt(`/proc/self/ns/${type}`), `other-namespace identify 0: ${type} namespace`);
  }
});

t.test('an anonymous inode is neither a plain file nor a namespace', async (t) => {
  const eventfd = openEventFile();
  t.equal(await problemAt(eventfd), 'not-nsfs open 0: not a file of the namespace file system');
});

/** A descriptor of this process that is an anonymous inode; Node's event loop has some. */
function openEventFile(): string {
  for (let fd = 0; fd < 64; fd++) {
    try {
      if (readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8').includes('eventfd-count')) return `/proc/self/fd/${fd}`;
    } catch {
      // not open
    }
  }
  throw new Error('node without an eventfd');
}

t.test('the process of a /proc path that has ended is not found, even while it is a zombie', async (t) => {
  // By the time the child ends, `exec` has made the shell a program that never waits for it.
  const { spawn } = await import('node:child_process');
  const parent = spawn('sh', ['-c', 'sleep 0.2 & echo $!; exec sleep 60'], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: withoutPreload(),
  });
  try {
    const pid = await new Promise<string>((resolve) =>
      parent.stdout.once('data', (text: Buffer) => resolve(text.toString().trim())),
    );
    const isZombie = (): boolean => readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ');
    while (!isZombie()) await new Promise((resolve) => setTimeout(resolve, 5));
    t.equal(await problemAt(`/proc/${pid}/ns/net`), 'not-found open 2: the process has ended');
  } finally {
    parent.kill('SIGKILL');
  }
});

t.test('another namespace than the expected one at a path is an error, not an answer', async (t) => {
  const [first, second] = [statSync(namespaces.path(0)), statSync(namespaces.path(1))];
  const requests = [0];
  const records = await readAll(reader, {
    requests: [dump(RTM_GETLINK)],
    targets: [
      { path: namespaces.path(0), expect: { dev: first.dev, ino: first.ino }, requests },
      { path: namespaces.path(0), expect: { dev: second.dev, ino: second.ino }, requests },
      { path: namespaces.path(0), expect: { dev: first.dev + 1, ino: first.ino }, requests },
    ],
  });
  t.equal(records[0]?.problems[0], undefined);
  const detail = `net:[${first.ino}] is there now`;
  for (const record of records.slice(1)) {
    t.strictSame(record.problems, [{ problem: 'changed', operation: 'identify', errno: 0, detail }]);
    t.equal(record.identity, undefined);
  }
});

t.test('bind mounts of a network and of a uts namespace are told apart', async (t) => {
  const [net, uts] = [join(folder, 'net-mount'), join(folder, 'uts-mount')];
  const { ino } = statSync(namespaces.path(0));
  const script = `touch ${net} ${uts} && mount --bind ${namespaces.path(0)} ${net} && mount --bind /proc/self/ns/uts ${uts} && exec "$@"`;
  const under = ['unshare', '-m', '--propagation', 'private', 'sh', '-c', script, 'sh'];
  const report = await reportOf({ jobs: [[net, uts]] }, { under });
  const [good, bad] = report.jobs[0]?.outcomes ?? [];
  t.equal(good?.identity?.ino, ino);
  t.equal(good?.problem, undefined);
  t.equal(bad?.problem?.problem, 'other-namespace');
  t.equal(bad?.problem?.detail, 'uts namespace');
});

/** A user without privilege over the namespaces here: nobody or, where only root is mapped, root of a user namespace below. */
function asStranger(): string[] {
  const mapsNobody = readFileSync('/proc/self/uid_map', 'utf8')
    .trim()
    .split('\n')
    .some((line) => {
      const [inside = 0, , count = 0] = line.trim().split(/\s+/).map(Number);
      return inside <= 65534 && inside + count > 65534;
    });
  return mapsNobody ? ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'] : ['unshare', '--user'];
}

t.test('without privilege the own namespace is read and every other one is denied', async (t) => {
  const report = await reportOf(
    { jobs: [['/proc/self/ns/net', namespaces.path(0), '/proc/self/task/../ns/net']] },
    { under: asStranger() },
  );
  const [own, other, again] = report.jobs[0]?.outcomes ?? [];
  t.strictSame(own, { identity: statIdentity('/proc/self/ns/net'), ends: [0, 0] });
  t.strictSame(again, own);
  t.strictSame(other, {
    ends: [],
    problem: { problem: 'denied', operation: 'open', errno: 13, detail: 'Permission denied' },
  });
});

t.test('a namespace that can be opened but not entered is denied at the door', async (t) => {
  const mount = join(folder, 'entrance');
  const script = `touch ${mount} && mount --bind ${namespaces.path(0)} ${mount} && exec "$@"`;
  const under = ['unshare', '-m', '--propagation', 'private', 'sh', '-c', script, 'sh', ...asStranger()];
  const report = await reportOf({ jobs: [[mount]] }, { under });
  const [outcome] = report.jobs[0]?.outcomes ?? [];
  const problem = { problem: 'denied', operation: 'enter', errno: 1, detail: 'setns: Operation not permitted' };
  t.strictSame(outcome, { ends: [], problem });
});

t.test('an entry in a folder that may not be searched is denied', async (t) => {
  execFileSync('sh', ['-c', 'mkdir -m 0 "$1" && touch "$1/entry"', 'sh', join(folder, 'locked')]);
  const report = await reportOf({ jobs: [[join(folder, 'locked', 'entry')]], identify: true }, { under: asStranger() });
  const [outcome] = report.jobs[0]?.outcomes ?? [];
  t.equal(`${outcome?.problem?.problem} ${outcome?.problem?.errno}`, 'denied 13');
});

function statIdentity(path: string): { dev: number; ino: number } {
  const { dev, ino } = statSync(path);
  return { dev, ino };
}
