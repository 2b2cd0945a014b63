import t from 'tap';
import { items, nsatlas } from '../support/cli.js';
import { Scratch } from '../support/netns.js';

t.setTimeout(0);

t.test('a link whose message is larger than the kernel’s usual buffer', async (t) => {
  t.test('hides neither itself nor the links after it', async (t) => {
    const scratch = Scratch.create(t);
    const netns = scratch.netns();
    netns.ipBatch(['link add br0 type bridge', 'link add br1 type bridge', 'link add br2 type bridge']);
    // About 128 bytes each, so more than 32 KiB.
    netns.ipBatch(Array.from({ length: 300 }, (_, at) => `link property add dev br1 altname ${'n'.repeat(100)}${at}`));
    const links = items<{ name: string; altnames?: string[] }>(
      nsatlas(['interfaces', '-o', 'json', '--netns-dir', scratch.dir]),
    ).items;
    t.strictSame(
      links.map(({ name, altnames }) => `${name} ${altnames?.length ?? 0}`),
      ['lo 0', 'br0 0', 'br1 300', 'br2 0'],
    );
  });
});
