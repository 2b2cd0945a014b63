import type { Command, Option } from 'commander';
import { parseHostPort } from '../rpc/address.js';
import type { ClientTls, TlsFiles } from '../rpc/types.js';
import { listOption, option } from './flags.js';
import { UsageError } from './report.js';

/** Flags for a server's identity and for authenticating its clients. */
export interface ServerTlsFlags {
  tlsCert?: string;
  tlsKey?: string;
  tlsCa?: string;
  tlsAllow?: string[];
  insecure?: boolean;
}

/** The same for a client. */
export interface ClientTlsFlags {
  tlsCert?: string;
  tlsKey?: string;
  tlsCa?: string;
  tlsServerName?: string;
}

export function addServerTlsOptions(command: Command): Command {
  return addFileOptions(command, 'clients')
    .addOption(listOption('--tls-allow <name>', 'serve only clients whose certificate has this common name or DNS name'))
    .addOption(option('--insecure', 'serve any address without TLS: unencrypted, to everybody who can reach it'));
}

export function addClientTlsOptions(command: Command): Command {
  return addFileOptions(command, 'the server').addOption(serverNameOption('the server'));
}

/** For a server that is also a client of agents, with the same files. */
export function addBothTlsOptions(command: Command): Command {
  return addServerTlsOptions(command).addOption(serverNameOption('an agent'));
}

function serverNameOption(whose: string): Option {
  return option('--tls-server-name <name>', `name in ${whose}’s certificate; default: the host of its address`);
}

function addFileOptions(command: Command, others: string): Command {
  return command
    .addOption(option('--tls-cert <file>', 'own certificate, PEM; all three files are reloaded when they change'))
    .addOption(option('--tls-key <file>', 'private key of the certificate, PEM'))
    .addOption(option('--tls-ca <file>', `CAs that may sign certificates of ${others}, PEM`));
}

/**
 * The TLS options of a server.
 * @throws UsageError if the flags contradict each other, or a file cannot be used
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
 * The TLS options of a client; undefined without TLS.
 * @param address of the server; unix sockets are never encrypted, and the flags are ignored
 * @throws UsageError if the flags contradict each other, or a file cannot be used
 */
export async function clientTls(flags: ClientTlsFlags, address: string): Promise<ClientTls | undefined> {
  return parseHostPort(address) === undefined ? undefined : agentsTls(flags);
}

/** The same, for any address. @throws UsageError as clientTls() does */
export async function agentsTls(flags: ClientTlsFlags): Promise<ClientTls | undefined> {
  const { tlsCert: cert, tlsKey: key, tlsCa: ca, tlsServerName: serverName } = flags;
  if (cert === undefined && key === undefined && ca === undefined) {
    if (serverName !== undefined) throw new UsageError('--tls-server-name needs --tls-ca');
    return undefined;
  }
  if ((cert === undefined) !== (key === undefined))
    throw new UsageError(`a certificate needs its key: give ${missingOf({ '--tls-cert': cert, '--tls-key': key })}, too`);
  if (ca === undefined) throw new UsageError('verifying a server’s certificate needs CAs: give --tls-ca, too');
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

/** Reports unusable files before anything is started, as a usage error. */
async function checkFiles(paths: { ca: string; cert: string | undefined; key: string | undefined }): Promise<void> {
  // Loaded only if needed: loading TLS takes longer than reading a host.
  const [{ readTlsFiles }, { TlsFileError }] = await Promise.all([import('../rpc/tls-files.js'), import('../rpc/error.js')]);
  try {
    await readTlsFiles(paths);
  } catch (cause) {
    if (!(cause instanceof TlsFileError)) throw cause;
    const [flag = 'ca'] = Object.entries(paths).find(([, path]) => path === cause.path) ?? [];
    throw new UsageError(`--tls-${flag}: ${cause.message}`);
  }
}
