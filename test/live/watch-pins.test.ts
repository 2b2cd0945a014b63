import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { eventually } from '../support/hygiene.js';
import { Scratch } from '../support/netns.js';
import { observerInodes, strangeDescriptors } from '../support/sockets.js';

t.setTimeout(0);

const CHILD = fileURLToPath(new URL('../support/live-child.js', import.meta.url));

interface Said {
  readonly namespaces: readonly string[];
  readonly mode: string;
}

/** A process that watches a folder. */
async function watcher(t: Test, dir: string): Promise<{ child: ChildProcess; pid: number; last: () => Said }> {
  const child = spawn(process.execPath, [CHILD, dir], { stdio: ['pipe', 'pipe', 'ignore'] });
  t.after(() => child.kill('SIGKILL'));
  let said: Said | undefined;
  createInterface({ input: child.stdout }).on('line', (line) => {
    said = JSON.parse(line) as Said;
  });
  await eventually('the child has read everything', () => said !== undefined);
  assert.ok(child.pid);
  return { child, pid: child.pid, last: () => said as Said };
}

t.test('a process that watches namespaces', async (t) => {
  t.test('keeps none of them alive, also while it is stopped, and knows afterwards', async (t) => {
    const scratch = Scratch.create(t);
    const [first, second, third] = scratch.many(3);
    assert.ok(first && second && third);
    const [firstLives, secondLives] = [scratch.canary(first), scratch.canary(second)];
    const { child, pid, last } = await watcher(t, scratch.dir);
    t.equal(last().mode, 'EVENTS');
    t.equal(last().namespaces.length, 3);

    first.remove();
    await eventually('a namespace that is removed is gone from the kernel', () => !firstLives());
    await eventually('and the watcher knows', () => !last().namespaces.includes(first.id));

    child.kill('SIGSTOP');
    second.remove();
    await eventually('also while the watcher is stopped', () => !secondLives());
    assert.ok(last().namespaces.includes(second.id), 'it was not stopped');
    child.kill('SIGCONT');
    await eventually('which knows as soon as it goes on', () => !last().namespaces.includes(second.id));

    t.strictSame(strangeDescriptors(pid), []);
    child.stdin?.end();
    const [status] = (await once(child, 'exit')) as [number];
    t.equal(status, 0);
  });

  t.test('has nothing open between reads but one socket in a namespace of its own', async (t) => {
    const scratch = Scratch.create(t);
    const namespaces = scratch.many(20);
    const { pid } = await watcher(t, scratch.dir);
    for (let round = 0; round < 50; round++) {
      namespaces[round % 20]?.ip(`link add d${round} type veth peer name e${round}`);
      // While it reads something is open for some microseconds; whatever is kept never goes.
      await eventually('nothing strange is open', () => strangeDescriptors(pid).length === 0);
    }
    t.equal(observerInodes(pid).length, 1);
  });

  t.test('is told apart from one that keeps something: the test can fail', async (t) => {
    const scratch = Scratch.create(t);
    const netns = scratch.netns();
    const lives = scratch.canary(netns);
    const keeper = spawn('bash', ['-c', 'exec 7<"$1"; echo; sleep 60', 'bash', netns.path], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    t.after(() => keeper.kill('SIGKILL'));
    await once(keeper.stdout, 'data');
    t.strictSame(strangeDescriptors(keeper.pid ?? 0), [netns.path]);
    netns.remove();
    t.ok(lives());
  });

  t.test('is told apart from one that has a socket elsewhere: the test can fail', async (t) => {
    const scratch = Scratch.create(t);
    const netns = scratch.netns();
    const script =
      'import ctypes,os,socket,sys; h=os.open("/proc/self/ns/net",0); n=os.open(sys.argv[1],0); c=ctypes.CDLL(None); assert c.setns(n,0)==0; s=socket.socket(16,3,0); assert c.setns(h,0)==0; os.close(n); os.close(h); print(flush=True); input()';
    const keeper = spawn('python3', ['-c', script, netns.path], { stdio: ['pipe', 'pipe', 'ignore'] });
    t.after(() => keeper.kill('SIGKILL'));
    await once(keeper.stdout, 'data');
    t.match(strangeDescriptors(keeper.pid ?? 0).join(), /^socket:\[\d+\]$/);
  });
});
