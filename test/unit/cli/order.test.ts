import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ordered } from '../../../src/cli/order.js';
import { LISTS } from '../../../src/model/lists.js';
import type { VxlanRow } from '../../../src/model/types.js';
import { sampleSnapshot } from '../../support/sample.js';

describe('the list of VXLANs', () => {
  it('is ordered by VNI, whatever inode numbers the kernel gave the namespaces', () => {
    const [row] = LISTS.vxlans.list(sampleSnapshot(), {}).items;
    assert.ok(row);
    const items = [
      { ...row, vni: 4098, netnsId: 'net:[1]' as const },
      { ...row, vni: 4097, netnsId: 'net:[2]' as const, host: 'h2' },
      { ...row, vni: 4097, netnsId: 'net:[3]' as const, host: 'h1' },
    ];
    const { listing } = ordered({ name: 'vxlans', listing: { items, gaps: [] } });
    assert.deepEqual(
      (listing.items as VxlanRow[]).map(({ netnsId }) => netnsId),
      ['net:[3]', 'net:[2]', 'net:[1]'],
    );
  });
});
