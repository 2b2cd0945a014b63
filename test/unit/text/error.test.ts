import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import t from 'tap';
import { status } from '@grpc/grpc-js';
import { AgentError, CollectorError } from '../../../src/client/error.js';
import { ArgumentError } from '../../../src/native/errors.js';
import { CallError } from '../../../src/rpc/error.js';
import { CODES, codeOf, codesOf, type ErrorCode, isTransient } from '../../../src/text/error.js';
import { projectFiles } from '../architecture/rules.js';
import { ROOT } from '../../support/root.js';

/** The table as docs/errors.md has it. */
interface Line {
  readonly status: string;
  readonly again: string;
  readonly texts: readonly string[];
}

function documented(): Map<string, Line> {
  const text = readFileSync(`${ROOT}/docs/errors.md`, 'utf8');
  const rows = [...text.matchAll(/^\| `(ERR_\w+)` \|(.*)\|$/gm)];
  const lines = rows.map(([, code = '', rest = '']): [string, Line] => {
    const [name = '', again = '', ...texts] = rest.split('|').map((cell) => cell.trim());
    return [code, { status: name, again, texts }];
  });
  assert.equal(new Map(lines).size, lines.length, 'no code stands twice');
  return new Map(lines);
}

t.test('docs/errors.md lists every code with its status, whether to try again, what it means and what to do', async (t) => {
  const lines = documented();
  t.strictSame([...lines.keys()].sort(), Object.keys(CODES).sort());
  for (const [code, { status: name, again, texts }] of lines) {
    const facts: { status?: string; transient?: true } = CODES[code as ErrorCode];
    t.strictSame([name, again], [facts.status ?? '', facts.transient === true ? 'yes' : ''], code);
    t.ok(texts.length === 2 && texts.every((words) => words.length > 5), code);
  }
});

t.test('every code begins with ERR_NSATLAS_, fits in the metadata, and goes with a status that gRPC has', async (t) => {
  for (const [code, facts] of Object.entries(CODES)) {
    t.match(code, /^ERR_NSATLAS_[A-Z0-9_]{1,52}$/);
    if ('status' in facts) t.ok(facts.status in status, code);
  }
});

/** Codes of Node, of OpenSSL and of the kernel's headers (NLMSGERR_…), with which others begin. */
const FOREIGN = /^ERR_(ATTR|INVALID_ARG|SSL|TLS)/;

t.test('the sources name no other code than those of the table, and each of them somewhere', async (t) => {
  const files = await projectFiles(
    (path) => /^(src|native)\//.test(path) && /\.(ts|cc|h)$/.test(path) && path !== 'src/text/error.ts',
  );
  const named = new Set([...files.values()].flatMap((text) => [...text.matchAll(/\bERR_[A-Z0-9_]+/g)].map(([code]) => code)));
  const foreign = [...named].filter((code) => !(code in CODES) && !code.endsWith('_') && !FOREIGN.test(code));
  t.strictSame(foreign, []);
  // Written with their end apart: ERR_NSATLAS_AGENT_${problem}, the room's own in native/errors.ts.
  const apart = ['AGENT', 'COLLECTOR'].map((who) => `ERR_NSATLAS_${who}_`);
  const unused = Object.keys(CODES).filter((code) => !named.has(code) && !apart.some((start) => code.startsWith(start)));
  t.strictSame(unused, []);
});

t.test('no file of the sources looks into a message to decide', async (t) => {
  const looks = /\.(message|details)\??\.(includes|startsWith|endsWith|match|search)\(|\.test\([^()]*\.(message|details)\b/;
  const files = await projectFiles((path) => path.startsWith('src/') && path.endsWith('.ts'));
  const looking = [...files].filter(([, text]) => looks.test(text)).map(([path]) => path);
  // commander gives the same code to what it has already shown and to what it has not.
  t.strictSame(looking, ['src/cli/program.ts']);
  t.match("if (cause.message.startsWith('x'))", looks);
  t.match('/x/.test(problem.details)', looks);
});

t.test('whether to try again is said of codes of ours only, whatever was thrown', async (t) => {
  const again = [
    new AgentError('UNREACHABLE', 'a', ''),
    new AgentError('FAILED', 'a', ''),
    new CollectorError('TIMEOUT', 'a', ''),
    new CallError('ERR_NSATLAS_STOPPING', ''),
    Object.assign(new Error(), { code: 'ERR_NSATLAS_READ' }),
  ];
  const never = [
    new AgentError('REFUSED', 'a', '', { serverCode: 'ERR_NSATLAS_STOPPING' }),
    new AgentError('MALFORMED', 'a', ''),
    new ArgumentError('x'),
    Object.assign(new Error(), { code: 'ERR_NSATLAS_TOMORROW' }),
    Object.assign(new Error(), { code: 14 }),
    Object.assign(new Error(), { code: 'toString' }),
    { code: 'ERR_NSATLAS_READ' },
    undefined,
    null,
    'ERR_NSATLAS_READ',
  ];
  t.strictSame(
    again.map(isTransient),
    again.map(() => true),
  );
  t.strictSame(
    never.map(isTransient),
    never.map(() => false),
  );
});

t.test('an error has its class as name, its code, and after it the code of the server that it came from', async (t) => {
  const error = new AgentError('REFUSED', '127.0.0.1:1', 'no', { serverCode: 'ERR_NSATLAS_REQUEST', cause: 'x' });
  t.strictSame([error.name, error.code, error.message, error.cause], ['AgentError', 'ERR_NSATLAS_AGENT_REFUSED', 'no', 'x']);
  t.strictSame(codesOf(error), ['ERR_NSATLAS_AGENT_REFUSED', 'ERR_NSATLAS_REQUEST']);
  t.strictSame(codesOf(new CallError('ERR_NSATLAS_READ', '')), ['ERR_NSATLAS_READ']);
  t.strictSame(codesOf(new Error('x')), []);
  t.equal(codeOf(new ArgumentError('x')), 'ERR_NSATLAS_ARGUMENT');
});
