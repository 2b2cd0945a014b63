import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import t, { type Test } from 'tap';
import { AgentsFileError, parseAgentsFile } from '../../../../src/collector/follow/sources/agents-file.js';
import { fileSource } from '../../../../src/collector/follow/sources/file.js';
import { eventually } from '../../../support/hygiene.js';
import { FAST_CLOCK, follow } from './source-rig.js';

function folder(t: Test): string {
  const path = mkdtempSync(join(tmpdir(), 'nsatlas-agents-'));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

const problemOf = (text: string): string => {
  try {
    parseAgentsFile(text);
  } catch (cause) {
    assert.ok(cause instanceof AgentsFileError, String(cause));
    assert.doesNotMatch(cause.message, /\n/);
    return cause.message;
  }
  return assert.fail(`was taken: ${text}`);
};

t.test('a list of addresses, as texts or objects, bare or under `agents`, in YAML or JSON', async (t) => {
  const wanted = ['10.0.0.1:7117', '[fd00::1]:7117', 'unix:/run/a.sock'];
  const yaml = '# all of them\n- 10.0.0.1:7117\n- address: "[FD00:0::1]:07117"\n  rack: 4\n- unix:/run/a.sock\n';
  t.strictSame(parseAgentsFile(yaml), wanted);
  t.strictSame(parseAgentsFile(`agents:\n${yaml.replaceAll(/^/gm, '  ')}\nother: true\n`), wanted);
  t.strictSame(parseAgentsFile(JSON.stringify({ agents: wanted })), wanted);
  t.strictSame(parseAgentsFile(JSON.stringify(wanted.map((address) => ({ address })))), wanted);
  t.strictSame(parseAgentsFile('a: &a 10.0.0.1:7117\nagents:\n- *a\n'), ['10.0.0.1:7117']);
  t.strictSame(parseAgentsFile('[]'), []);
});

t.test('what is wrong is said with its line', async (t) => {
  t.equal(
    problemOf('- 10.0.0.1:7117\n- 10.0.0.2\n'),
    'line 2: "10.0.0.2" is not an agent address; give HOST:PORT (10.0.0.1:7117, or "[fd00::1]:7117" in quotes) or unix:PATH',
  );
  t.match(problemOf('- 10.0.0.1:7117\n- name: x\n'), /^line 2: an agent without an address; /);
  t.match(problemOf('- 10.0.0.1:7117\n- [::1]:7117\n'), /^line 2: /);
  t.match(problemOf('- 10.0.0.1:7117\n\n- "unclosed\n'), /^line \d: this is neither YAML nor JSON: /);
  t.match(problemOf('{"agents": [\n"10.0.0.1:7117",\n}'), /^line [23]: this is neither YAML nor JSON: /);
  t.match(problemOf(''), /^line 1: there is no list of agents; write \[\] for none/);
  t.match(problemOf('agent:\n- 10.0.0.1:7117\n'), /^line 1: there is no list of agents/);
  t.match(problemOf('- 10.0.0.1:0\n'), /^line 1: "10\.0\.0\.1:0" is not an agent address/);
  t.match(problemOf('- "10.0.0.1\\e[2J:7117"\n'), /^line 1: "10\.0\.0\.1\\u\{1b\}\[2J:7117" is not an agent address/);
});

t.test('a file that is made to grow is refused, and so is one that names too many', async (t) => {
  const levels = Array.from({ length: 12 }, (_, at) => `l${at + 1}: &l${at + 1} [${Array(10).fill(`*l${at}`).join()}]`);
  t.match(problemOf(`l0: &l0 10.0.0.1:7117\n${levels.join('\n')}\nagents: *l12\n`), /^line 12: an agent without an address/);
  t.match(problemOf('agents:\n- &a *a\n'), /^line \d: /);
  t.match(problemOf(`a: &a 10.0.0.1:7117\nagents:\n${'- *a\n'.repeat(200)}`), /more than 100 aliases/);
  t.match(problemOf('- 10.0.0.1:7117\n'.repeat(10_001)), /^line 1: 10001 agents, and 10000 is the most/);
});

t.test('whatever is in the file, it is a list of addresses or one line that says why not', async () => {
  const pieces = fc.constantFrom(
    '- ',
    '10.0.0.1:7117',
    'agents:',
    '\n',
    '  ',
    '{',
    '}',
    '[',
    ']',
    '"',
    '*a',
    '&a',
    ': ',
    '!!map',
    '\t',
    '? ',
    '|',
    'é',
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.array(pieces, { maxLength: 40 }).map((some) => some.join('')),
        fc.string({ unit: 'binary' }),
      ),
      (text) => {
        try {
          for (const address of parseAgentsFile(text)) assert.match(address, /^(unix:\/|.+:\d+$)/);
        } catch (cause) {
          assert.ok(cause instanceof AgentsFileError, String(cause));
          assert.doesNotMatch(cause.message, /[\p{Cc}\p{Zl}]/u);
        }
      },
    ),
    { numRuns: 300 },
  );
});

t.test('a file is read again when it was written to, replaced by a rename, or its link leads elsewhere', async (t) => {
  const path = join(folder(t), 'agents.yml');
  writeFileSync(path, '- a:1\n');
  const followed = follow(t, fileSource(path, FAST_CLOCK));
  await eventually('it is read', () => followed.addresses?.join() === 'a:1');
  t.strictSame(followed.targets, [{ address: 'a:1', source: `file ${path}` }]);
  writeFileSync(path, '- b:1\n');
  await eventually('it is read again', () => followed.addresses?.join() === 'b:1');
  writeFileSync(`${path}.new`, '- c:1\n');
  renameSync(`${path}.new`, path);
  await eventually('the one that replaced it is read', () => followed.addresses?.join() === 'c:1');
  const told = followed.told;
  await new Promise((resolve) => setTimeout(resolve, 200));
  t.equal(followed.told, told, 'what did not change is not read again');
  // As Kubernetes and Docker hand out configuration.
  const [one, two] = [`${path}.1`, `${path}.2`];
  writeFileSync(one, '- d:1\n');
  writeFileSync(two, '- e:1\n');
  unlinkSync(path);
  symlinkSync(one, path);
  await eventually('the link is followed', () => followed.addresses?.join() === 'd:1');
  symlinkSync(two, `${path}.link`);
  renameSync(`${path}.link`, path);
  await eventually('the other link is followed', () => followed.addresses?.join() === 'e:1');
  t.equal(followed.problem, undefined);
});

t.test(
  'a file that is broken, missing or no file is a problem, and what it named last stays until it is good again',
  async (t) => {
    const path = join(folder(t), 'agents.yml');
    writeFileSync(path, '- a:1\n');
    const followed = follow(t, fileSource(path, FAST_CLOCK));
    await eventually('it is read', () => followed.addresses?.join() === 'a:1');
    writeFileSync(path, '- a:1\n- b\n');
    await eventually('it is broken', () => followed.problem?.startsWith('line 2: "b" is not an agent address') === true);
    unlinkSync(path);
    await eventually('it is missing', () => followed.problem?.startsWith('there is no such file') === true);
    execFileSync('mkfifo', [path]);
    await eventually('it is a pipe', () => followed.problem === 'cannot be read: it is not a file');
    unlinkSync(path);
    mkdirSync(path);
    await eventually('it is a folder', () => /cannot be read: it is not a file/.test(followed.problem ?? ''));
    t.strictSame(followed.addresses, ['a:1']);
    rmSync(path, { recursive: true });
    writeFileSync(path, Buffer.alloc(9 * 1024 * 1024, ' '));
    await eventually('it is too large', () => /and 8388608 is the most/.test(followed.problem ?? ''));
    writeFileSync(path, '- c:1\n');
    await eventually('it is good again', () => followed.addresses?.join() === 'c:1' && followed.problem === undefined);
    followed.close();
    writeFileSync(path, '- d:1\n');
    await new Promise((resolve) => setTimeout(resolve, 200));
    t.strictSame(followed.addresses, ['c:1']);
  },
);
