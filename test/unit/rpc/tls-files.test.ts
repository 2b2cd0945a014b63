import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { readTlsFiles, signatureOf } from '../../../src/rpc/tls-files.js';
import { makeCertificates, makeLeaf } from '../../support/certificates.js';

t.test('certificates that fit together are read, with the times at which they end', async (t) => {
  const { server } = makeCertificates(t);
  const { cert, key, expiries } = await readTlsFiles(server);
  t.equal(cert, readFileSync(server.cert, 'latin1'));
  t.equal(key, readFileSync(server.key, 'latin1'));
  t.strictSame(
    expiries.map(({ path }) => path),
    [server.cert, server.ca],
  );
  const days = expiries.map(({ until }) => Math.round((until.getTime() - Date.now()) / 86_400_000));
  t.strictSame(days, [397, 3650]);
});

t.test('what cannot be used is said in a line that names the file and what to do', async (t) => {
  const certificates = makeCertificates(t);
  const { server, people, folder } = certificates;
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const bad: [Partial<typeof server>, RegExp][] = [
    [{ ca: join(folder, 'none.pem') }, /none\.pem for TLS: there is no such file$/],
    [{ ca: folder }, /it is a folder; give a PEM file$/],
    // Without a CA, OpenSSL would trust the whole world's.
    [{ ca: file('empty', '') }, /empty for TLS: there is no certificate in it; give a PEM file/],
    [{ ca: server.key }, /node-key\.pem for TLS: there is no certificate in it/],
    [{ cert: file('half', readFileSync(server.cert, 'utf8').slice(0, 300)) }, /half for TLS: there is no certificate in it/],
    [
      { cert: file('junk', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n') },
      /junk for TLS: a certificate in it cannot be read/,
    ],
    [{ key: people.key }, /people-key\.pem for TLS: it is not the key of the certificate in .*node\.pem$/],
    [{ key: server.cert }, /node\.pem for TLS: there is no private key in it/],
    [{ key: file('locked', '-----BEGIN ENCRYPTED PRIVATE KEY-----\n') }, /locked for TLS: it is encrypted with a passphrase/],
    [{ ca: file('large', 'x'.repeat(2 << 20)) }, /large for TLS: it is larger than certificates are/],
  ];
  for (const [part, message] of bad)
    await t.rejects(readTlsFiles({ ...server, ...part }), { name: 'TlsFileError', code: 'ERR_NSATLAS_TLS_FILE', message });
});

t.test('every way of replacing a file changes the signature', async (t) => {
  const certificates = makeCertificates(t);
  const before = await signatureOf(certificates.server);
  t.equal(await signatureOf(certificates.server), before);
  const { key } = makeLeaf(certificates, 'other');
  writeFileSync(certificates.server.key, readFileSync(key));
  const after = await signatureOf(certificates.server);
  t.not(after, before);
  t.match(await signatureOf({ ...certificates.server, cert: '/nowhere' }), / ENOENT /);
});
