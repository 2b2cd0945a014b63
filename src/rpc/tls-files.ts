import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import { TlsFileError } from './error.js';

/** Where certificates are; the server's and the client's own are both or neither. */
export interface TlsPaths {
  readonly ca: string;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
}

/** What the files hold, checked; PEM. */
export interface TlsMaterial {
  readonly ca: string;
  readonly cert?: string;
  readonly key?: string;
  /** Until when each certificate is good. */
  readonly expiries: readonly Expiry[];
}

/** Until when the certificate in a file is good. */
export interface Expiry {
  readonly path: string;
  readonly until: Date;
}

/** More is no certificate, in bytes. */
const MAX_FILE_BYTES = 1024 * 1024;

/**
 * Reads certificates and proves that they fit together.
 * @throws TlsFileError naming the file, what is wrong with it and what to do
 */
export async function readTlsFiles(paths: TlsPaths): Promise<TlsMaterial> {
  const ca = await readPem(paths.ca);
  const cas = certificatesOf(paths.ca, ca);
  const expiries = cas.map((certificate) => expiryOf(paths.ca, certificate));
  if (paths.cert === undefined || paths.key === undefined) return { ca, expiries };
  const [cert, key] = [await readPem(paths.cert), await readPem(paths.key)];
  const [own] = certificatesOf(paths.cert, cert);
  if (own === undefined) throw new TlsFileError(paths.cert, NO_CERTIFICATE);
  checkPair(paths.cert, own, paths.key, key);
  try {
    // OpenSSL has rules of its own: keys that are too short, hashes that are too weak.
    createSecureContext({ ca, cert, key });
  } catch (cause) {
    throw new TlsFileError(paths.cert, `OpenSSL refuses it (${(cause as Error).message})`, { cause });
  }
  return { ca, cert, key, expiries: [expiryOf(paths.cert, own), ...expiries] };
}

/** Changes whenever one of the files does, also when a symlink to it changes. Covers missing files. */
export async function signatureOf(paths: TlsPaths): Promise<string> {
  const parts = [paths.ca, paths.cert, paths.key].map(async (path) => {
    if (path === undefined) return '';
    try {
      const { dev, ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true });
      return [dev, ino, size, mtimeNs, ctimeNs].join(':');
    } catch (cause) {
      return (cause as NodeJS.ErrnoException).code ?? 'unreadable';
    }
  });
  return (await Promise.all(parts)).join(' ');
}

const NO_CERTIFICATE = 'there is no certificate in it; give a PEM file (-----BEGIN CERTIFICATE-----)';

async function readPem(path: string): Promise<string> {
  try {
    const { size } = await stat(path);
    if (size > MAX_FILE_BYTES) throw new TlsFileError(path, 'it is larger than certificates are; give a PEM file');
    return await readFile(path, 'latin1');
  } catch (cause) {
    if (cause instanceof TlsFileError) throw cause;
    const { code = '', message } = cause as NodeJS.ErrnoException;
    throw new TlsFileError(path, FILE_PROBLEMS[code] ?? message, { cause });
  }
}

/** By errno of open(2) and read(2). */
const FILE_PROBLEMS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  ENOTDIR: 'there is no such file',
  EACCES: 'this process may not read it (EACCES)',
  EPERM: 'this process may not read it (EPERM)',
  EISDIR: 'it is a folder; give a PEM file',
};

/** Never none: without a CA of ours, OpenSSL would take those that everybody can have certificates of. */
function certificatesOf(path: string, pem: string): X509Certificate[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
  if (blocks.length === 0) throw new TlsFileError(path, NO_CERTIFICATE);
  return blocks.map((block) => {
    try {
      return new X509Certificate(block);
    } catch (cause) {
      throw new TlsFileError(path, `a certificate in it cannot be read (${(cause as Error).message})`, { cause });
    }
  });
}

function checkPair(certPath: string, own: X509Certificate, keyPath: string, key: string): void {
  if (/ENCRYPTED/.test(key))
    throw new TlsFileError(keyPath, 'it is encrypted with a passphrase, which cannot be entered here; remove it (openssl pkey)');
  let belongs: boolean;
  try {
    belongs = own.checkPrivateKey(createPrivateKey(key));
  } catch (cause) {
    throw new TlsFileError(keyPath, 'there is no private key in it; give a PEM file (-----BEGIN PRIVATE KEY-----)', { cause });
  }
  if (!belongs) throw new TlsFileError(keyPath, `it is not the key of the certificate in ${certPath}`);
}

function expiryOf(path: string, { validTo }: X509Certificate): Expiry {
  // "Nov 21 13:15:58 2036 GMT"; X509Certificate.validToDate needs Node 22.
  return { path, until: new Date(validTo) };
}
