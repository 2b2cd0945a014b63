import { closeSync, existsSync, openSync, readlinkSync } from 'node:fs';
import t from 'tap';
import { assertClean, eventually, findUncleanliness, guardHygiene, namespaceMounts, takeFootprint } from '../support/hygiene.js';
import { exec, randomName, Scratch } from '../support/netns.js';

t.setTimeout(0);

guardHygiene(t);

const HOME = readlinkSync('/proc/self/ns/net');

t.test('a scratch namespace is another one, and is gone with its mount when the test is over', async (t) => {
  let path = '';
  await t.test('inside', async (inner) => {
    const netns = Scratch.create(inner).netns();
    path = netns.path;
    inner.not(netns.id, HOME);
    inner.equal(netns.exec(['readlink', '/proc/self/ns/net']).trim(), netns.id);
    inner.ok(namespaceMounts().includes(path));
  });
  t.equal(existsSync(path), false);
  t.equal(namespaceMounts().includes(path), false);
});

t.test('many namespaces are all different', async (t) => {
  const made = Scratch.create(t).many(20);
  t.equal(new Set(made.map((netns) => netns.ino)).size, 20);
});

t.test('a veth pair has its ends where they were asked for', async (t) => {
  const scratch = Scratch.create(t);
  const [a, b] = [scratch.netns(), scratch.netns()];
  scratch.veth({ netns: a, name: 'left' }, { netns: b, name: 'right' });
  t.match(a.ip('-br link'), /left@/);
  t.match(b.ip('-br link'), /right@/);
});

t.test('the canary dies with its namespace, and not before', async (t) => {
  const scratch = Scratch.create(t);
  const netns = scratch.netns();
  const lives = scratch.canary(netns);
  t.equal(lives(), true);
  const fd = openSync(netns.path, 'r');
  netns.remove();
  t.equal(lives(), true, 'the descriptor holds it');
  closeSync(fd);
  await eventually('the namespace is gone', () => !lives());
});

t.test('a descriptor that is left open is found, and a namespace’s is named as such', async (t) => {
  const netns = Scratch.create(t).netns();
  const before = takeFootprint();
  const fds = [openSync('/proc/self/status', 'r'), openSync(netns.path, 'r')];
  const unclean = findUncleanliness(before, HOME);
  for (const fd of fds) closeSync(fd);
  t.equal(unclean.length, 3);
  t.ok(unclean.some((line) => line.includes('/status')));
  t.ok(unclean.some((line) => line.endsWith('refers to a namespace')));
  await assertClean(before);
});

t.test('a thread that is elsewhere is found', async (t) => {
  const unclean = findUncleanliness(takeFootprint(), 'net:[1]');
  t.ok(unclean.length >= 1);
  t.match(unclean[0]!, /^thread \d+ is in net:\[\d+\], not in net:\[1\]$/);
});

t.test('a command that fails is an error with what it said', async (t) => {
  t.throws(() => exec(['ip', 'link', 'show', randomName()]), /ended with 1: .*does not exist/);
});
