import { isDeepStrictEqual } from 'node:util';
import t from 'tap';
import { isSame } from '../../../src/model/same.js';

const VALUES: readonly (() => unknown)[] = [
  () => undefined,
  () => null,
  () => 0,
  () => -0,
  () => Number.NaN,
  () => 1,
  () => 1n,
  () => '1',
  () => '',
  () => true,
  () => [],
  () => [undefined],
  () => ['a'],
  () => ['a', 'b'],
  () => ['b', 'a'],
  () => ({}),
  () => ({ 0: 'a', length: 1 }),
  () => ({ a: 1 }),
  () => ({ a: 1, b: 2 }),
  () => ({ b: 2, a: 1 }),
  () => ({ a: { b: ['c', { d: 1n }] } }),
  () => ({ a: { b: ['c', { d: 2n }] } }),
  () => ({ constructor: 'x' }),
  () => ({ a: undefined, b: 1 }),
  () => ({ b: 1, c: undefined }),
  () => JSON.parse('{"__proto__": {"a": 1}}') as unknown,
  () => JSON.parse('{"__proto__": {"a": 2}}') as unknown,
  () => JSON.parse('{"__proto__": {}}') as unknown,
  () => JSON.parse('{"toString": null}') as unknown,
  () => new Uint8Array([97]),
  () => new Uint8Array([98]),
  () => new Uint8Array(0),
  () => Buffer.from('a'),
];

/** What isDeepStrictEqual takes for something: a property that is undefined. */
function withoutUndefined(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || value instanceof Uint8Array) return value;
  return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined));
}

t.test('values are the same exactly when they are deeply equal, whatever is undefined', async (t) => {
  for (const [i, first] of VALUES.entries()) {
    for (const [j, second] of VALUES.entries()) {
      const [a, b] = [first(), second()];
      const bytes = a instanceof Uint8Array && b instanceof Uint8Array;
      const wanted = bytes ? Buffer.compare(a, b) === 0 : isDeepStrictEqual(withoutUndefined(a), withoutUndefined(b));
      t.equal(isSame(a, b), wanted, `${i} and ${j}`);
      t.equal(isSame({ x: [a] }, { x: [b] }), wanted, `${i} and ${j}, within others`);
    }
  }
});

t.test('objects without a prototype, as maps of a message are, are compared by what they have', async (t) => {
  const bare = (entries: object): object => Object.assign(Object.create(null) as object, entries);
  t.equal(isSame(bare({ a: 'b' }), { a: 'b' }), true);
  t.equal(isSame(bare({ toString: 'b' }), {}), false);
  t.equal(isSame({}, bare({ toString: 'b' })), false);
});
