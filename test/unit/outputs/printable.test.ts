import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { printable, printableJson } from '../../../src/outputs/printable.js';

const HOSTILE = 'a\u001b[31m\u0007\n\r\u009b2J\u007f\u202egnp.\u200b\u{e0041}\ud800<script>"\\é漢😀';

describe('text from strangers', () => {
  it('cannot move the cursor, colour, ring, reorder or hide', () => {
    const text = printable(HOSTILE);
    assert.doesNotMatch(text, /[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/u);
    assert.equal(text, 'a\\u{1b}[31m\\u{7}\\u{a}\\u{d}\\u{9b}2J\\u{7f}\\u{202e}gnp.\\u{200b}\\u{e0041}\\u{d800}<script>"\\é漢😀');
  });

  it('stays the same JSON value when it is made fit for a terminal', () => {
    const json = JSON.stringify({ [HOSTILE]: HOSTILE }, undefined, 2);
    const safe = printableJson(json);
    assert.deepEqual(JSON.parse(safe), JSON.parse(json));
    assert.doesNotMatch(safe.replaceAll('\n', ''), /[\p{Cc}\p{Cf}\p{Cs}]/u);
  });
});
