import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ordered } from '../../../src/cli/order.js';
import { LISTS } from '../../../src/model/lists.js';
import type { Endpoint, Ifindex, VxlanRow } from '../../../src/model/types.js';
import { sampleSnapshot } from '../../support/sample.js';

describe('the list of VXLANs', () => {
  it('is ordered by VNI, those without one last, whatever inode numbers the kernel gave the namespaces', () => {
    const [row] = LISTS.vxlans.list(sampleSnapshot(), {}).items;
    assert.ok(row);
    const { vni: _none, ...metadata } = row;
    const items = [
      { ...metadata, netnsId: 'net:[0]' as const },
      { ...row, vni: 4098, netnsId: 'net:[1]' as const },
      { ...row, vni: 4097, netnsId: 'net:[2]' as const, host: 'h2' },
      { ...row, vni: 4097, netnsId: 'net:[3]' as const, host: 'h1' },
    ];
    const { listing } = ordered({ name: 'vxlans', listing: { items, gaps: [] } });
    assert.deepEqual(
      (listing.items as VxlanRow[]).map(({ netnsId }) => netnsId),
      ['net:[3]', 'net:[2]', 'net:[1]', 'net:[0]'],
    );
  });
});

describe('the list of endpoints', () => {
  it('keeps the overlays as they came, and has the addresses of each in their order, those without any last', () => {
    const endpoint = (overlay: string, ips: string[], host = 'h1'): Endpoint => ({
      overlay,
      vni: 1,
      host,
      ips,
      port: { netnsId: 'net:[1]', ifindex: 1 as Ifindex, name: 'veth0' },
      portOperState: 'UP',
      status: 'PAIRED',
    });
    const items = [
      endpoint('b', ['10.0.0.10']),
      endpoint('b', []),
      endpoint('a', ['10.0.0.3']),
      endpoint('b', ['fd00::1']),
      endpoint('b', ['10.0.0.9'], 'h2'),
      endpoint('b', ['10.0.0.9'], 'h1'),
    ];
    const { listing } = ordered({ name: 'endpoints', listing: { items, gaps: [] } });
    assert.deepEqual(
      (listing.items as Endpoint[]).map(({ overlay, host, ips }) => [overlay, host, ...ips].join(' ')),
      ['b h1 10.0.0.9', 'b h2 10.0.0.9', 'b h1 10.0.0.10', 'b h1 fd00::1', 'b h1', 'a h1 10.0.0.3'],
    );
  });
});
