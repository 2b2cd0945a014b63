import { isIP } from 'node:net';
import { connect, type PeerCertificate, type TLSSocket } from 'node:tls';
import type { HostPort } from './address.js';
import { certificateFault, describeNames, namesOf } from './tls-peer.js';
import type { ClientTls } from './types.js';

/** How far an attempt to connect came: the name was not resolved, the address was tried, something there took the connection. */
export type Reached = 'nothing' | 'address' | 'server';

/** What the errnos of connect(2) and getaddrinfo(3) mean, and whether somebody listens there. */
const ERRNOS: Readonly<Record<string, readonly [message: string, listening: boolean]>> = {
  ECONNREFUSED: ['connection refused', false],
  ENOENT: ['there is no such socket', false],
  EACCES: ['permission denied; only the owner of the socket can use it', true],
  EPERM: ['permission denied; only the owner of the socket can use it', true],
  ENOTFOUND: ['no such host name', false],
  EAI_AGAIN: ['no such host name', false],
  ETIMEDOUT: ['no answer from that address', false],
  EHOSTUNREACH: ['no answer from that address', false],
  ENETUNREACH: ['no answer from that address', false],
};

/**
 * What a call failed of that got no answer.
 * @param details of the call's status. grpc-js hands the errno of a connection on in it and nowhere else; nothing but that is taken from it
 * @param reached how far the last attempt to connect came
 */
export function connectionProblem(details: string, reached: Reached): { message: string; listening: boolean } {
  const [message, listening] = ERRNOS[/\bE[A-Z_]{3,}\b/.exec(details)?.[0] ?? ''] ?? [];
  if (message !== undefined && listening !== undefined && reached !== 'server') return { message, listening };
  const why = lastError(details);
  if (reached === 'server')
    return { message: `the server there does not speak gRPC, has just ended, or is too busy (${why})`, listening: true };
  return { message: reached === 'nothing' ? 'no such host name' : why, listening: false };
}

/** "Failed to connect" of grpc-js's "No connection established. Last error: Error: Failed to connect (2026-11-29T14:58:31.823Z). Resolution note: ". */
function lastError(details: string): string {
  const last = /^No connection established\. Last error: (?:Error: )?(.*?)\.? Resolution note:/s.exec(details)?.[1] ?? details;
  return last.replace(/ \(\d{4}-\d\d-\d\dT[\d:.]+Z\)$/, '');
}

/** What is wrong with a server's certificate, after a handshake that left the socket unauthorized. */
export function certificateProblem(socket: TLSSocket, { ca, host }: ClientTls & { readonly host: string }): string {
  const certificate = socket.getPeerCertificate() as Partial<PeerCertificate>;
  // A string, whatever @types/node says.
  const code = String(socket.authorizationError);
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return wrongName(certificate, host);
  return certificateFault(code, certificate, { who: 'its certificate', role: 'server', signers: `of ${ca}` });
}

function wrongName(certificate: Partial<PeerCertificate>, host: string): string {
  const example = namesOf(certificate).find((name) => /^[\w.-]+$/.test(name) && isIP(name) === 0) ?? 'NAME';
  return `its certificate is for ${describeNames(certificate)}, not for ${host}; if it is the right one, give --tls-server-name ${example}`;
}

/** Node's codes of OpenSSL's reasons (openssl/include/openssl/sslerr.h, 3.0), and what its alerts (RFC 8446, 6.2) say of our certificate. */
const REASONS: readonly (readonly [RegExp, (tls: ClientTls) => string])[] = [
  [
    /WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|RECORD_TOO_SMALL/,
    () => 'it does not speak TLS; omit the --tls flags to use plain text',
  ],
  [/UNSUPPORTED_PROTOCOL|PROTOCOL_VERSION/, () => 'it does not speak TLS 1.3'],
  [/APPLICATION_PROTOCOL/, () => 'it speaks TLS, but not HTTP/2'],
  [/CERTIFICATE_REQUIRED/, () => 'it requires a client certificate: give --tls-cert and --tls-key'],
  [/ALERT_CERTIFICATE_EXPIRED/, ({ cert }) => `it says that the certificate of ${cert ?? 'this client'} has expired`],
  [
    /ALERT_(UNKNOWN_CA|BAD_CERTIFICATE|CERTIFICATE_UNKNOWN|UNSUPPORTED_CERTIFICATE)/,
    ({ cert }) => `it does not trust the certificate of ${cert ?? 'this client'}`,
  ],
];

/** What went wrong on the way to a TLS connection. */
export function tlsProblem(cause: NodeJS.ErrnoException, tls: ClientTls): string {
  return alertProblem(cause, tls) ?? `the connection ended in the TLS handshake (${cause.message})`;
}

/** What went wrong where TLS says so; undefined where it does not. */
export function alertProblem(cause: NodeJS.ErrnoException, tls: ClientTls): string | undefined {
  return REASONS.find(([pattern]) => pattern.test(cause.code ?? ''))?.[1](tls);
}

/** How long a server may take to show that it speaks TLS, in milliseconds. */
const PROBE_LIMIT_MS = 2000;

/** Whether something that does not answer in plain text speaks TLS. Nothing is sent but a greeting. */
export function speaksTls({ host, port }: HostPort): Promise<boolean> {
  return new Promise((resolve) => {
    // The peer is not trusted, and nothing is sent to it: the answer is only a hint.
    const probe = connect({ host, port, ALPNProtocols: ['h2'], rejectUnauthorized: false });
    const settle = (speaks: boolean): void => {
      clearTimeout(timer);
      probe.destroy();
      resolve(speaks);
    };
    const timer = setTimeout(settle, PROBE_LIMIT_MS, false);
    probe.once('secureConnect', () => settle(true));
    // An alert is spoken in TLS, too.
    probe.on('error', (cause: NodeJS.ErrnoException) => settle(cause.code?.includes('ALERT') === true));
    probe.once('close', () => settle(false));
  });
}
