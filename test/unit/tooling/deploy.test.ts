import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { ROOT } from '../../support/root.js';

const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

const FIVE = ['DAC_READ_SEARCH', 'NET_ADMIN', 'NET_BROADCAST', 'SYS_ADMIN', 'SYS_PTRACE'];

/** Everything after a line that begins with `start`, up to the next one that is indented as little. */
function block(text: string, start: string): string {
  const [, rest = ''] = text.split(`\n${start}\n`);
  const indent = /^ */.exec(start)?.[0].length ?? 0;
  return rest.split(new RegExp(`^ {0,${indent}}(?=\\S)`, 'm'))[0] ?? '';
}

t.test('what is in deploy/', async (t) => {
  t.test('gives an agent the same five capabilities everywhere', async (t) => {
    const stack = block(read('deploy/stack.yml'), '  agent:');
    t.strictSame([...stack.matchAll(/^ {6}- ([A-Z_]+)$/gm)].map(([, name]) => name).sort(), FIVE);
    t.match(stack, /^ {4}cap_drop: \[ALL\]$/m);
    const bounding = /^CapabilityBoundingSet=(.*)$/m.exec(read('deploy/systemd/nsatlas-agent.service'))?.[1]?.split(' ') ?? [];
    t.strictSame(bounding.map((name) => name.replace(/^CAP_/, '')).sort(), FIVE);
    t.strictSame([...read('deploy/README.md').matchAll(/--cap-add ([A-Z_]+)/g)].map(([, name]) => name).sort(), FIVE);
    const documented = [...read('docs/capabilities.md').matchAll(/^\| `CAP_([A-Z_]+)` \| `/gm)].map(([, name]) => name);
    t.strictSame(documented.sort(), FIVE);
  });

  t.test('gives a collector none, and a user that is not root', async (t) => {
    const stack = block(read('deploy/stack.yml'), '  collector:');
    t.match(stack, /^ {4}cap_drop: \[ALL\]$/m);
    t.notMatch(stack, /cap_add/);
    t.match(stack, /^ {4}user: "65532:/m);
    t.match(read('deploy/systemd/nsatlas-collector.service'), /^CapabilityBoundingSet=$/m);
    t.match(read('deploy/systemd/nsatlas-collector.service'), /^DynamicUser=yes$/m);
  });

  t.test('binds the folder of the namespaces so that what goes on the host goes here', async (t) => {
    t.match(block(read('deploy/stack.yml'), '  agent:'), /source: \/run\/docker\/netns.*propagation: rslave/);
    t.notMatch(read('deploy/systemd/nsatlas-agent.service'), /^(MountFlags=|PrivateMounts=|ProtectProc=|ProcSubset=)/m);
  });
});
