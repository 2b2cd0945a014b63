import assert from 'node:assert/strict';
import { closeSync, existsSync, openSync, readlinkSync } from 'node:fs';
import { test } from 'node:test';
import { assertClean, eventually, findUncleanliness, guardHygiene, namespaceMounts, takeFootprint } from '../support/hygiene.js';
import { exec, randomName, Scratch } from '../support/netns.js';

guardHygiene();

const HOME = readlinkSync('/proc/self/ns/net');

test('a scratch namespace is another one, and is gone with its mount when the test is over', async (t) => {
  let path = '';
  await t.test('inside', (inner) => {
    const netns = Scratch.create(inner).netns();
    path = netns.path;
    assert.notEqual(netns.id, HOME);
    assert.equal(netns.exec(['readlink', '/proc/self/ns/net']).trim(), netns.id);
    assert.ok(namespaceMounts().includes(path));
  });
  assert.equal(existsSync(path), false);
  assert.equal(namespaceMounts().includes(path), false);
});

test('many namespaces are all different', (t) => {
  const made = Scratch.create(t).many(20);
  assert.equal(new Set(made.map((netns) => netns.ino)).size, 20);
});

test('a veth pair has its ends where they were asked for', (t) => {
  const scratch = Scratch.create(t);
  const [a, b] = [scratch.netns(), scratch.netns()];
  scratch.veth({ netns: a, name: 'left' }, { netns: b, name: 'right' });
  assert.match(a.ip('-br link'), /left@/);
  assert.match(b.ip('-br link'), /right@/);
});

test('the canary dies with its namespace, and not before', async (t) => {
  const scratch = Scratch.create(t);
  const netns = scratch.netns();
  const lives = scratch.canary(netns);
  assert.equal(lives(), true);
  const fd = openSync(netns.path, 'r');
  netns.remove();
  assert.equal(lives(), true, 'the descriptor holds it');
  closeSync(fd);
  await eventually('the namespace is gone', () => !lives());
});

test('a descriptor that is left open is found, and a namespace’s is named as such', async (t) => {
  const netns = Scratch.create(t).netns();
  const before = takeFootprint();
  const fds = [openSync('/proc/self/status', 'r'), openSync(netns.path, 'r')];
  const unclean = findUncleanliness(before, HOME);
  for (const fd of fds) closeSync(fd);
  assert.equal(unclean.length, 3);
  assert.ok(unclean.some((line) => line.includes('/status')));
  assert.ok(unclean.some((line) => line.endsWith('refers to a namespace')));
  await assertClean(before);
});

test('a thread that is elsewhere is found', () => {
  const unclean = findUncleanliness(takeFootprint(), 'net:[1]');
  assert.ok(unclean.length >= 1);
  assert.match(unclean[0]!, /^thread \d+ is in net:\[\d+\], not in net:\[1\]$/);
});

test('a command that fails is an error with what it said', () => {
  assert.throws(() => exec(['ip', 'link', 'show', randomName()]), /ended with 1: .*does not exist/);
});
