import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, it, type TestContext } from 'node:test';
import { items, nsatlas } from '../support/cli.js';
import { exec, Scratch } from '../support/netns.js';

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
async function background(
  t: TestContext,
  flags: readonly string[],
  script: string,
): Promise<{ child: ChildProcess; line: string }> {
  const child = spawn('unshare', [...flags, 'sh', '-ec', `${script}; exec sleep 1000`], { stdio: ['ignore', 'pipe', 'inherit'] });
  t.after(() => child.kill('SIGKILL'));
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  return { child, line };
}

describe('discovery', () => {
  it('finds a namespace that only a process refers to', async (t) => {
    const { child, line } = await background(t, ['-n'], 'readlink /proc/self/ns/net');
    const found = netnsList().find(({ id }) => id === line);
    assert.deepEqual([found?.paths, found?.pids, found?.status], [undefined, [child.pid], 'OK']);
  });

  it('goes on without processes when the proc file system is not where it was said to be', (t) => {
    const scratch = Scratch.create(t);
    const netns = scratch.netns();
    const result = nsatlas(['netns', '-o', 'json', '--proc-root', '/nowhere']);
    assert.equal(result.status, 1);
    assert.match(result.stderr, /^nsatlas: \/nowhere: cannot be listed \(ENOENT\), .*check --proc-root$/m);
    assert.equal(items<NetnsItem>(result).items.find(({ id }) => id === netns.id)?.status, 'OK');
  });

  it('tells one namespace once, with every reference to it', async (t) => {
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
    assert.deepEqual(
      found.map(({ paths, pids }) => [paths, pids]),
      [[[netns.path, other], [inside.pid]]],
    );
  });

  it('finds a mount that only another mount namespace has, and reads through it', async (t) => {
    const scratch = Scratch.create(t);
    const dir = join(scratch.dir, 'private');
    mkdirSync(dir);
    const script = `mount -t tmpfs none ${dir}; : > ${dir}/4d6dee9fdc0a; unshare --net=${dir}/4d6dee9fdc0a sh -c 'ip link set lo up; readlink /proc/self/ns/net'`;
    const { child, line } = await background(t, ['-m', '--propagation', 'private'], script);
    assert.ok(!readFileSync('/proc/self/mountinfo', 'utf8').includes(`${dir}/4d6dee9fdc0a`));
    const found = netnsList().find(({ id }) => id === line);
    assert.deepEqual(
      [found?.paths, found?.role, found?.status],
      [[`/proc/${child.pid}/root${dir}/4d6dee9fdc0a`], 'CONTAINER', 'OK'],
    );
  });

  it('does not tell the copies that ordinary propagation makes in other mount namespaces', async (t) => {
    const scratch = Scratch.create(t);
    const netns = scratch.netns();
    await background(t, ['-m', '--propagation', 'slave'], 'echo ready');
    assert.deepEqual(netnsList().find(({ id }) => id === netns.id)?.paths, [netns.path]);
  });

  it('shows what keeps a namespace alive: a private copy of a mount that is gone everywhere else', async (t) => {
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
    assert.deepEqual([found?.paths, found?.status], [[`/proc/${child.pid}/root${copy}`], 'OK']);
  });
});
