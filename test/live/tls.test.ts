import { once } from 'node:events';
import { connect } from 'node:net';
import { createServer } from 'node:tls';
import { readFileSync } from 'node:fs';
import t from 'tap';
import { makeCertificates, makeLeaf } from '../support/certificates.js';
import { eventually } from '../support/hygiene.js';
import { curl, serve } from './agent-rig.js';
import { fakeNetns, fakeSnapshot } from '../unit/agent/fake-host.js';
import { clientOf, curlTls, handshake, serveTls } from './tls-rig.js';
import { exactly } from '../support/exactly.js';

t.setTimeout(0);

t.test('a client with a certificate of the CA is served: ours, and a foreign one', async (t) => {
  const certificates = makeCertificates(t);
  const { address } = await serveTls(t, certificates);
  for (const pair of [certificates.people, certificates.node]) {
    const { items } = await clientOf(t, address, { ca: certificates.ca, ...pair }).list('netns', {});
    t.equal(items.length, 1);
    const said = await curlTls(address, certificates, pair);
    t.equal(said.status, 0, said.stderr);
    t.match(said.stdout, /"net:\[1\]"/);
  }
});

t.test('the name of the server is what its certificate is for, or what the client says', async (t) => {
  const certificates = makeCertificates(t, []);
  const { address } = await serveTls(t, certificates);
  await t.rejects(clientOf(t, address, certificates.client).list('netns', {}), {
    message: exactly(
      `cannot reach the agent at ${address}: its certificate is for 'nsatlas-node', 'agent.nsatlas', 'collector.nsatlas', ` +
        'not for 127.0.0.1; if it is the right one, give --tls-server-name nsatlas-node',
    ),
  });
  const named = clientOf(t, address, { ...certificates.client, serverName: 'agent.nsatlas' });
  t.equal((await named.list('netns', {})).items.length, 1);
  const said = await curlTls(address, certificates, certificates.people, ['--servername', 'agent.nsatlas']);
  t.equal(said.status, 0, said.stderr);
});

t.test('a client without a certificate is told that it needs one, and so is the log', async (t) => {
  const certificates = makeCertificates(t);
  const { address, log, source } = await serveTls(t, certificates);
  const wanted = /no client certificate was given, and this server requires one \(nsatlas: --tls-cert and --tls-key/;
  await t.rejects(clientOf(t, address, { ca: certificates.ca }).list('netns', {}), {
    code: 'ERR_NSATLAS_AGENT_REFUSED',
    message: wanted,
  });
  const said = await curlTls(address, certificates);
  t.not(said.status, 0);
  t.match(said.stderr, wanted);
  const lines = JSON.stringify(log.lines.filter(({ message }) => message === 'a client was refused'));
  t.match(lines, wanted);
  t.match(lines, /"peer":"127\.0\.0\.1:\d+"/);
  t.equal(source.reads.length, 0);
});

for (const { what, leaf, wanted } of [
  { what: 'that has expired', leaf: { days: -1 }, wanted: /the client certificate of 'odd'.* expired on 20\d\d-\d\d-\d\dT/ },
  { what: 'made for servers only', leaf: { usage: 'serverAuth' }, wanted: /'odd'.* is not made for clients/ },
]) {
  t.test(`a client with a certificate ${what} is told so, and so is the log`, async (t) => {
    const certificates = makeCertificates(t);
    const odd = makeLeaf(certificates, 'odd', leaf);
    const { address, log, source } = await serveTls(t, certificates);
    await t.rejects(clientOf(t, address, { ca: certificates.ca, ...odd }).list('netns', {}), { message: wanted });
    const said = await curlTls(address, certificates, odd);
    t.not(said.status, 0);
    t.match(said.stderr, wanted);
    t.match(JSON.stringify(log.lines.map(({ fields }) => fields)), wanted);
    t.equal(source.reads.length, 0);
  });
}

t.test('a client with a certificate of another CA is told so, and so is the log', async (t) => {
  const [certificates, others] = [makeCertificates(t), makeCertificates(t)];
  const { address, log, source } = await serveTls(t, certificates);
  const wanted = /the client certificate of 'nsatlas-people' is signed by no CA that this server trusts/;
  await t.rejects(clientOf(t, address, { ca: certificates.ca, ...others.people }).list('netns', {}), { message: wanted });
  const said = await curlTls(address, certificates, others.people);
  t.not(said.status, 0);
  t.match(said.stderr, wanted);
  t.match(JSON.stringify(log.lines.map(({ fields }) => fields)), wanted);
  t.equal(source.reads.length, 0);
});

t.test('a client says of a server’s certificate what is wrong with it', async (t) => {
  const [certificates, others] = [makeCertificates(t), makeCertificates(t)];
  const { address } = await serveTls(t, certificates);
  await t.rejects(clientOf(t, address, { ...certificates.client, ca: others.ca }).list('netns', {}), {
    code: 'ERR_NSATLAS_AGENT_UNREACHABLE',
    message: exactly(`cannot reach the agent at ${address}: its certificate is signed by no CA of ${others.ca} (--tls-ca)`),
  });
  const old = await serveTls(t, {
    ...certificates,
    server: { ca: certificates.ca, ...makeLeaf(certificates, 'old', { days: -1 }) },
  });
  t.match(JSON.stringify(old.log.lines), /old\.pem.*a certificate has expired/);
  await t.rejects(clientOf(t, old.address, certificates.client).list('netns', {}), {
    message: /its certificate expired on 20/,
  });
  const wrong = { ca: certificates.ca, ...makeLeaf(certificates, 'wrong', { usage: 'clientAuth' }) };
  const purpose = await serveTls(t, { ...certificates, server: wrong });
  await t.rejects(clientOf(t, purpose.address, certificates.client).list('netns', {}), { message: /not made for servers/ });
});

t.test('with a list of names, only clients that have one of them are served', async (t) => {
  const certificates = makeCertificates(t);
  const { address, log } = await serveTls(t, certificates, {
    tls: { ...certificates.server, allow: ['collector.nsatlas', 'ann'] },
  });
  const as = (pair: { cert: string; key: string }) => clientOf(t, address, { ca: certificates.ca, ...pair }).list('netns', {});
  t.equal((await as(certificates.node)).items.length, 1);
  t.equal((await as(makeLeaf(certificates, 'a', { name: 'ann', alternatives: ['DNS.1=x'] }))).items.length, 1);
  const wanted = /refused this client: the client certificate of 'nsatlas-people' is not on this server's list/;
  await t.rejects(as(certificates.people), { code: 'ERR_NSATLAS_AGENT_REFUSED', message: wanted });
  t.match(JSON.stringify(log.lines), /nsatlas-people.*is not on this server's list/);
  // Names that are not DNS names do not become some by the way they are written.
  const sly = makeLeaf(certificates, 'b', {
    name: 'x',
    alternatives: ['URI.1=http://x/, DNS:collector.nsatlas', 'DNS.1=ann.example'],
  });
  await t.rejects(as(sly), { message: /not on this server's list/ });
});

t.test('TLS 1.2 is refused, and so is what does not speak HTTP/2; the log says who', async (t) => {
  const certificates = makeCertificates(t);
  const { address, log } = await serveTls(t, certificates);
  const told = (pattern: RegExp) => eventually(`${pattern}`, () => log.lines.some(({ message }) => pattern.test(message)));
  t.match(await handshake(t, address, { maxVersion: 'TLSv1.2' }), /ALERT_PROTOCOL_VERSION/);
  await told(/does not speak TLS 1\.3/);
  const own = { cert: readFileSync(certificates.people.cert), key: readFileSync(certificates.people.key) };
  t.match(await handshake(t, address, { ...own, ALPNProtocols: ['http/1.1'] }), /NO_APPLICATION_PROTOCOL/);
  await told(/does not speak HTTP\/2/);
  const silent = await handshake(t, address, { ...own });
  t.ok(silent === 'secure' || silent === 'closed', silent);
  await told(/did not say in TLS that it speaks HTTP\/2/);
  t.equal(log.lines.filter(({ level }) => level === 'error').length, 0);
});

t.test('a plain client is told to speak TLS, and a TLS client that the other end does not', async (t) => {
  const certificates = makeCertificates(t);
  const { address, log } = await serveTls(t, certificates);
  await t.rejects(clientOf(t, address).list('netns', {}), {
    message: exactly(`cannot reach the agent at ${address}: it speaks TLS: give --tls-ca, --tls-cert and --tls-key`),
  });
  t.match(JSON.stringify(log.lines), /a client spoke plain text where TLS is spoken/);
  const plain = await serve(t, () => fakeSnapshot([fakeNetns(1)]));
  await t.rejects(clientOf(t, plain.address, certificates.client).list('netns', {}), {
    message: exactly(`cannot reach the agent at ${plain.address}: it does not speak TLS; omit the --tls flags to use plain text`),
  });
});

t.test('a client understands the alerts of a server of another make', async (t) => {
  const certificates = makeCertificates(t);
  const { cert, key, ca } = certificates.server;
  const [certPem, keyPem, caPem] = [readFileSync(cert), readFileSync(key), readFileSync(ca)];
  const context = { cert: certPem, key: keyPem, ca: caPem };
  const server = createServer({ ...context, ALPNProtocols: ['h2'], requestCert: true, rejectUnauthorized: true });
  t.after(() => server.close());
  server.on('tlsClientError', () => undefined);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  await t.rejects(clientOf(t, `127.0.0.1:${port}`, { ca }).list('netns', {}), {
    message: exactly(
      `cannot reach the agent at 127.0.0.1:${port}: it requires a client certificate: give --tls-cert and --tls-key`,
    ),
  });
});

t.test('a unix socket stays plain beside an address with TLS', async (t) => {
  const certificates = makeCertificates(t);
  const path = `unix:${certificates.folder}/s`;
  const { agent } = await serveTls(t, certificates, { listen: [path, '127.0.0.1:0'] });
  t.equal((await clientOf(t, path, certificates.client).list('netns', {})).items.length, 1);
  t.equal((await clientOf(t, agent.addresses[1] ?? '', certificates.client).list('netns', {})).items.length, 1);
  const said = await curl(path, '/nsatlas.v1.Agent/ListNetns', ['-d', '{}']);
  t.equal(said.status, 0, said.stderr);
});

t.test('refusals do not keep a server from stopping, nor do handshakes that go no further', async (t) => {
  const certificates = makeCertificates(t);
  const { address, agent } = await serveTls(t, certificates);
  const [host = '', port = ''] = address.split(':');
  const silent = connect(Number(port), host);
  t.after(() => silent.destroy());
  await once(silent, 'connect');
  t.equal(await handshake(t, address, { ALPNProtocols: ['h2'] }), 'secure');
  const begun = performance.now();
  await agent.drain(20_000);
  t.ok(performance.now() - begun < 10_000);
});
