import assert from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import { jsonPieces, toJson } from '../../../src/wire/json.js';
import { wellFormed } from '../../../src/wire/scalars.js';
import { snapshot } from './maximal-model.js';

/** The rules of toJson() as a replacer: slow, in one piece, and JSON.stringify writes the text. */
function reference(model: object): string {
  const plain = (value: unknown): unknown => {
    if (typeof value === 'string') return wellFormed(value);
    if (typeof value === 'bigint') return String(value);
    if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
    if (value === null) return undefined;
    if (typeof value !== 'object') return value;
    if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
    if (Array.isArray(value)) return value.length === 0 ? undefined : value.map(plain);
    const entries = Object.entries(value).map(([key, item]) => [wellFormed(key), plain(item)] as const);
    return entries.length === 0 ? undefined : Object.fromEntries(entries.filter(([, item]) => item !== undefined));
  };
  const entries = Object.entries(model).map(([key, value]) => [
    key,
    Array.isArray(value) && value.length === 0 ? [] : plain(value),
  ]);
  return JSON.stringify(Object.fromEntries(entries.filter(([, value]) => value !== undefined)), undefined, 2);
}

t.test('jsonPieces', async (t) => {
  t.test('writes byte by byte what JSON.stringify would', async (t) => {
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('', '"', '\\', '\n', '\u007f', '\u2028', '\ud800x', '\ud801x', 'plain ~'),
    );
    const leaf = fc.oneof(
      text,
      fc.double(),
      fc.integer(),
      fc.boolean(),
      fc.bigInt(),
      fc.uint8Array(),
      fc.constantFrom(undefined, null, -0),
    );
    const { value } = fc.letrec<{ value: unknown }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 5 },
        leaf,
        fc.array(tie('value'), { maxLength: 4 }),
        fc.dictionary(text, tie('value'), { maxKeys: 4 }),
      ),
    }));
    const property = fc.property(fc.dictionary(fc.constantFrom('a', 'b', 'c d'), value), (model) => {
      assert.equal(toJson(model), reference(model));
    });
    fc.assert(property, { numRuns: 3000, seed: 20261121 });
    t.equal(toJson(snapshot), reference(snapshot));
  });

  t.test('takes the last of two labels that become the same when half a character is replaced', async (t) => {
    t.equal(
      toJson({ labels: { '\ud800': 'first', between: 'x', '\ud801': 'last' } }),
      reference({ labels: { '\ufffd': 'last', between: 'x' } }),
    );
  });

  t.test('hands over pieces, each made when it is asked for, also of one namespace with many rows', async (t) => {
    let asked = 0;
    const row = { mac: '02:42:0a:00:00:02', dst: '192.0.2.1', state: 'PERMANENT' };
    const counted = Array.from({ length: 50_000 }, () => ({
      get seen() {
        return ++asked;
      },
      ...row,
    }));
    const model = { host: {}, namespaces: [{ id: 'net:[1]', fdb: counted }], gaps: [] };
    const pieces = jsonPieces(model);
    const first = pieces.next();
    t.ok(asked < 2000, `${asked} rows were looked at for the first piece`);
    const all = [String(first.value), ...pieces];
    t.ok(all.length > 50 && all.every((piece) => piece.length < 70_000), `${all.length} pieces`);
    t.equal(asked, 50_000);
    const parsed = JSON.parse(all.join('')) as { namespaces: { fdb: object[] }[] };
    t.strictSame(parsed.namespaces[0]?.fdb.at(-1), { seen: 50_000, ...row });
  });

  t.test('lets texts be escaped further, names included', async (t) => {
    const escape = (json: string): string => json.replaceAll('\u007f', '\\u007f');
    t.equal(
      [...jsonPieces({ a: { 'x\u007f': 'y\u007f' }, b: 'plain' }, escape)].join(''),
      '{\n  "a": {\n    "x\\u007f": "y\\u007f"\n  },\n  "b": "plain"\n}',
    );
  });
});
