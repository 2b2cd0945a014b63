// Certificates for tests, made as operators make theirs (deploy/certs.sh), and those that must not work.

import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Test } from 'tap';
import type { ClientTls, TlsFiles } from '../../src/rpc/types.js';
import { ROOT } from './root.js';

/** Certificates of one CA, in a folder of their own. */
export interface Certificates {
  readonly folder: string;
  readonly ca: string;
  /** For servers and clients: agent.nsatlas, collector.nsatlas and the names given. */
  readonly node: Pair;
  /** For clients only. */
  readonly people: Pair;
  readonly server: TlsFiles;
  readonly client: ClientTls;
}

export interface Pair {
  readonly cert: string;
  readonly key: string;
}

/** Gone when the test ends. @param names that the server's certificate is for besides agent.nsatlas */
export function makeCertificates(t: Test, names: readonly string[] = ['127.0.0.1', 'localhost']): Certificates {
  const folder = mkdtempSync(join(tmpdir(), 'nsatlas-certs-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  execFileSync(join(ROOT, 'deploy/certs.sh'), [folder, ...names], { stdio: ['ignore', 'pipe', 'pipe'] });
  const pair = (name: string): Pair => ({ cert: join(folder, `${name}.pem`), key: join(folder, `${name}-key.pem`) });
  const ca = join(folder, 'ca.pem');
  const [node, people] = [pair('node'), pair('people')];
  return { folder, ca, node, people, server: { ca, ...node }, client: { ca, ...people } };
}

interface LeafOptions {
  /** -1: expired yesterday. */
  readonly days?: number;
  readonly name?: string;
  /** serverAuth, clientAuth */
  readonly usage?: string;
  /** As openssl's x509v3_config has them: DNS.1=…, IP.1=…, URI.1=… */
  readonly alternatives?: readonly string[];
}

/** One more certificate of a CA, unlike those that certs.sh makes. */
export function makeLeaf({ folder, ca }: Certificates, file: string, options: LeafOptions = {}): Pair {
  const {
    days = 30,
    name = file,
    usage = 'serverAuth,clientAuth',
    alternatives = ['DNS.1=agent.nsatlas', 'IP.1=127.0.0.1'],
  } = options;
  const at = (extension: string): string => join(folder, `${file}${extension}`);
  const openssl = (...args: string[]): void => void execFileSync('openssl', args, { stdio: ['ignore', 'pipe', 'pipe'] });
  openssl('genpkey', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256', '-out', at('-key.pem'));
  openssl('req', '-new', '-key', at('-key.pem'), '-subj', `/CN=${name}`, '-out', at('.csr'));
  writeFileSync(at('.ext'), `extendedKeyUsage=${usage}\nsubjectAltName=@names\n[names]\n${alternatives.join('\n')}\n`);
  const signer = ['-CA', ca, '-CAkey', join(folder, 'ca-key.pem'), '-set_serial', String(1 + Math.floor(Math.random() * 1e9))];
  openssl('x509', '-req', '-in', at('.csr'), ...signer, '-days', String(days), '-extfile', at('.ext'), '-out', at('.pem'));
  return { cert: at('.pem'), key: at('-key.pem') };
}

/** Puts files in the place of others as those who renew certificates do: whole, by a rename. */
export function replacePair(old: Pair, by: Pair): void {
  for (const part of ['key', 'cert'] as const) {
    copyFileSync(by[part], `${old[part]}.new`);
    renameSync(`${old[part]}.new`, old[part]);
  }
}
