import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { paintFor } from '../../../src/cli/terminal.js';

const terminal = { isTTY: true } as NodeJS.WriteStream;
const pipe = { isTTY: false } as NodeJS.WriteStream;

describe('colour', () => {
  it('is for terminals, whatever the process writes to otherwise', () => {
    const paint = paintFor(terminal, { TERM: 'xterm' });
    assert.equal(paint?.('good', 'UP'), '\u001b[32mUP\u001b[39m');
    assert.equal(paint?.('dim', '-'), '\u001b[2m-\u001b[22m');
    assert.equal(paintFor(pipe, { TERM: 'xterm' }), undefined);
    assert.equal(paintFor(terminal, { TERM: 'dumb' }), undefined);
  });

  it('is decided by NO_COLOR first, then by FORCE_COLOR', () => {
    assert.equal(paintFor(terminal, { NO_COLOR: '1', FORCE_COLOR: '1' }), undefined);
    assert.ok(paintFor(terminal, { NO_COLOR: '' }));
    assert.equal(paintFor(pipe, { FORCE_COLOR: '1' })?.('bad', 'DOWN'), '\u001b[31mDOWN\u001b[39m');
    assert.equal(paintFor(pipe, { FORCE_COLOR: '0' }), undefined);
  });
});
