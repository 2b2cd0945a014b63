// TLS by the flags of the command line, against an agent that is a process of its own.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { NSATLAS, nsatlas } from '../support/cli.js';
import { makeCertificates, makeLeaf } from '../support/certificates.js';
import { Scratch } from '../support/netns.js';

t.setTimeout(0);

/** Starts `nsatlas agent`; resolves with its address and the log until it serves. */
async function startAgent(t: Test, args: readonly string[]): Promise<{ address: string; log: string[] }> {
  const child = spawn(process.execPath, [NSATLAS, 'agent', ...args], { stdio: ['ignore', 'inherit', 'pipe'] });
  t.after(() => child.kill('SIGKILL'));
  const log: string[] = [];
  for await (const line of createInterface({ input: child.stderr })) {
    log.push(line);
    const { msg, addresses } = JSON.parse(line) as { msg: string; addresses?: string[] };
    if (msg !== 'serving') continue;
    child.stderr.resume();
    return { address: addresses?.[0] ?? '', log };
  }
  throw new Error(`the agent ended: ${log.join('\n')}`);
}

t.test(
  'an agent with certificates serves all addresses to whoever has one, and the environment will do for the flags',
  async (t) => {
    const scratch = Scratch.create(t);
    scratch.netns();
    const { ca, node, people } = makeCertificates(t, []);
    const server = ['--tls-cert', node.cert, '--tls-key', node.key, '--tls-ca', ca];
    const { address } = await startAgent(t, ['--listen', '0.0.0.0:0', '--netns-dir', scratch.dir, ...server]);
    const reach = address.replace('0.0.0.0', '127.0.0.1');
    const own = ['--tls-cert', people.cert, '--tls-key', people.key, '--tls-ca', ca, '--tls-server-name', 'agent.nsatlas'];
    const asked = nsatlas(['netns', '-o', 'json', '--agent', reach, ...own]);
    t.equal(asked.status, 0, asked.stderr);
    t.equal((JSON.parse(asked.stdout) as { items: unknown[] }).items.length, 1);
    const watched = nsatlas(['watch', '--until-synced', '--agent', reach], [], {
      ...process.env,
      NSATLAS_TLS_CA: ca,
      NSATLAS_TLS_CERT: people.cert,
      NSATLAS_TLS_KEY: people.key,
      NSATLAS_TLS_SERVER_NAME: 'agent.nsatlas',
    });
    t.equal(watched.status, 0, watched.stderr);
    const plain = nsatlas(['netns', '--agent', reach]);
    t.equal(plain.status, 1);
    t.match(plain.stderr, /it speaks TLS: give --tls-ca, --tls-cert and --tls-key/);
    const bare = nsatlas(['netns', '--agent', reach, '--tls-ca', ca, '--tls-server-name', 'agent.nsatlas']);
    t.equal(bare.status, 1);
    t.match(bare.stderr, /refused this client: no client certificate was given/);
  },
);

t.test('in the open only when told so, and then with a warning', async (t) => {
  const scratch = Scratch.create(t);
  const { address, log } = await startAgent(t, ['--listen', '0.0.0.0:0', '--netns-dir', scratch.dir, '--insecure']);
  t.ok(log.some((line) => line.includes('serving in plain text (--insecure)')));
  const asked = nsatlas(['netns', '--agent', address.replace('0.0.0.0', '127.0.0.1')]);
  t.equal(asked.status, 0, asked.stderr);
});

t.test('flags that do not fit together are a mistake in usage, told in a line', async (t) => {
  const certificates = makeCertificates(t);
  const { ca, node, folder } = certificates;
  const other = makeLeaf(certificates, 'other');
  const [cert, key] = [node.cert, node.key];
  const mistakes: [string[], RegExp][] = [
    [['agent', '--tls-cert', cert], /needs a certificate, its key and the CAs of its clients: give --tls-key and --tls-ca, too/],
    [['agent', '--tls-allow', 'x'], /--tls-allow needs --tls-cert, --tls-key and --tls-ca/],
    [['agent', '--tls-cert', cert, '--tls-key', key, '--tls-ca', ca, '--insecure'], /--insecure and the --tls flags exclude/],
    [['agent', '--tls-cert', cert, '--tls-key', other.key, '--tls-ca', ca], /--tls-key: cannot use .*it is not the key/],
    [
      ['agent', '--tls-cert', cert, '--tls-key', key, '--tls-ca', join(folder, 'x')],
      /--tls-ca: cannot use .*there is no such file/,
    ],
    [['netns', '--agent', '127.0.0.1:1', '--tls-ca', ca, '--tls-cert', cert], /a certificate needs its key: give --tls-key, too/],
    [['netns', '--agent', '127.0.0.1:1', '--tls-cert', cert, '--tls-key', key], /give --tls-ca, too/],
    [['watch', '--agent', '127.0.0.1:1', '--tls-server-name', 'x'], /--tls-server-name needs --tls-ca/],
    [['netns', '--agent', '127.0.0.1:1', '--tls-ca', key], /--tls-ca: cannot use .*there is no certificate in it/],
  ];
  for (const [args, message] of mistakes) {
    const { status, stderr } = nsatlas(args);
    t.equal(status, 2, `${args.join(' ')}: ${stderr}`);
    t.match(stderr, message);
    t.equal(stderr.trim().split('\n').length, 1, stderr);
  }
});
