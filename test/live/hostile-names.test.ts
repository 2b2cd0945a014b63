import assert from 'node:assert/strict';
import t from 'tap';
import { items, nsatlas } from '../support/cli.js';
import { Scratch } from '../support/netns.js';

t.setTimeout(0);

/** Interface names: at most 15 bytes, no slash, colon or blank (dev_valid_name(), net/core/dev.c). */
const NAMES: readonly Buffer[] = [
  Buffer.from('a"b\\c\'d'),
  Buffer.from('<script>'),
  Buffer.from('e\u001b[31mred'),
  Buffer.from('bell\u0007del\u007f'),
  Buffer.concat([Buffer.from('bad'), Buffer.from([0xff, 0xfe, 0x80])]),
  Buffer.from('c1\u009b2J'),
  Buffer.from('rtl\u202exe'),
  Buffer.from('{}$(id)`;|&'),
];

const ALIASES: readonly Buffer[] = [
  Buffer.from('alias "quoted" \\ <script>alert(1)</script>\u001b]0;title\u0007\n\r\tend'),
  Buffer.concat([Buffer.from('x'), Buffer.from([0xc3, 0x28, 0xa0])]),
];

/** Makes a link with a name of any bytes: argv of ip cannot carry them through Node. */
const MAKE = `
import os, socket, struct, sys
def attr(kind, data):
    size = 4 + len(data)
    return struct.pack('HH', size, kind) + data + b'\\0' * (-size % 4)
def request(flags, body):
    s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)
    s.send(struct.pack('IHHII', 16 + len(body), 16, 1 | 4 | flags, 1, 0) + body)
    error = struct.unpack('i', s.recv(4096)[16:20])[0]
    if error: raise OSError(-error, os.strerror(-error))
for line in sys.stdin:
    name, _, alias = line.rstrip('\\n').partition(' ')
    body = struct.pack('BxHiII', 0, 0, 0, 0, 0) + attr(3, bytes.fromhex(name) + b'\\0')
    request(0x400, body + attr(18, attr(1, b'bridge')))
    if alias: request(0, body + attr(20, bytes.fromhex(alias)))
`;

interface Link {
  readonly name: string;
  readonly nameBytes?: string;
  readonly alias?: string;
  readonly aliasBytes?: string;
}

t.test('hostile names', async (t) => {
  t.test('are valid JSON with nothing lost, and a clean terminal', async (t) => {
    const scratch = Scratch.create(t);
    const netns = scratch.netns();
    const lines = NAMES.map((name, at) => `${name.toString('hex')} ${ALIASES[at]?.toString('hex') ?? ''}`.trim());
    netns.exec(['python3', '-c', MAKE], `${lines.join('\n')}\n`);

    const json = nsatlas(['interfaces', '-o', 'json', '--netns-dir', scratch.dir, '--kind', 'bridge']);
    const links = items<Link>(json).items;
    const bytes = (text: string, raw: string | undefined): string =>
      (raw === undefined ? Buffer.from(text) : Buffer.from(raw, 'base64')).toString('hex');
    t.strictSame(
      links.map(({ name, nameBytes }) => bytes(name, nameBytes)),
      NAMES.map((name) => name.toString('hex')),
    );
    t.strictSame(
      links.slice(0, ALIASES.length).map(({ alias, aliasBytes }) => bytes(alias ?? '', aliasBytes)),
      ALIASES.map((alias) => alias.toString('hex')),
    );
    t.equal(links[4]?.name, 'bad\ufffd\ufffd\ufffd');
    assertClean(json.stdout);

    for (const command of ['interfaces', 'snapshot', 'netns', 'fdb', 'routes']) {
      const table = nsatlas([command, '--netns-dir', scratch.dir]);
      t.equal(table.status, 0, table.stderr);
      assertClean(table.stdout);
    }
    t.match(nsatlas(['interfaces', '--netns-dir', scratch.dir]).stdout, /e\\u\{1b\}\[31mred/);
  });

  t.test('of namespace files cannot write to the terminal either', async (t) => {
    const scratch = Scratch.create(t);
    scratch.netns('evil\u001b[2J\u202e"<b>');
    const table = nsatlas(['netns', '--netns-dir', scratch.dir]);
    assertClean(table.stdout);
    t.match(table.stdout, /evil\\u\{1b\}\[2J/);
    const [netns] = items<{ paths: string[] }>(nsatlas(['netns', '-o', 'json', '--netns-dir', scratch.dir])).items;
    t.ok(netns?.paths[0]?.endsWith('evil\u001b[2J\u202e"<b>'));
  });
});

/** Valid UTF-8 with no control but the newline, and nothing that hides or reorders. */
function assertClean(output: string): void {
  assert.doesNotMatch(output.replaceAll('\n', ''), /[\p{Cc}\p{Cf}\p{Cs}]/u);
}
