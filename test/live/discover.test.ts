import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import t, { type Test } from 'tap';
import { items, nsatlas } from '../support/cli.js';
import { exec, Scratch } from '../support/netns.js';

t.setTimeout(0);

interface NetnsItem {
  readonly id: string;
  readonly role: string;
  readonly paths?: string[];
  readonly pids?: number[];
  readonly status: string;
}

function netnsList(): NetnsItem[] {
  return items<NetnsItem>(nsatlas(['netns', '-o', 'json'])).items;
}

/** Runs a shell script in new namespaces; resolves when it has said a line. It ends with the test. */
async function background(t: Test, flags: readonly string[], script: string): Promise<{ child: ChildProcess; line: string }> {
  const child = spawn('unshare', [...flags, 'sh', '-ec', `${script}; exec sleep 1000`], { stdio: ['ignore', 'pipe', 'inherit'] });
  t.after(() => child.kill('SIGKILL'));
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  return { child, line };
}

t.test('discovery', async (t) => {
  t.test('finds a namespace that only a process refers to', async (t) => {
    const { child, line } = await background(t, ['-n'], 'readlink /proc/self/ns/net');
    const found = netnsList().find(({ id }) => id === line);
    t.strictSame([found?.paths, found?.pids, found?.status], [undefined, [child.pid], 'OK']);
  });

  t.test('goes on without processes when the proc file system is not where it was said to be', async (t) => {
    const scratch = Scratch.create(t);
    const netns = scratch.netns();
    const result = nsatlas(['netns', '-o', 'json', '--proc-root', '/nowhere']);
    t.equal(result.status, 1);
    t.match(result.stderr, /^nsatlas: \/nowhere: cannot be listed \(ENOENT\), .*check --proc-root$/m);
    t.equal(items<NetnsItem>(result).items.find(({ id }) => id === netns.id)?.status, 'OK');
  });

  t.test('tells one namespace once, with every reference to it', async (t) => {
    const scratch = Scratch.create(t);
    const netns = scratch.netns('one');
    const other = join(scratch.dir, 'other name');
    writeFileSync(other, '');
    exec(['mount', '--bind', netns.path, other]);
    const inside = spawn('nsenter', [`--net=${netns.path}`, 'sleep', '1000']);
    t.after(() => inside.kill('SIGKILL'));
    await once(inside, 'spawn');
    while (readlinkSync(`/proc/${inside.pid}/ns/net`) !== netns.id) await new Promise((resolve) => setTimeout(resolve, 5));
    const found = netnsList().filter(({ id }) => id === netns.id);
    t.strictSame(
      found.map(({ paths, pids }) => [paths, pids]),
      [[[netns.path, other], [inside.pid]]],
    );
  });

  t.test('finds a mount that only another mount namespace has, and reads through it', async (t) => {
    const scratch = Scratch.create(t);
    const dir = join(scratch.dir, 'private');
    mkdirSync(dir);
    const script = `mount -t tmpfs none ${dir}; : > ${dir}/4d6dee9fdc0a; unshare --net=${dir}/4d6dee9fdc0a sh -c 'ip link set lo up; readlink /proc/self/ns/net'`;
    const { child, line } = await background(t, ['-m', '--propagation', 'private'], script);
    t.ok(!readFileSync('/proc/self/mountinfo', 'utf8').includes(`${dir}/4d6dee9fdc0a`));
    const found = netnsList().find(({ id }) => id === line);
    t.strictSame([found?.paths, found?.role, found?.status], [[`/proc/${child.pid}/root${dir}/4d6dee9fdc0a`], 'CONTAINER', 'OK']);
  });

  t.test('does not tell the copies that ordinary propagation makes in other mount namespaces', async (t) => {
    const scratch = Scratch.create(t);
    const netns = scratch.netns();
    await background(t, ['-m', '--propagation', 'slave'], 'echo ready');
    t.strictSame(netnsList().find(({ id }) => id === netns.id)?.paths, [netns.path]);
  });

  t.test('shows what keeps a namespace alive: a private copy of a mount that is gone everywhere else', async (t) => {
    const scratch = Scratch.create(t);
    const netns = scratch.netns();
    const copy = join(scratch.dir, 'copy');
    const { child } = await background(
      t,
      ['-m', '--propagation', 'private'],
      `: > ${copy}; mount --bind ${netns.path} ${copy}; echo ready`,
    );
    netns.remove();
    const found = netnsList().find(({ id }) => id === netns.id);
    t.strictSame([found?.paths, found?.status], [[`/proc/${child.pid}/root${copy}`], 'OK']);
  });
});
