import t from 'tap';
import { encodeEventRules } from '../../../src/native/event-rules.js';
import type { EventRule } from '../../../src/native/types.js';

const NONE = 0xffffffff;

function words(rules: readonly EventRule[]): number[] {
  const image = encodeEventRules(rules);
  return [...new Uint32Array(image.buffer, image.byteOffset, image.length / 4)];
}

t.test('no rules are no groups and no rules', async (t) => {
  t.strictSame(words([]), [0, 0]);
});

t.test('rules are all their groups, each once, then one rule after another with its types and tests', async (t) => {
  const rules: EventRule[] = [
    { table: 3, groups: [1, 5], types: [16, 17], family: 7, ifindexAt: 4 },
    { table: 9, groups: [5], types: [29], unless: [{ at: 8, bytes: 2, equals: 64 }] },
  ];
  t.strictSame(words(rules), [...[2, 2, 1, 5], ...[3, 4, 2, 1, 0, 16, 17, 0, 1, 7], ...[9, NONE, 1, 0, 1, 29, 8, 2, 64]]);
});

t.test('what cannot be a rule is the caller’s mistake', async (t) => {
  const rule: EventRule = { table: 0, groups: [1], types: [16] };
  const wrong: EventRule[] = [
    { ...rule, table: -1 },
    { ...rule, groups: [0.5] },
    { ...rule, types: [Number.NaN] },
    { ...rule, family: NONE },
    { ...rule, ifindexAt: -4 },
    { ...rule, unless: [{ at: -1, bytes: 1, equals: 0 }] },
  ];
  for (const each of wrong) t.throws(() => encodeEventRules([each]), { name: 'TypeError', code: 'ERR_NSATLAS_ARGUMENT' });
});
