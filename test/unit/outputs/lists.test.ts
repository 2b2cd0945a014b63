import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { LIST_VIEWS, sorted } from '../../../src/outputs/lists/index.js';
import { LISTS } from '../../../src/model/lists.js';
import type { Endpoint, Ifindex, Rule, VxlanRow } from '../../../src/model/types.js';
import { FABRIC_RPCS } from '../../../src/wire/messages.js';
import { ROOT } from '../../support/root.js';
import { sampleSnapshot } from '../../support/sample.js';

t.test('every list of the model and of the fabric has a view, and only those, in files of their names', async (t) => {
  const names = [...Object.keys(LISTS), ...Object.keys(FABRIC_RPCS)].sort();
  t.strictSame(LIST_VIEWS.map(({ name }) => name).sort(), names);
  const files = readdirSync(join(ROOT, 'src/outputs/lists')).filter((file) => names.includes(file.replace('.ts', '')));
  t.strictSame(
    files.sort(),
    names.map((name) => `${name}.ts`),
  );
});

t.test('every list has a line of help, and an example that is its own', async (t) => {
  for (const { name, example, help } of LIST_VIEWS) {
    t.ok(example.startsWith(`nsatlas ${name} `), name);
    t.not(help, '');
  }
});

t.test('the list of VXLANs', async (t) => {
  t.test('is ordered by VNI, those without one last, whatever inode numbers the kernel gave the namespaces', async (t) => {
    const [row] = LISTS.vxlans.list(sampleSnapshot(), {}).items;
    assert.ok(row);
    const { vni: _none, ...metadata } = row;
    const items = [
      { ...metadata, netnsId: 'net:[0]' as const },
      { ...row, vni: 4098, netnsId: 'net:[1]' as const },
      { ...row, vni: 4097, netnsId: 'net:[2]' as const, host: 'h2' },
      { ...row, vni: 4097, netnsId: 'net:[3]' as const, host: 'h1' },
    ];
    const { listing } = sorted({ name: 'vxlans', listing: { items, gaps: [] } });
    t.strictSame(
      (listing.items as VxlanRow[]).map(({ netnsId }) => netnsId),
      ['net:[3]', 'net:[2]', 'net:[1]', 'net:[0]'],
    );
  });
});

t.test('the list of rules', async (t) => {
  t.test(
    'has the rules of each family of a namespace in the order in which they are tried, wherever a collector has them',
    async (t) => {
      const rule = (netnsId: `net:[${number}]`, family: string, priority: number): Rule => ({
        netnsId,
        family,
        priority,
        action: 'lookup',
        flags: [],
        l3mdev: false,
      });
      const items = [
        rule('net:[2]', 'inet', 9),
        rule('net:[2]', 'inet6', 1),
        rule('net:[1]', 'inet', 5),
        rule('net:[2]', 'inet', 0),
      ];
      const { listing } = sorted({ name: 'rules', listing: { items, gaps: [] } });
      t.strictSame(
        (listing.items as Rule[]).map(({ netnsId, family, priority }) => [netnsId, family, priority]),
        [
          ['net:[2]', 'inet', 0],
          ['net:[2]', 'inet', 9],
          ['net:[2]', 'inet6', 1],
          ['net:[1]', 'inet', 5],
        ],
      );
    },
  );
});

t.test('the list of endpoints', async (t) => {
  t.test('keeps the overlays as they came, and has the addresses of each in their order, those without any last', async (t) => {
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
    const { listing } = sorted({ name: 'endpoints', listing: { items, gaps: [] } });
    t.strictSame(
      (listing.items as Endpoint[]).map(({ overlay, host, ips }) => [overlay, host, ...ips].join(' ')),
      ['b h1 10.0.0.9', 'b h2 10.0.0.9', 'b h1 10.0.0.10', 'b h1 fd00::1', 'b h1', 'a h1 10.0.0.3'],
    );
  });
});
