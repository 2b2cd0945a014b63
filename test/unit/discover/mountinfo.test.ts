import t from 'tap';
import { type NsfsMount, parseFolderMounts, walkMountinfo } from '../../../src/discover/mountinfo.js';

const DOCKER = '812 25 0:4 net:[4026532287] /run/docker/netns/1-x8sn2ys3vd rw shared:361 - nsfs nsfs rw';

const parseMountinfo = (text: string): NsfsMount[] => [...walkMountinfo(text)];

t.test('mountinfo', async (t) => {
  t.test('finds a network namespace and its identity', async (t) => {
    t.strictSame(parseMountinfo(`${DOCKER}\n`), [
      {
        mountPoint: '/run/docker/netns/1-x8sn2ys3vd',
        ino: 4026532287,
        dev: 4,
        isPrivate: false,
        deleted: false,
      },
    ]);
  });

  t.test('leaves out other file systems and other namespaces', async (t) => {
    const text = `27 1 254:0 / / rw,relatime - ext4 /dev/vda rw\n${DOCKER.replace('net:', 'uts:')}\n90 25 0:50 net:[1] /fake rw - tmpfs net:[1] rw\n`;
    t.strictSame(parseMountinfo(text), []);
  });

  t.test('knows the mounts that are in no peer group', async (t) => {
    const isPrivate = (group: string): boolean | undefined => parseMountinfo(DOCKER.replace(' shared:361', group))[0]?.isPrivate;
    t.strictSame([' master:12', ' shared:9 master:12', ' shared:9', ' unbindable', ''].map(isPrivate), [
      false,
      false,
      false,
      true,
      true,
    ]);
  });

  t.test('undoes the escapes of blanks and backslashes', async (t) => {
    t.equal(parseMountinfo(DOCKER.replace('1-x8sn2ys3vd', 'a\\040b\\134c\\011d'))[0]?.mountPoint, '/run/docker/netns/a b\\c\td');
  });

  t.test('tells a mount whose file was unlinked', async (t) => {
    const [mount] = parseMountinfo(DOCKER.replace('1-x8sn2ys3vd', '1-x8sn2ys3vd//deleted'));
    t.strictSame([mount?.mountPoint, mount?.deleted], ['/run/docker/netns/1-x8sn2ys3vd', true]);
  });

  t.test('encodes device numbers as stat does', async (t) => {
    t.equal(parseMountinfo(DOCKER.replace('0:4', '0:300'))[0]?.dev, 0x10002c);
  });

  t.test('tells folders, with what of their file system is mounted', async (t) => {
    const folder = '90 25 0:22 /docker/netns /host/my\\040netns rw,nosuid master:12 - tmpfs tmpfs rw';
    t.strictSame(parseFolderMounts(`${DOCKER}\n${folder}\nnonsense\n`), [
      { mountPoint: '/host/my netns', root: '/docker/netns', isPrivate: false },
    ]);
  });

  t.test('survives lines that are cut anywhere', async (t) => {
    for (let length = 0; length < DOCKER.length; length++) {
      for (const mount of parseMountinfo(DOCKER.slice(0, length))) t.equal(mount.ino, 4026532287);
    }
  });
});
