import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { items, nsatlas } from '../support/cli.js';
import { Scratch } from '../support/netns.js';

describe('a link whose message is larger than the kernel’s usual buffer', () => {
  it('hides neither itself nor the links after it', (t) => {
    const scratch = Scratch.create(t);
    const netns = scratch.netns();
    netns.ipBatch(['link add br0 type bridge', 'link add br1 type bridge', 'link add br2 type bridge']);
    // About 128 bytes each, so more than 32 KiB.
    netns.ipBatch(Array.from({ length: 300 }, (_, at) => `link property add dev br1 altname ${'n'.repeat(100)}${at}`));
    const links = items<{ name: string; altnames?: string[] }>(
      nsatlas(['interfaces', '-o', 'json', '--netns-dir', scratch.dir]),
    ).items;
    assert.deepEqual(
      links.map(({ name, altnames }) => `${name} ${altnames?.length ?? 0}`),
      ['lo 0', 'br0 0', 'br1 300', 'br2 0'],
    );
  });
});
