import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PeerCertificate } from 'node:tls';
import { describeNames, namesOf } from '../../../src/rpc/tls-peer.js';

type Names = Parameters<typeof namesOf>[0];

function certificate(CN: string | undefined, subjectaltname?: string): Names {
  return { subject: { CN } as PeerCertificate['subject'], ...(subjectaltname !== undefined && { subjectaltname }) };
}

test('a certificate’s names are its common name and its DNS names', () => {
  assert.deepEqual(namesOf(certificate('a', 'DNS:b.example, IP Address:192.0.2.1, DNS:*.c, DNS:a')), ['a', 'b.example', '*.c']);
  assert.deepEqual(namesOf(certificate(undefined, 'DNS:b')), ['b']);
  assert.deepEqual(namesOf({}), []);
});

// nodejs.org, CVE-2021-44532: how Node writes names that are made to look like several.
for (const sly of [
  'DNS:"a, DNS:collector.nsatlas"',
  'URI:"http://x/, DNS:collector.nsatlas"',
  'DNS:"a\\", DNS:collector.nsatlas"',
  'DNS:collector.nsatlas\u0000.example',
  'URI:DNS:collector.nsatlas',
]) {
  test(`${JSON.stringify(sly)} is no way to the name in it`, () => {
    assert.equal(namesOf(certificate('x', sly)).includes('collector.nsatlas'), false);
  });
}

test('names that strangers chose are shown in printable ASCII, and not at any length', () => {
  assert.equal(describeNames(certificate("a'\u001b[31m\nb\u202e")), "'a??[31m?b?'");
  assert.ok(describeNames(certificate('x'.repeat(5000), `${'DNS:y, '.repeat(5000)}DNS:z`)).length < 500);
  assert.match(describeNames({}), /nobody in particular/);
});
