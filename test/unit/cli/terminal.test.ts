import t from 'tap';
import { paintFor } from '../../../src/cli/terminal.js';

const terminal = { isTTY: true } as NodeJS.WriteStream;
const pipe = { isTTY: false } as NodeJS.WriteStream;

t.test('colour', async (t) => {
  t.test('is for terminals, whatever the process writes to otherwise', async (t) => {
    const paint = paintFor(terminal, { TERM: 'xterm' });
    t.equal(paint?.('good', 'UP'), '\u001b[32mUP\u001b[39m');
    t.equal(paint?.('dim', '-'), '\u001b[2m-\u001b[22m');
    t.equal(paintFor(pipe, { TERM: 'xterm' }), undefined);
    t.equal(paintFor(terminal, { TERM: 'dumb' }), undefined);
  });

  t.test('is decided by NO_COLOR first, then by FORCE_COLOR', async (t) => {
    t.equal(paintFor(terminal, { NO_COLOR: '1', FORCE_COLOR: '1' }), undefined);
    t.ok(paintFor(terminal, { NO_COLOR: '' }));
    t.equal(paintFor(pipe, { FORCE_COLOR: '1' })?.('bad', 'DOWN'), '\u001b[31mDOWN\u001b[39m');
    t.equal(paintFor(pipe, { FORCE_COLOR: '0' }), undefined);
  });
});
