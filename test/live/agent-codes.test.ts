// Codes of errors from an agent to whoever reads them: the command line, a foreign client, a collector's list of hosts and its log.
import { spawn } from 'node:child_process';
import t from 'tap';
import { makeCertificates } from '../support/certificates.js';
import { items, NSATLAS, nsatlasAsync } from '../support/cli.js';
import { fakeNetns, fakeSnapshot } from '../unit/agent/fake-host.js';
import { curl, scratch, serve } from './agent-rig.js';

t.setTimeout(0);

const one = () => fakeSnapshot([fakeNetns(1)]);

t.test('a command that an agent refuses ends with status 1, one line, and the codes of both sides', async (t) => {
  const { address, client } = await serve(t, one);
  const refused = await nsatlasAsync(['interfaces', '--agent', address, '--netns', 'net:[x]']);
  t.strictSame([refused.status, refused.stdout], [1, '']);
  t.match(
    refused.stderr,
    /^nsatlas: the agent at \S+ refused the request: selector\.netns\[0\]: .* \[ERR_NSATLAS_AGENT_REFUSED, ERR_NSATLAS_REQUEST\]\n$/,
  );
  await t.rejects(client.snapshot({ hosts: ['another'] }, []), {
    code: 'ERR_NSATLAS_AGENT_REFUSED',
    serverCode: 'ERR_NSATLAS_OTHER_HOST',
    message: /refused the request: this is the agent of host /,
  });
});

t.test('a namespace that the agent does not know is an empty answer, and no error', async (t) => {
  const { address } = await serve(t, one);
  const unknown = await nsatlasAsync(['interfaces', '-o', 'json', '--agent', address, '--netns', 'net:[4026539999]']);
  t.strictSame([unknown.status, unknown.stderr, items(unknown).items], [0, '', []]);
});

t.test('where no agent is, and where the host cannot be read, a script sees which', async (t) => {
  const nobody = await nsatlasAsync(['netns', '--agent', '127.0.0.1:1']);
  t.match(nobody.stderr, /connection refused; is `nsatlas agent` running\? \[ERR_NSATLAS_AGENT_UNREACHABLE\]\n$/);
  const { address, log, client } = await serve(t, () => {
    throw new Error('no /proc');
  });
  const failed = await nsatlasAsync(['netns', '--agent', address]);
  t.match(failed.stderr, /could not be read: no \/proc \[ERR_NSATLAS_AGENT_FAILED, ERR_NSATLAS_READ\]\n$/);
  t.ok(log.lines.some(({ fields }) => (fields as { code?: string }).code === 'ERR_NSATLAS_READ'));
  t.strictSame(
    (await client.status()).gaps.map(({ operation, code }) => [operation, code]),
    [['read', 'ERR_NSATLAS_READ']],
  );
});

t.test('a foreign client sees the code in the trailing metadata', async (t) => {
  const { address } = await serve(t, one);
  const said = await curl(address, '/nsatlas.v1.Agent/ListNetns', ['-v', '-d', '{"selector":{"vnis":[16777216]}}']);
  t.match(said.stderr, /nsatlas-code: ERR_NSATLAS_REQUEST/i);
  t.match(said.stderr, /invalid_argument/);
});

t.test('a collector that an agent refuses has the agent’s code in its hosts and in gaps', async (t) => {
  const { ca, node } = makeCertificates(t);
  const { address } = await serve(t, one, { tls: { ca, cert: node.cert, key: node.key, allow: ['somebody-else'] } });
  const listen = `unix:${scratch(t)}/collector.sock`;
  const own = ['--tls-cert', node.cert, '--tls-key', node.key, '--tls-ca', ca];
  const child = spawn(process.execPath, [NSATLAS, 'collector', '--listen', listen, '--agent', address, ...own], {
    stdio: 'ignore',
  });
  t.after(() => child.kill('SIGKILL'));
  const hosts = async () => {
    const said = await nsatlasAsync(['hosts', '-o', 'json', '--collector', listen]);
    return said.stdout === '' ? { items: [], gaps: [] } : items<{ problemCode?: string }>(said);
  };
  let seen = await hosts();
  for (let tries = 0; tries < 50 && seen.items[0]?.problemCode === undefined; tries++) seen = await hosts();
  t.equal(seen.items[0]?.problemCode, 'ERR_NSATLAS_NOT_ALLOWED');
  t.strictSame(
    seen.gaps.map(({ operation, code }) => [operation, code]),
    [['follow', 'ERR_NSATLAS_NOT_ALLOWED']],
  );
});
