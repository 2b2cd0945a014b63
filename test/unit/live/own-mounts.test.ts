import assert from 'node:assert/strict';
import t from 'tap';
import { judgeMounts } from '../../../src/live/own-mounts.js';

const ROOT = '700 650 0:40 / / rw,relatime - overlay overlay rw';
const FOLDER = '812 700 0:22 /docker/netns /host/netns rw master:12 - tmpfs tmpfs rw';
const NETNS = '813 812 0:4 net:[4026532287] /host/netns/1-x8sn2ys3vd rw master:30 - nsfs nsfs rw';
const SECOND = NETNS.replace('813', '814').replace('1-x8sn2ys3vd', 'ingress_sbox');

function judge(...lines: string[]): [boolean, string] {
  const { name, enabled, detail } = judgeMounts(`${[ROOT, ...lines].join('\n')}\n`);
  assert.equal(name, 'mount-propagation');
  return [enabled, detail];
}

t.test('the own mounts of a process in a container', async (t) => {
  t.test('are good when they receive what the host does', async (t) => {
    t.strictSame(judge(FOLDER, NETNS), [true, '1 namespace mounts, all kept up by the host']);
    t.equal(judge()[0], true);
  });

  t.test('are good when they are peers of others, as in rshared binds', async (t) => {
    t.equal(judge(FOLDER.replace('master:12', 'shared:12'), NETNS.replace('master:30', 'shared:30'))[0], true);
  });

  t.test('that are private pin namespaces, and the answer names the first, how many, and what helps', async (t) => {
    const [enabled, detail] = judge(
      FOLDER.replace(' master:12', ''),
      NETNS.replace(' master:30', ''),
      SECOND.replace(' master:30', ''),
    );
    t.equal(enabled, false);
    t.match(detail, /^2 namespace mounts \(first: \/host\/netns\/1-x8sn2ys3vd\) are private .*kept alive.*rslave/);
  });

  t.test('with one private mount among many are told as one', async (t) => {
    t.match(
      judge(FOLDER, NETNS, SECOND.replace(' master:30', ''))[1],
      /^1 namespace mount \(first: \/host\/netns\/ingress_sbox\) is/,
    );
  });

  t.test('are suspect when the folder of an engine is private and empty', async (t) => {
    const [enabled, detail] = judge(FOLDER.replace(' master:12', ''));
    t.equal(enabled, false);
    t.match(detail, /^\/host\/netns is private .*not seen.*rslave/);
    // By what is mounted, whatever it is called here.
    t.match(judge(FOLDER.replace(' master:12', '').replace('/host/netns', '/mnt'))[1], /^\/mnt is private/);
  });

  t.test('say nothing about other private folders, which every container has', async (t) => {
    t.equal(judge('90 700 0:50 / /tmp rw - tmpfs tmpfs rw', '91 700 0:51 /secrets /run/secrets ro - tmpfs tmpfs rw')[0], true);
  });
});
