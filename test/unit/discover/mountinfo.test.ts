import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseFolderMounts, parseMountinfo } from '../../../src/discover/mountinfo.js';

const DOCKER = '812 25 0:4 net:[4026532287] /run/docker/netns/1-x8sn2ys3vd rw shared:361 - nsfs nsfs rw';

describe('mountinfo', () => {
  it('finds a network namespace and its identity', () => {
    assert.deepEqual(parseMountinfo(`${DOCKER}\n`), [
      {
        mountPoint: '/run/docker/netns/1-x8sn2ys3vd',
        ino: 4026532287,
        dev: 4,
        propagatedFrom: undefined,
        peerGroup: 361,
        deleted: false,
      },
    ]);
  });

  it('leaves out other file systems and other namespaces', () => {
    const text = `27 1 254:0 / / rw,relatime - ext4 /dev/vda rw\n${DOCKER.replace('net:', 'uts:')}\n90 25 0:50 net:[1] /fake rw - tmpfs net:[1] rw\n`;
    assert.deepEqual(parseMountinfo(text), []);
  });

  it('knows the peer group that a mount receives from', () => {
    assert.equal(parseMountinfo(DOCKER.replace('shared:361', 'master:12'))[0]?.propagatedFrom, 12);
    assert.equal(parseMountinfo(DOCKER.replace('shared:361', 'shared:9 master:12'))[0]?.propagatedFrom, 12);
    assert.equal(parseMountinfo(DOCKER.replace('shared:361', 'shared:9 master:12'))[0]?.peerGroup, 9);
    assert.equal(parseMountinfo(DOCKER.replace(' shared:361', ''))[0]?.propagatedFrom, undefined);
    assert.equal(parseMountinfo(DOCKER.replace(' shared:361', ''))[0]?.peerGroup, undefined);
  });

  it('undoes the escapes of blanks and backslashes', () => {
    assert.equal(
      parseMountinfo(DOCKER.replace('1-x8sn2ys3vd', 'a\\040b\\134c\\011d'))[0]?.mountPoint,
      '/run/docker/netns/a b\\c\td',
    );
  });

  it('tells a mount whose file was unlinked', () => {
    const [mount] = parseMountinfo(DOCKER.replace('1-x8sn2ys3vd', '1-x8sn2ys3vd//deleted'));
    assert.deepEqual([mount?.mountPoint, mount?.deleted], ['/run/docker/netns/1-x8sn2ys3vd', true]);
  });

  it('encodes device numbers as stat does', () => {
    assert.equal(parseMountinfo(DOCKER.replace('0:4', '0:300'))[0]?.dev, 0x10002c);
  });

  it('tells folders, with what of their file system is mounted', () => {
    const folder = '90 25 0:22 /docker/netns /host/my\\040netns rw,nosuid master:12 - tmpfs tmpfs rw';
    assert.deepEqual(parseFolderMounts(`${DOCKER}\n${folder}\nnonsense\n`), [
      { mountPoint: '/host/my netns', root: '/docker/netns', propagatedFrom: 12, peerGroup: undefined },
    ]);
  });

  it('survives lines that are cut anywhere', () => {
    for (let length = 0; length < DOCKER.length; length++) {
      for (const mount of parseMountinfo(DOCKER.slice(0, length))) assert.equal(mount.ino, 4026532287);
    }
  });
});
