import { readTlsFiles, signatureOf, type TlsMaterial, type TlsPaths } from './tls-files.js';
import type { Log } from './types.js';

/** Certificates that follow their files. */
export interface TlsKeeper {
  readonly initial: TlsMaterial;
  close(): void;
}

interface KeepOptions {
  readonly log: Log;
  /** Called with new certificates. */
  readonly onChange: (material: TlsMaterial) => void;
  readonly pollMs: number;
}

const DAY_MS = 86_400_000;

/** The log warns of certificates that expire within this time, in milliseconds. */
const SOON_MS = 7 * DAY_MS;

/**
 * Reads certificates, and reloads them when a file changes: renewed files may be overwritten, renamed into
 * place, or switched with a symlink, and stat() notices all of these. Unusable files (half written, the
 * certificate of one pair with the key of another) are logged once, and the old ones stay in use.
 * @throws TlsFileError if they cannot be used initially
 */
export async function keepTls(paths: TlsPaths, { log, onChange, pollMs }: KeepOptions): Promise<TlsKeeper> {
  let seen = await signatureOf(paths);
  const initial = await readTlsFiles(paths);
  let current = initial;
  let problem: string | undefined;
  let closed = false;
  warnOfExpiry(current, log);

  const look = async (): Promise<void> => {
    const found = await signatureOf(paths);
    if (found === seen && problem === undefined) return;
    try {
      const material = await readTlsFiles(paths);
      if (closed) return;
      // Not before it was read: a file that changes meanwhile is read again the next time.
      seen = found;
      problem = undefined;
      if (isSame(material, current)) return;
      onChange(material);
      current = material;
      log.info({ certificates: material.expiries.map(loggable) }, 'certificates were replaced');
      warnOfExpiry(material, log);
    } catch (cause) {
      const message = (cause as Error).message;
      if (message !== problem)
        log.warn({ problem: message }, 'the certificates on disk cannot be used; the old ones stay in use');
      problem = message;
    }
  };
  let running: Promise<void> | undefined;
  const poll = setInterval(() => {
    running ??= look().finally(() => (running = undefined));
  }, pollMs).unref();
  const daily = setInterval(() => warnOfExpiry(current, log), DAY_MS).unref();
  return {
    initial,
    close: () => {
      closed = true;
      clearInterval(poll);
      clearInterval(daily);
    },
  };
}

function isSame(a: TlsMaterial, b: TlsMaterial): boolean {
  return a.ca === b.ca && a.cert === b.cert && a.key === b.key;
}

/** Logs certificates that have expired or will soon. */
function warnOfExpiry({ expiries }: TlsMaterial, log: Log): void {
  for (const expiry of expiries) {
    const left = expiry.until.getTime() - Date.now();
    if (left <= 0) log.warn(loggable(expiry), 'a certificate has expired: connections with it are refused; replace the file');
    else if (left < SOON_MS) log.warn(loggable(expiry), 'a certificate expires soon; replace the file');
  }
}

function loggable({ path, until }: { path: string; until: Date }): { path: string; until: string } {
  return { path, until: until.toISOString() };
}
