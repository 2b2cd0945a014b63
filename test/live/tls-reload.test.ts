import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { copyFileSync, mkdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { join } from 'node:path';
import { connect } from 'node:tls';
import t from 'tap';
import { type Certificates, makeCertificates, makeLeaf, type Pair, replacePair } from '../support/certificates.js';
import { eventually } from '../support/hygiene.js';
import { clientOf, serveTls } from './tls-rig.js';

t.setTimeout(0);

/** The certificate that a server shows, as clients see it who do not call. */
async function shownBy(address: string): Promise<string> {
  const [host = '', port = ''] = address.split(':');
  const socket = connect({ host, port: Number(port), rejectUnauthorized: false, ALPNProtocols: ['h2'] });
  socket.on('error', () => undefined);
  await once(socket, 'secureConnect');
  const { fingerprint256 } = socket.getPeerCertificate();
  socket.destroy();
  return fingerprint256;
}

const fingerprintOf = ({ cert }: Pair): string => new X509Certificate(readFileSync(cert)).fingerprint256;

async function shows(address: string, pair: Pair): Promise<void> {
  const wanted = fingerprintOf(pair);
  const end = performance.now() + 10_000;
  while ((await shownBy(address)) !== wanted) assert.ok(performance.now() < end, 'the server shows another certificate');
}

t.test('a server’s certificate that is replaced on disk is used without a restart, and connections live on', async (t) => {
  const certificates = makeCertificates(t);
  const { address, log } = await serveTls(t, certificates);
  const client = clientOf(t, address, certificates.client);
  await client.status();
  const next = makeLeaf(certificates, 'next');
  t.not(await shownBy(address), fingerprintOf(next));
  replacePair(certificates.node, next);
  await shows(address, next);
  t.equal((await client.list('netns', {})).items.length, 1);
  t.equal((await clientOf(t, address, certificates.client).list('netns', {})).items.length, 1);
  t.ok(log.lines.some(({ message }) => message === 'certificates were replaced'));
});

t.test('a certificate that is half written is told once, and the old one stays in use until it is whole', async (t) => {
  const certificates = makeCertificates(t);
  const { address, log } = await serveTls(t, certificates);
  const old = fingerprintOf(certificates.node);
  const next = makeLeaf(certificates, 'next');
  const told = (): string[] =>
    log.lines.filter(({ message }) => message.includes('cannot be used')).map(({ fields }) => JSON.stringify(fields));
  const whole = readFileSync(next.cert, 'utf8');
  writeFileSync(certificates.node.cert, whole.slice(0, 200));
  await eventually('half a certificate is told', () => told().length === 1);
  writeFileSync(certificates.node.cert, whole);
  await eventually('a certificate without its key is told', () => told().length === 2);
  t.match(told()[1] ?? '', /node-key\.pem for TLS: it is not the key of the certificate in .*node\.pem/);
  t.equal(await shownBy(address), old);
  t.equal((await clientOf(t, address, certificates.client).list('netns', {})).items.length, 1);
  copyFileSync(next.key, certificates.node.key);
  await shows(address, next);
  t.equal(told().length, 2);
});

t.test('a link that is set anew, as Kubernetes does with secrets, is noticed', async (t) => {
  const certificates = makeCertificates(t);
  const { folder } = certificates;
  const put = (version: string, pair: Pair): void => {
    mkdirSync(join(folder, version));
    copyFileSync(pair.cert, join(folder, version, 'tls.crt'));
    copyFileSync(pair.key, join(folder, version, 'tls.key'));
    symlinkSync(version, join(folder, 'data.new'));
    renameSync(join(folder, 'data.new'), join(folder, 'data'));
  };
  put('v1', certificates.node);
  const linked: Certificates = {
    ...certificates,
    server: { ca: certificates.ca, cert: join(folder, 'data/tls.crt'), key: join(folder, 'data/tls.key') },
  };
  const { address } = await serveTls(t, linked);
  const next = makeLeaf(certificates, 'next');
  put('v2', next);
  await shows(address, next);
});

t.test('a CA that is replaced decides about clients from then on', async (t) => {
  const [certificates, others] = [makeCertificates(t), makeCertificates(t)];
  const { address, log } = await serveTls(t, certificates);
  const stranger = { ca: certificates.ca, ...others.people };
  await t.rejects(clientOf(t, address, stranger).status(), { code: 'ERR_NSATLAS_AGENT_REFUSED' });
  writeFileSync(`${certificates.ca}.new`, `${readFileSync(certificates.ca, 'utf8')}${readFileSync(others.ca, 'utf8')}`);
  renameSync(`${certificates.ca}.new`, certificates.ca);
  await eventually('the log tells', () => log.lines.some(({ message }) => message === 'certificates were replaced'));
  await clientOf(t, address, stranger).status();
  await clientOf(t, address, { ...certificates.client, ca: others.ca })
    .status()
    .then(
      () => assert.fail('its CA did not sign the server’s certificate'),
      (cause: unknown) => assert.match((cause as Error).message, /signed by no CA/),
    );
});

t.test('a client takes up certificates that were replaced for its next connection', async (t) => {
  const certificates = makeCertificates(t);
  const old = makeLeaf(certificates, 'old', { days: -1 });
  const { address } = await serveTls(t, certificates);
  const client = clientOf(t, address, { ca: certificates.ca, ...old });
  await t.rejects(client.status(), { message: /expired on/ });
  replacePair(old, certificates.people);
  await eventually('the client is served', () =>
    client.status().then(
      () => true,
      () => false,
    ),
  );
});

t.test('a client whose certificates are being replaced connects with those that it had, and says so', async (t) => {
  const certificates = makeCertificates(t);
  const { address, agent } = await serveTls(t, certificates);
  const said: string[] = [];
  const { createAgentClient } = await import('../../src/client/agent.js');
  const client = createAgentClient(address, { tls: certificates.client, maxBackoffMs: 100, warn: (line) => said.push(line) });
  t.after(() => client.close());
  await client.status();
  writeFileSync(certificates.people.key, 'half');
  await agent.drain(1000);
  await serveTls(t, certificates, { listen: [address] });
  await eventually('the client is served', () =>
    client.status().then(
      () => true,
      () => false,
    ),
  );
  t.match(said[0] ?? '', /people-key\.pem for TLS: there is no private key in it.*; connecting with what it held before/);
});

t.test('a certificate that expires within a week is warned of at the start', async (t) => {
  const certificates = makeCertificates(t);
  const soon = makeLeaf(certificates, 'soon', { days: 3 });
  const { log } = await serveTls(t, { ...certificates, server: { ca: certificates.ca, ...soon } });
  const warnings = log.lines.filter(({ level }) => level === 'warn');
  t.strictSame(
    warnings.map(({ message }) => message),
    ['a certificate expires soon; replace the file'],
  );
  t.match(JSON.stringify(warnings), /soon\.pem/);
});
