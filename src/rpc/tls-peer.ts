import type { PeerCertificate, TLSSocket } from 'node:tls';
import type { CallCode } from '../text/error.js';

/** Why a client is refused; the message is for both sides. */
export interface Refusal {
  /** One of a few; what may be logged is counted for each. */
  readonly kind: 'no-certificate' | 'untrusted' | 'expired' | 'not-allowed';
  readonly code: CallCode;
  readonly message: string;
}

/**
 * Whether a client may come in after its handshake.
 * @param allow as TlsFiles.allow
 * @returns why not; undefined when it may
 */
export function refusalOf(socket: TLSSocket, allow: readonly string[] | undefined): Refusal | undefined {
  // Without a certificate it is an object without fields, or null once the socket is closed.
  const certificate = socket.getPeerCertificate() as Partial<PeerCertificate> | null;
  if (certificate?.raw === undefined) {
    const message =
      'no client certificate was given, and this server requires one (nsatlas: --tls-cert and --tls-key; grpcurl: -cert and -key; ' +
      'buf curl: --cert and --key)';
    return { kind: 'no-certificate', code: 'ERR_NSATLAS_CERTIFICATE', message };
  }
  const who = `the client certificate of ${describeNames(certificate)}`;
  if (!socket.authorized) {
    const code = String(socket.authorizationError);
    const message = certificateFault(code, certificate, { who, role: 'client', signers: 'that this server trusts' });
    return { kind: code === 'CERT_HAS_EXPIRED' ? 'expired' : 'untrusted', code: 'ERR_NSATLAS_CERTIFICATE', message };
  }
  if (allow === undefined || namesOf(certificate).some((name) => allow.includes(name))) return undefined;
  return { kind: 'not-allowed', code: 'ERR_NSATLAS_NOT_ALLOWED', message: `${who} is not on this server's list (--tls-allow)` };
}

/** Whose a certificate is, what it is used as, and which CAs may have signed it. */
interface CertificateUse {
  readonly who: string;
  readonly role: 'client' | 'server';
  readonly signers: string;
}

/**
 * What is wrong with a certificate of the other side, after a handshake that left the socket unauthorized.
 * @param code X509_verify_cert_error_string(3)'s names without X509_V_ERR_, as Node has them
 */
export function certificateFault(
  code: string,
  { valid_from: from, valid_to: to }: Partial<PeerCertificate>,
  { who, role, signers }: CertificateUse,
): string {
  switch (code) {
    case 'CERT_HAS_EXPIRED':
      return new Date(to ?? '') <= new Date() ? `${who} expired on ${formatTime(to)}` : 'the certificate of its CA has expired';
    case 'CERT_NOT_YET_VALID':
      return `${who} is not valid before ${formatTime(from)}; are the clocks right?`;
    case 'INVALID_PURPOSE':
      return `${who} is not made for ${role}s (its extended key usage lacks ${role}Auth)`;
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
    case 'SELF_SIGNED_CERT_IN_CHAIN':
    case 'UNABLE_TO_GET_ISSUER_CERT':
    case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
      return `${who} is signed by no CA ${signers} (--tls-ca)`;
    default:
      return `${who} cannot be trusted (${code})`;
  }
}

/** "2026-11-21T13:15:58.000Z" of "Nov 21 13:15:58 2026 GMT". */
function formatTime(text: string | undefined): string {
  const time = new Date(text ?? '');
  return Number.isNaN(time.getTime()) ? 'an unreadable time' : time.toISOString();
}

/** Common names and DNS names. */
export function namesOf({ subject, subjectaltname }: Partial<PeerCertificate>): string[] {
  // A subject may have several, which the types do not know.
  const common = [subject?.CN ?? []].flat();
  // Node puts names that have commas or quotes in them in quotes: they are no DNS names, and must not be taken apart into some.
  const plain = (subjectaltname ?? '').replaceAll(/"(?:[^"\\]|\\.)*"/g, '"');
  const dns = plain.split(', ').flatMap((entry) => /^DNS:([\w.*-]+)$/.exec(entry)?.[1] ?? []);
  return [...new Set([...common, ...dns])];
}

/** Most that is shown of a name that a stranger chose, in characters. */
const SHOWN_CHARACTERS = 80;

/** For messages: 'agent', 'agent.nsatlas'. Only printable ASCII: whoever signed it, it is a stranger's text. */
export function describeNames(certificate: Partial<PeerCertificate>): string {
  const names = namesOf(certificate).slice(0, 5);
  if (names.length === 0) return 'no name (it has neither a common name nor DNS names)';
  return names.map((name) => `'${name.slice(0, SHOWN_CHARACTERS).replaceAll(/[^\x20-\x7e]|['"\\]/g, '?')}'`).join(', ');
}
