import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { ROOT } from '../../support/root.js';

const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

const FIVE = ['DAC_READ_SEARCH', 'NET_ADMIN', 'NET_BROADCAST', 'SYS_ADMIN', 'SYS_PTRACE'];

/** Everything after a line that begins with `start`, up to the next one that is indented as little. */
function block(text: string, start: string): string {
  const [, rest = ''] = text.split(`\n${start}\n`);
  const indent = /^ */.exec(start)?.[0].length ?? 0;
  return rest.split(new RegExp(`^ {0,${indent}}(?=\\S)`, 'm'))[0] ?? '';
}

describe('what is in deploy/', () => {
  it('gives an agent the same five capabilities everywhere', () => {
    const stack = block(read('deploy/stack.yml'), '  agent:');
    assert.deepEqual([...stack.matchAll(/^ {6}- ([A-Z_]+)$/gm)].map(([, name]) => name).sort(), FIVE);
    assert.match(stack, /^ {4}cap_drop: \[ALL\]$/m);
    const bounding = /^CapabilityBoundingSet=(.*)$/m.exec(read('deploy/systemd/nsatlas-agent.service'))?.[1]?.split(' ') ?? [];
    assert.deepEqual(bounding.map((name) => name.replace(/^CAP_/, '')).sort(), FIVE);
    assert.deepEqual([...read('deploy/README.md').matchAll(/--cap-add ([A-Z_]+)/g)].map(([, name]) => name).sort(), FIVE);
    const documented = [...read('docs/capabilities.md').matchAll(/^\| `CAP_([A-Z_]+)` \| `/gm)].map(([, name]) => name);
    assert.deepEqual(documented.sort(), FIVE);
  });

  it('gives a collector none, and a user that is not root', () => {
    const stack = block(read('deploy/stack.yml'), '  collector:');
    assert.match(stack, /^ {4}cap_drop: \[ALL\]$/m);
    assert.doesNotMatch(stack, /cap_add/);
    assert.match(stack, /^ {4}user: "65532:/m);
    assert.match(read('deploy/systemd/nsatlas-collector.service'), /^CapabilityBoundingSet=$/m);
    assert.match(read('deploy/systemd/nsatlas-collector.service'), /^DynamicUser=yes$/m);
  });

  it('binds the folder of the namespaces so that what goes on the host goes here', () => {
    assert.match(block(read('deploy/stack.yml'), '  agent:'), /source: \/run\/docker\/netns.*propagation: rslave/);
    assert.doesNotMatch(read('deploy/systemd/nsatlas-agent.service'), /^(MountFlags=|PrivateMounts=|ProtectProc=|ProcSubset=)/m);
  });
});
