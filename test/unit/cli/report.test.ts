import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { reportGaps } from '../../../src/cli/report.js';
import type { Gap } from '../../../src/model/types.js';

function report(gaps: readonly Gap[]): { status: number; lines: string[] } {
  const lines: string[] = [];
  return { status: reportGaps(gaps, (line) => lines.push(line)), lines };
}

describe('what is missing from an answer', () => {
  it('is nothing to speak of when namespaces went away meanwhile', () => {
    assert.deepEqual(report([{ status: 'VANISHED', message: 'gone' }]), { status: 0, lines: [] });
  });

  it('is one line each and exit status 1', () => {
    const gaps: Gap[] = [
      { status: 'NOT_A_NETNS', path: '/a', operation: 'open', message: '/a: is a plain file' },
      { status: 'FAILED', netnsId: 'net:[1]', table: 'FDB', message: 'fdb: failed' },
    ];
    assert.deepEqual(report(gaps), { status: 1, lines: ['/a: is a plain file', 'fdb: failed'] });
  });

  it('is counted, not listed, when there are many of a sort', () => {
    const gaps = Array.from(
      { length: 300 },
      (_, at): Gap => ({ status: 'DENIED', errno: 'EPERM', operation: 'enter', message: `net:[${at}]: denied` }),
    );
    assert.deepEqual(report(gaps), {
      status: 1,
      lines: ['net:[0]: denied', '… and 299 more like this (-o json lists them)'],
    });
  });

  it('says its host where there are several, unless the message does', () => {
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
    assert.equal(
      reportGaps(gaps, (line) => lines.push(line), hosts),
      1,
    );
    assert.deepEqual(lines, ['node-1: fdb: failed', 'node-2 is silent', 'of whom nothing is known']);
  });

  it('cannot write to the terminal by its name', () => {
    assert.deepEqual(report([{ status: 'FAILED', message: 'x\u001b[2Jy' }]).lines, ['x\\u{1b}[2Jy']);
  });
});
