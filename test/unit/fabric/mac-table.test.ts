import assert from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import { MacTable } from '../../../src/fabric/mac-table.js';
import { macNumber } from '../../../src/fabric/remote-rows.js';

t.test('a table of MAC addresses answers as a Map does, however its keys fall together', async () => {
  const mac = fc.oneof(
    fc.integer({ min: 1, max: 2 ** 48 - 1 }),
    fc.integer({ min: 1, max: 8 }).map((low) => low * 2 ** 32 + 7),
  );
  const entries = fc.array(fc.tuple(mac, fc.option(fc.nat({ max: 1000 }), { nil: undefined })), { maxLength: 60 });
  fc.assert(
    fc.property(entries, fc.array(mac), (given, others) => {
      const table = new MacTable(given.length);
      const model = new Map<number, number | undefined>();
      for (const [key, number] of given) {
        table.set(key, number);
        model.set(key, number);
      }
      for (const key of [...model.keys(), ...others]) {
        assert.equal(table.has(key), model.has(key));
        assert.equal(table.get(key), model.get(key));
      }
    }),
  );
});

t.test('MAC addresses are numbers, those of other links than Ethernet are not', async (t) => {
  t.equal(macNumber('02:42:0a:00:01:02'), 0x02420a000102);
  t.equal(macNumber('ff:ff:ff:ff:ff:ff'), 2 ** 48 - 1);
  t.equal(macNumber('AB:cd:EF:09:90:1f'), 0xabcdef09901f);
  for (const text of [
    '',
    '`2:42:0a:00:01:02',
    '@2:42:0a:00:01:02',
    '/2:42:0a:00:01:02',
    '0a:00:01:02',
    '02:42:0a:00:01:02:03:04',
    'zz:42:0a:00:01:02',
    '02-42-0a-00-01-02',
  ])
    t.equal(macNumber(text), undefined, text);
});
