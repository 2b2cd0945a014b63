import t from 'tap';
import { reportGaps } from '../../../src/cli/report.js';
import type { Gap } from '../../../src/model/types.js';

function report(gaps: readonly Gap[]): { status: number; lines: string[] } {
  const lines: string[] = [];
  return { status: reportGaps(gaps, (line) => lines.push(line)), lines };
}

t.test('what is missing from an answer', async (t) => {
  t.test('is nothing to speak of when namespaces went away meanwhile', async (t) => {
    t.strictSame(report([{ status: 'VANISHED', message: 'gone' }]), { status: 0, lines: [] });
  });

  t.test('is one line each and exit status 1', async (t) => {
    const gaps: Gap[] = [
      { status: 'NOT_A_NETNS', path: '/a', operation: 'open', message: '/a: is a plain file' },
      { status: 'FAILED', netnsId: 'net:[1]', table: 'FDB', message: 'fdb: failed' },
    ];
    t.strictSame(report(gaps), { status: 1, lines: ['/a: is a plain file', 'fdb: failed'] });
  });

  t.test('is counted, not listed, when there are many of a sort', async (t) => {
    const gaps = Array.from(
      { length: 300 },
      (_, at): Gap => ({ status: 'DENIED', errno: 'EPERM', operation: 'enter', message: `net:[${at}]: denied` }),
    );
    t.strictSame(report(gaps), {
      status: 1,
      lines: ['net:[0]: denied', '… and 299 more like this (-o json lists them)'],
    });
  });

  t.test('says its host where there are several, unless the message does', async (t) => {
    const lines: string[] = [];
    const gaps: Gap[] = [
      { host: 'h1', status: 'FAILED', message: 'fdb: failed' },
      { host: 'h2', status: 'STALE_HOST', message: 'node-2 is silent' },
      { host: 'h9', status: 'DENIED', message: 'of whom nothing is known' },
    ];
    const hosts = [
      { host: 'h1', hostName: 'node-1' },
      { host: 'h2', hostName: 'node-2' },
    ];
    t.equal(
      reportGaps(gaps, (line) => lines.push(line), hosts),
      1,
    );
    t.strictSame(lines, ['node-1: fdb: failed', 'node-2 is silent', 'of whom nothing is known']);
  });

  t.test('cannot write to the terminal by its name', async (t) => {
    t.strictSame(report([{ status: 'FAILED', message: 'x\u001b[2Jy' }]).lines, ['x\\u{1b}[2Jy']);
  });
});
