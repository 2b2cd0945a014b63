import assert from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import { formatLabels } from '../../../src/metrics/labels.js';
import { clipped, printable, printableJson, printableStart } from '../../../src/text/printable.js';

const HOSTILE =
  'a\u001b[31m\u0007\n\r\u009b2J\u007f\u202egnp.\u200b\u{e0041}\ud800\u2028\ufe0f\u3164\ue000\u2800<script>"\\é漢😀';

/** One of every sort that a terminal, a log or another format would take for something else than text, or not show. */
const MEANT = [
  ...Array.from({ length: 0x20 }, (_, code) => String.fromCharCode(code)),
  ...Array.from({ length: 0x21 }, (_, code) => String.fromCharCode(0x7f + code)),
  ...Array.from(
    '\u00ad\u034f\u061c\u115f\u1160\u17b4\u180b\u180e\u200b\u200c\u200d\u200e\u200f\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\u206a\u2800',
  ),
  ...Array.from('\u3164\ue000\ufe0e\ufe0f\ufeff\uffa0\ufff9\uffff\u{1d173}\u{e0001}\u{e0041}\u{e0100}\u{10ffff}'),
  '\ud800',
  '\udfff',
];

const strangers = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.string({
    unit: fc.constantFrom(...MEANT, ...Array.from('ab"\\\'{}[]<>&,=\u001b'), '\\u{', 'é', '漢', '😀'),
    maxLength: 60,
  }),
  // Any UTF-16, halves of pairs included.
  fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 60 }).map((units) => String.fromCharCode(...units)),
);

/** What none of a terminal, a log, JSON, DOT and Prometheus' text format takes for more than a character, but for quotes and backslashes. */
function assertHarmless(text: string): void {
  for (const character of text) assert.ok(!MEANT.includes(character), JSON.stringify(text));
  assert.doesNotMatch(text, /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u);
  assert.ok(text.isWellFormed());
  assert.equal(Buffer.from(text).toString(), text);
}

t.test('text from strangers', async (t) => {
  t.test('cannot move the cursor, colour, ring, reorder or hide', async (t) => {
    t.equal(
      printable(HOSTILE),
      'a\\u{1b}[31m\\u{7}\\u{a}\\u{d}\\u{9b}2J\\u{7f}\\u{202e}gnp.\\u{200b}\\u{e0041}\\u{d800}\\u{2028}\\u{fe0f}\\u{3164}\\u{e000}\\u{2800}<script>"\\é漢😀',
    );
    for (const character of MEANT) t.match(printable(`a${character}b`), /^a\\u\{[0-9a-f]+\}b$/);
  });

  t.test('stays as it is where it is ordinary', async (t) => {
    for (const text of [
      '',
      'web.1.x8sn2ys3vd',
      'net:[4026531840]',
      'Grüße an “alle”',
      '漢字 かな 한국어',
      'नमस्ते',
      'שלום',
      'مرحبا',
      'e\u0301',
      '😀🚀',
    ])
      t.equal(printable(text), text);
  });

  t.test('is harmless whatever it was, cut or not, and the same when it is treated twice', async () => {
    fc.assert(
      fc.property(strangers, fc.integer({ min: 0, max: 80 }), (text, most) => {
        const all = printable(text);
        assertHarmless(all);
        assert.equal(printable(all), all);
        const cut = clipped(text, most);
        assertHarmless(cut);
        assert.ok(Array.from(cut).length <= most + 1);
        assert.ok(cut === all || (cut.endsWith('…') && all.startsWith(cut.slice(0, -1))));
      }),
      { numRuns: 2000 },
    );
  });

  t.test('is cut between characters, and an escape stays one', async (t) => {
    t.strictSame(printableStart('😀😀😀', 2), { text: '😀😀', isCut: true });
    t.strictSame(printableStart('ab\u001bcd', 7), { text: 'ab', isCut: true });
    t.strictSame(printableStart('ab\u001b', 8), { text: 'ab\\u{1b}', isCut: false });
    t.equal(clipped('abcdef', 3), 'abc…');
    t.equal(clipped('abc', 3), 'abc');
  });

  t.test('is one value in Prometheus’ text format, a log’s JSON and a quoted string of DOT', async () => {
    fc.assert(
      fc.property(strangers, (text) => {
        const shown = clipped(text, 40);
        assert.match(formatLabels({ a: text }), /^$|^\{a="(?:[^"\\\n]|\\["\\])*"\}$/);
        assertHarmless(JSON.stringify(shown));
        assert.equal(JSON.parse(JSON.stringify(shown)), shown);
        // DOT knows \" and \\ in a quoted string and takes everything else as it is.
        assert.match(`"${shown.replace(/["\\]/g, '\\$&')}"`, /^"(?:[^"\\\n]|\\["\\])*"$/);
      }),
      { numRuns: 1000 },
    );
  });

  t.test('stays the same JSON value when it is made fit for a terminal', async () => {
    fc.assert(
      fc.property(strangers, (text) => {
        const json = JSON.stringify({ [text]: [text, HOSTILE] }, undefined, 2);
        const safe = printableJson(json);
        assert.deepEqual(JSON.parse(safe), JSON.parse(json));
        assertHarmless(safe.replaceAll('\n', ''));
      }),
      { numRuns: 1000 },
    );
  });
});
