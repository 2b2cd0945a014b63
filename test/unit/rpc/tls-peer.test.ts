import type { PeerCertificate } from 'node:tls';
import t from 'tap';
import { describeNames, namesOf } from '../../../src/rpc/tls-peer.js';

type Names = Parameters<typeof namesOf>[0];

function certificate(CN: string | undefined, subjectaltname?: string): Names {
  return { subject: { CN } as PeerCertificate['subject'], ...(subjectaltname !== undefined && { subjectaltname }) };
}

t.test('a certificate’s names are its common name and its DNS names', async (t) => {
  t.strictSame(namesOf(certificate('a', 'DNS:b.example, IP Address:192.0.2.1, DNS:*.c, DNS:a')), ['a', 'b.example', '*.c']);
  t.strictSame(namesOf(certificate(undefined, 'DNS:b')), ['b']);
  t.strictSame(namesOf({}), []);
});

// nodejs.org, CVE-2021-44532: how Node writes names that are made to look like several.
for (const sly of [
  'DNS:"a, DNS:collector.nsatlas"',
  'URI:"http://x/, DNS:collector.nsatlas"',
  'DNS:"a\\", DNS:collector.nsatlas"',
  'DNS:collector.nsatlas\u0000.example',
  'URI:DNS:collector.nsatlas',
]) {
  t.test(`${JSON.stringify(sly)} is no way to the name in it`, async (t) => {
    t.equal(namesOf(certificate('x', sly)).includes('collector.nsatlas'), false);
  });
}

t.test('names that strangers chose are shown in printable ASCII, and not at any length', async (t) => {
  t.equal(describeNames(certificate("a'\u001b[31m\nb\u202e")), "'a??[31m?b?'");
  t.ok(describeNames(certificate('x'.repeat(5000), `${'DNS:y, '.repeat(5000)}DNS:z`)).length < 500);
  t.match(describeNames({}), /no name \(it has neither/);
});
