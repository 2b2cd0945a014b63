import { chmodSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { items, nsatlas } from '../support/cli.js';
import { exec, Scratch } from '../support/netns.js';

t.setTimeout(0);

interface NetnsItem {
  readonly id: string;
  readonly status: string;
  readonly paths: string[];
}

t.test('a directory with everything that is no network namespace', async (t) => {
  t.test(
    'gives the 20 good namespaces, a gap with its reason for each bad entry, exit status 1, and waits for none of them',
    async (t) => {
      const scratch = Scratch.create(t);
      const mounts: string[] = [];
      // The last hook runs first: what is mounted in the folder goes first.
      t.after(() => mounts.forEach((path) => exec(['umount', path])));
      const good = scratch.many(20);
      const at = (name: string): string => join(scratch.dir, name);
      writeFileSync(at('a-plain-file'), '');
      exec(['mkfifo', at('a-fifo')]);
      mkdirSync(at('a-directory'));
      symlinkSync(at('nowhere'), at('a-dangling-symlink'));
      writeFileSync(at('a-uts-namespace'), '');
      exec(['unshare', `--uts=${at('a-uts-namespace')}`, 'true']);
      mounts.push(at('a-uts-namespace'));
      const started = performance.now();
      const result = nsatlas(['netns', '-o', 'json', '--netns-dir', scratch.dir]);
      const elapsed = performance.now() - started;
      const { items: namespaces, gaps } = items<NetnsItem>(result);
      t.strictSame(namespaces.map(({ id, status }) => `${id} ${status}`).sort(), good.map(({ id }) => `${id} OK`).sort());
      const reasons = Object.fromEntries(
        gaps.map((gap) => [
          String(gap['path']).slice(scratch.dir.length + 1),
          `${String(gap['status'])}: ${String(gap['message'])}`,
        ]),
      );
      t.match(reasons['a-plain-file'] ?? '', /^NOT_A_NETNS: .*plain file/);
      t.match(reasons['a-fifo'] ?? '', /^NOT_A_NETNS: .*(FIFO|fifo)/);
      t.match(reasons['a-directory'] ?? '', /^NOT_A_NETNS: .*directory/);
      t.match(reasons['a-dangling-symlink'] ?? '', /^NOT_A_NETNS: .*dangling/);
      t.match(reasons['a-uts-namespace'] ?? '', /^NOT_A_NETNS: .*uts/);
      t.equal(gaps.length, 5);
      t.equal(result.status, 1);
      t.equal(result.stderr.trim().split('\n').length, 5, result.stderr);
      t.ok(elapsed < 4000, `${elapsed} ms`);
    },
  );

  t.test('says of an entry that may not be opened that it was denied', async (t) => {
    const scratch = Scratch.create(t);
    const netns = scratch.netns();
    const closed = join(scratch.dir, 'closed');
    mkdirSync(closed);
    symlinkSync(join(closed, 'inside'), join(scratch.dir, 'an-unreadable-entry'));
    writeFileSync(join(closed, 'inside'), '');
    chmodSync(closed, 0o000);
    t.after(() => rmSync(closed, { recursive: true, force: true }));
    // Root may do everything: the capabilities that say so are taken away.
    const prefix = [
      'setpriv',
      '--bounding-set',
      '-dac_override,-dac_read_search',
      '--inh-caps',
      '-dac_override,-dac_read_search',
    ];
    const { items: namespaces, gaps } = items<NetnsItem>(nsatlas(['netns', '-o', 'json', '--netns-dir', scratch.dir], prefix));
    t.strictSame(
      namespaces.map(({ id }) => id),
      [netns.id],
    );
    const gap = gaps.find(({ path }) => String(path).endsWith('an-unreadable-entry'));
    t.equal(gap?.['status'], 'DENIED');
    t.equal(gap?.['errno'], 'EACCES');
  });

  t.test('that is not there is a gap, not an empty host', async (t) => {
    const result = nsatlas(['netns', '--netns-dir', '/nowhere/at/all']);
    t.equal(result.status, 1);
    t.match(result.stderr, /^nsatlas: \/nowhere\/at\/all: there is no such directory; check --netns-dir$/m);
  });
});
