import type { Command, Option } from 'commander';
import { parseHostPort } from '../rpc/address.js';
import type { ClientTls, TlsFiles } from '../rpc/types.js';
import { listOption, option } from './flags.js';
import { UsageError } from './report.js';

/** Flags by which a server shows who it is, and asks clients who they are. */
export interface ServerTlsFlags {
  tlsCert?: string;
  tlsKey?: string;
  tlsCa?: string;
  tlsAllow?: string[];
  insecure?: boolean;
}

/** Flags by which a client does. */
export interface ClientTlsFlags {
  tlsCert?: string;
  tlsKey?: string;
  tlsCa?: string;
  tlsServerName?: string;
}

export function addServerTlsOptions(command: Command): Command {
  return addFileOptions(command, 'clients')
    .addOption(listOption('--tls-allow <name>', 'serve only clients whose certificate has this common name or DNS name'))
    .addOption(option('--insecure', 'serve any address without TLS: everybody who can reach it, unencrypted'));
}

export function addClientTlsOptions(command: Command): Command {
  return addFileOptions(command, 'the server').addOption(serverNameOption('the server'));
}

/** Of a server that is a client of agents, too, with the same files. */
export function addBothTlsOptions(command: Command): Command {
  return addServerTlsOptions(command).addOption(serverNameOption('an agent'));
}

function serverNameOption(whose: string): Option {
  return option('--tls-server-name <name>', `what ${whose}’s certificate is for, where that is not the host of its address`);
}

function addFileOptions(command: Command, others: string): Command {
  return command
    .addOption(option('--tls-cert <file>', 'own certificate, PEM; read again when it changes, as are the two others'))
    .addOption(option('--tls-key <file>', 'the private key of it, PEM'))
    .addOption(option('--tls-ca <file>', `the CAs that certificates of ${others} may be signed by, PEM`));
}

/**
 * What the flags of a server say.
 * @throws UsageError when they do not fit together, or a file cannot be used
 */
export async function serverTls(flags: ServerTlsFlags): Promise<{ tls?: TlsFiles; insecure?: boolean }> {
  const { tlsCert: cert, tlsKey: key, tlsCa: ca, tlsAllow: allow, insecure } = flags;
  if (cert === undefined && key === undefined && ca === undefined) {
    if (allow !== undefined) throw new UsageError('--tls-allow needs --tls-cert, --tls-key and --tls-ca');
    return insecure === true ? { insecure } : {};
  }
  if (insecure === true) throw new UsageError('--insecure and the --tls flags exclude each other');
  if (cert === undefined || key === undefined || ca === undefined) {
    const missing = missingOf({ '--tls-cert': cert, '--tls-key': key, '--tls-ca': ca });
    throw new UsageError(`a server with TLS needs a certificate, its key and the CAs of its clients: give ${missing}, too`);
  }
  await checkFiles({ cert, key, ca });
  return { tls: { cert, key, ca, ...(allow !== undefined && { allow }) } };
}

/**
 * What the flags of a client say; undefined without TLS.
 * @param address that is asked; on unix sockets nothing is encrypted, and the flags do not matter
 * @throws UsageError when they do not fit together, or a file cannot be used
 */
export async function clientTls(flags: ClientTlsFlags, address: string): Promise<ClientTls | undefined> {
  return parseHostPort(address) === undefined ? undefined : agentsTls(flags);
}

/** The same, whatever address is asked. @throws UsageError as clientTls() does */
export async function agentsTls(flags: ClientTlsFlags): Promise<ClientTls | undefined> {
  const { tlsCert: cert, tlsKey: key, tlsCa: ca, tlsServerName: serverName } = flags;
  if (cert === undefined && key === undefined && ca === undefined) {
    if (serverName !== undefined) throw new UsageError('--tls-server-name needs --tls-ca');
    return undefined;
  }
  if ((cert === undefined) !== (key === undefined))
    throw new UsageError(`a certificate needs its key: give ${missingOf({ '--tls-cert': cert, '--tls-key': key })}, too`);
  if (ca === undefined) throw new UsageError('a server’s certificate needs CAs to be checked against: give --tls-ca, too');
  await checkFiles({ cert, key, ca });
  return {
    ca,
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
    ...(serverName !== undefined && { serverName }),
  };
}

function missingOf(flags: Record<string, string | undefined>): string {
  const missing = Object.keys(flags).filter((name) => flags[name] === undefined);
  return missing.join(' and ');
}

/** Said before anything is begun, and as a mistake in the flags. */
async function checkFiles(paths: { ca: string; cert: string | undefined; key: string | undefined }): Promise<void> {
  // Loaded only when asked for: TLS takes longer to load than a host to read.
  const [{ readTlsFiles }, { TlsFileError }] = await Promise.all([import('../rpc/tls-files.js'), import('../rpc/error.js')]);
  try {
    await readTlsFiles(paths);
  } catch (cause) {
    if (!(cause instanceof TlsFileError)) throw cause;
    throw new UsageError(`--tls-${flagOf(paths, cause.path)}: ${cause.message}`);
  }
}

function flagOf(paths: { ca: string; cert: string | undefined; key: string | undefined }, path: string): string {
  if (path === paths.cert) return 'cert';
  return path === paths.key ? 'key' : 'ca';
}
