import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
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

describe('the value of a label', () => {
  it('is what it was when it is short and can be seen', () => {
    for (const text of ['', 'web', 'web.1.x8sn2ys3vd', 'Grüße "quoted" \\ {}', '💥'.repeat(64)])
      assert.equal(labelValue(text), text);
  });

  it('shows what cannot be seen, and halves of characters', () => {
    assert.equal(labelValue('a\nb\u001b[31m\u202e\ud800'), 'a\\u{a}b\\u{1b}[31m\\u{202e}\\u{d800}');
  });

  it('has at most 128 characters and ends between two of them, whatever it is made of', () => {
    assert.equal(charactersOf(labelValue('💥'.repeat(4000))), MAX_LABEL_CHARACTERS);
    fc.assert(
      fc.property(hostile, (text) => {
        const value = labelValue(text);
        assert.ok(charactersOf(value) <= MAX_LABEL_CHARACTERS, value);
        assert.doesNotMatch(value, /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
        assert.equal(Buffer.from(value).toString(), value);
      }),
    );
  });

  it('keeps 128 characters whole, and cuts the 129th with a mark', () => {
    assert.equal(labelValue('x'.repeat(128)), 'x'.repeat(128));
    assert.match(labelValue('x'.repeat(129)), /^x{119}~[0-9a-f]{8}$/);
  });

  it('keeps two long names apart that begin alike', () => {
    assert.notEqual(labelValue(`${'x'.repeat(4000)}1`), labelValue(`${'x'.repeat(4000)}2`));
  });
});

describe('labels', () => {
  it('are read back as what was written, whatever it was', () => {
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

  it('are left out where there is nothing to say', () => {
    assert.equal(formatLabels({ a: undefined, b: '' }), '');
    assert.equal(formatLabels({ a: 'x', b: undefined }), '{a="x"}');
  });
});
