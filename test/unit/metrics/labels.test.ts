import assert from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import { formatLabels, labelValue, MAX_LABEL_CHARACTERS } from '../../../src/metrics/labels.js';

/** Reads `{a="b"}` as a parser of the text format does. */
function parseLabels(text: string): Record<string, string> {
  const labels: Record<string, string> = {};
  let at = 1;
  assert.equal(text[0], '{');
  while (text[at] !== '}') {
    const name = /^[a-z_]+/.exec(text.slice(at))?.[0] ?? '';
    at += name.length;
    assert.equal(text.slice(at, at + 2), '="', text);
    at += 2;
    let value = '';
    while (text[at] !== '"') {
      assert.ok(at < text.length, text);
      if (text[at] === '\\') at++;
      value += text[at++] ?? '';
    }
    labels[name] = value;
    at++;
    if (text[at] === ',') at++;
  }
  assert.equal(at, text.length - 1);
  return labels;
}

/** Code points, as Prometheus' users see them. */
function charactersOf(text: string): number {
  return Array.from(text).length;
}

const hostile = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 400 }),
  fc.string({
    unit: fc.constantFrom('"', '\\', '\n', '{', '}', ',', '=', '\u202e', '\u0000', '\ud800', 'ü', '💥', 'a'),
    maxLength: 400,
  }),
);

t.test('the value of a label', async (t) => {
  t.test('is what it was when it is short and can be seen', async (t) => {
    for (const text of ['', 'web', 'web.1.x8sn2ys3vd', 'Grüße "quoted" \\ {}', '💥'.repeat(64)]) t.equal(labelValue(text), text);
  });

  t.test('shows what cannot be seen, and halves of characters', async (t) => {
    t.equal(labelValue('a\nb\u001b[31m\u202e\ud800'), 'a\\u{a}b\\u{1b}[31m\\u{202e}\\u{d800}');
  });

  t.test('has at most 128 characters and ends between two of them, whatever it is made of', async (t) => {
    t.equal(charactersOf(labelValue('💥'.repeat(4000))), MAX_LABEL_CHARACTERS);
    fc.assert(
      fc.property(hostile, (text) => {
        const value = labelValue(text);
        assert.ok(charactersOf(value) <= MAX_LABEL_CHARACTERS, value);
        assert.doesNotMatch(value, /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
        assert.equal(Buffer.from(value).toString(), value);
      }),
    );
  });

  t.test('keeps 128 characters whole, and cuts the 129th with a mark', async (t) => {
    t.equal(labelValue('x'.repeat(128)), 'x'.repeat(128));
    t.match(labelValue('x'.repeat(129)), /^x{119}~[0-9a-f]{8}$/);
  });

  t.test('keeps two long names apart that begin alike', async (t) => {
    t.not(labelValue(`${'x'.repeat(4000)}1`), labelValue(`${'x'.repeat(4000)}2`));
  });
});

t.test('labels', async (t) => {
  t.test('are read back as what was written, whatever it was', async () => {
    fc.assert(
      fc.property(hostile, hostile, (one, two) => {
        const text = formatLabels({ one, two, three: 'x' });
        assert.doesNotMatch(text, /\n/);
        const wanted = Object.entries({ one: labelValue(one), two: labelValue(two), three: 'x' }).filter(
          ([, value]) => value !== '',
        );
        assert.deepEqual(parseLabels(text), Object.fromEntries(wanted));
      }),
    );
  });

  t.test('are left out where there is nothing to say', async (t) => {
    t.equal(formatLabels({ a: undefined, b: '' }), '');
    t.equal(formatLabels({ a: 'x', b: undefined }), '{a="x"}');
  });
});
