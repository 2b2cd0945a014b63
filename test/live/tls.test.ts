import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { createServer } from 'node:tls';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { makeCertificates, makeLeaf } from '../support/certificates.js';
import { eventually } from '../support/hygiene.js';
import { curl, serve } from './agent-rig.js';
import { fakeNetns, fakeSnapshot } from '../unit/agent/fake-host.js';
import { clientOf, curlTls, handshake, serveTls } from './tls-rig.js';

test('a client with a certificate of the CA is served: ours, and a foreign one', async (t) => {
  const certificates = makeCertificates(t);
  const { address } = await serveTls(t, certificates);
  for (const pair of [certificates.people, certificates.node]) {
    const { items } = await clientOf(t, address, { ca: certificates.ca, ...pair }).list('netns', {});
    assert.equal(items.length, 1);
    const said = await curlTls(address, certificates, pair);
    assert.equal(said.status, 0, said.stderr);
    assert.match(said.stdout, /"net:\[1\]"/);
  }
});

test('the name of the server is what its certificate is for, or what the client says', async (t) => {
  const certificates = makeCertificates(t, []);
  const { address } = await serveTls(t, certificates);
  await assert.rejects(clientOf(t, address, certificates.client).list('netns', {}), {
    message:
      `cannot reach the agent at ${address}: its certificate is for 'nsatlas-node', 'agent.nsatlas', 'collector.nsatlas', ` +
      'not for 127.0.0.1; if it is the right one, give --tls-server-name nsatlas-node',
  });
  const named = clientOf(t, address, { ...certificates.client, serverName: 'agent.nsatlas' });
  assert.equal((await named.list('netns', {})).items.length, 1);
  const said = await curlTls(address, certificates, certificates.people, ['--servername', 'agent.nsatlas']);
  assert.equal(said.status, 0, said.stderr);
});

test('a client without a certificate is told that it needs one, and so is the log', async (t) => {
  const certificates = makeCertificates(t);
  const { address, log, source } = await serveTls(t, certificates);
  const wanted = /no client certificate was given, and this server wants one \(nsatlas: --tls-cert and --tls-key/;
  await assert.rejects(clientOf(t, address, { ca: certificates.ca }).list('netns', {}), {
    code: 'ERR_NSATLAS_AGENT_REFUSED',
    message: wanted,
  });
  const said = await curlTls(address, certificates);
  assert.notEqual(said.status, 0);
  assert.match(said.stderr, wanted);
  const lines = JSON.stringify(log.lines.filter(({ message }) => message === 'a client was refused'));
  assert.match(lines, wanted);
  assert.match(lines, /"peer":"127\.0\.0\.1:\d+"/);
  assert.equal(source.reads.length, 0);
});

for (const { what, leaf, wanted } of [
  { what: 'that has expired', leaf: { days: -1 }, wanted: /the client certificate of 'odd'.* expired on 20\d\d-\d\d-\d\dT/ },
  { what: 'made for servers only', leaf: { usage: 'serverAuth' }, wanted: /'odd'.* is not made for clients/ },
]) {
  test(`a client with a certificate ${what} is told so, and so is the log`, async (t) => {
    const certificates = makeCertificates(t);
    const odd = makeLeaf(certificates, 'odd', leaf);
    const { address, log, source } = await serveTls(t, certificates);
    await assert.rejects(clientOf(t, address, { ca: certificates.ca, ...odd }).list('netns', {}), { message: wanted });
    const said = await curlTls(address, certificates, odd);
    assert.notEqual(said.status, 0);
    assert.match(said.stderr, wanted);
    assert.match(JSON.stringify(log.lines.map(({ fields }) => fields)), wanted);
    assert.equal(source.reads.length, 0);
  });
}

test('a client with a certificate of another CA is told so, and so is the log', async (t) => {
  const [certificates, others] = [makeCertificates(t), makeCertificates(t)];
  const { address, log, source } = await serveTls(t, certificates);
  const wanted = /the client certificate of 'nsatlas-people' is signed by no CA that this server trusts/;
  await assert.rejects(clientOf(t, address, { ca: certificates.ca, ...others.people }).list('netns', {}), { message: wanted });
  const said = await curlTls(address, certificates, others.people);
  assert.notEqual(said.status, 0);
  assert.match(said.stderr, wanted);
  assert.match(JSON.stringify(log.lines.map(({ fields }) => fields)), wanted);
  assert.equal(source.reads.length, 0);
});

test('a client says of a server’s certificate what is wrong with it', async (t) => {
  const [certificates, others] = [makeCertificates(t), makeCertificates(t)];
  const { address } = await serveTls(t, certificates);
  await assert.rejects(clientOf(t, address, { ...certificates.client, ca: others.ca }).list('netns', {}), {
    code: 'ERR_NSATLAS_AGENT_UNREACHABLE',
    message: `cannot reach the agent at ${address}: its certificate is signed by no CA of ${others.ca} (--tls-ca)`,
  });
  const old = await serveTls(t, {
    ...certificates,
    server: { ca: certificates.ca, ...makeLeaf(certificates, 'old', { days: -1 }) },
  });
  assert.match(JSON.stringify(old.log.lines), /old\.pem.*a certificate has expired/);
  await assert.rejects(clientOf(t, old.address, certificates.client).list('netns', {}), {
    message: /its certificate expired on 20/,
  });
  const wrong = { ca: certificates.ca, ...makeLeaf(certificates, 'wrong', { usage: 'clientAuth' }) };
  const purpose = await serveTls(t, { ...certificates, server: wrong });
  await assert.rejects(clientOf(t, purpose.address, certificates.client).list('netns', {}), { message: /not made for servers/ });
});

test('with a list of names, only clients that have one of them are served', async (t) => {
  const certificates = makeCertificates(t);
  const { address, log } = await serveTls(t, certificates, {
    tls: { ...certificates.server, allow: ['collector.nsatlas', 'ann'] },
  });
  const as = (pair: { cert: string; key: string }) => clientOf(t, address, { ca: certificates.ca, ...pair }).list('netns', {});
  assert.equal((await as(certificates.node)).items.length, 1);
  assert.equal((await as(makeLeaf(certificates, 'a', { name: 'ann', alternatives: ['DNS.1=x'] }))).items.length, 1);
  const wanted = /refused this client: the client certificate of 'nsatlas-people' is not on this server's list/;
  await assert.rejects(as(certificates.people), { code: 'ERR_NSATLAS_AGENT_REFUSED', message: wanted });
  assert.match(JSON.stringify(log.lines), /nsatlas-people.*is not on this server's list/);
  // Names that are not DNS names do not become some by the way they are written.
  const sly = makeLeaf(certificates, 'b', {
    name: 'x',
    alternatives: ['URI.1=http://x/, DNS:collector.nsatlas', 'DNS.1=ann.example'],
  });
  await assert.rejects(as(sly), { message: /not on this server's list/ });
});

test('TLS 1.2 is refused, and so is what does not speak HTTP/2; the log says who', async (t) => {
  const certificates = makeCertificates(t);
  const { address, log } = await serveTls(t, certificates);
  const told = (pattern: RegExp) => eventually(`${pattern}`, () => log.lines.some(({ message }) => pattern.test(message)));
  assert.match(await handshake(t, address, { maxVersion: 'TLSv1.2' }), /ALERT_PROTOCOL_VERSION/);
  await told(/does not speak TLS 1\.3/);
  const own = { cert: readFileSync(certificates.people.cert), key: readFileSync(certificates.people.key) };
  assert.match(await handshake(t, address, { ...own, ALPNProtocols: ['http/1.1'] }), /NO_APPLICATION_PROTOCOL/);
  await told(/does not speak HTTP\/2/);
  const silent = await handshake(t, address, { ...own });
  assert.ok(silent === 'secure' || silent === 'closed', silent);
  await told(/did not say in TLS that it speaks HTTP\/2/);
  assert.equal(log.lines.filter(({ level }) => level === 'error').length, 0);
});

test('a plain client is told to speak TLS, and a TLS client that the other end does not', async (t) => {
  const certificates = makeCertificates(t);
  const { address, log } = await serveTls(t, certificates);
  await assert.rejects(clientOf(t, address).list('netns', {}), {
    message: `cannot reach the agent at ${address}: it speaks TLS: give --tls-ca, --tls-cert and --tls-key`,
  });
  assert.match(JSON.stringify(log.lines), /a client spoke plain text where TLS is spoken/);
  const plain = await serve(t, () => fakeSnapshot([fakeNetns(1)]));
  await assert.rejects(clientOf(t, plain.address, certificates.client).list('netns', {}), {
    message: `cannot reach the agent at ${plain.address}: it does not speak TLS; leave the --tls flags away to ask it in plain text`,
  });
});

test('a client understands the alerts of a server of another make', async (t) => {
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
  await assert.rejects(clientOf(t, `127.0.0.1:${port}`, { ca }).list('netns', {}), {
    message: `cannot reach the agent at 127.0.0.1:${port}: it wants a client certificate: give --tls-cert and --tls-key`,
  });
});

test('a unix socket stays plain beside an address with TLS', async (t) => {
  const certificates = makeCertificates(t);
  const path = `unix:${certificates.folder}/s`;
  const { agent } = await serveTls(t, certificates, { listen: [path, '127.0.0.1:0'] });
  assert.equal((await clientOf(t, path, certificates.client).list('netns', {})).items.length, 1);
  assert.equal((await clientOf(t, agent.addresses[1] ?? '', certificates.client).list('netns', {})).items.length, 1);
  const said = await curl(path, '/nsatlas.v1.Agent/ListNetns', ['-d', '{}']);
  assert.equal(said.status, 0, said.stderr);
});

test('refusals do not keep a server from stopping, nor do handshakes that go no further', async (t) => {
  const certificates = makeCertificates(t);
  const { address, agent } = await serveTls(t, certificates);
  const [host = '', port = ''] = address.split(':');
  const silent = connect(Number(port), host);
  t.after(() => silent.destroy());
  await once(silent, 'connect');
  assert.equal(await handshake(t, address, { ALPNProtocols: ['h2'] }), 'secure');
  const begun = performance.now();
  await agent.drain(20_000);
  assert.ok(performance.now() - begun < 10_000);
});
