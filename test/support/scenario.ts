// Builds what a fixture's build.sh describes in a scratch namespace, and asks the kernel there.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROW_TABLES } from '../../src/tables/index.js';
import * as requests from './requests.js';
import { FIXTURES } from './fixture.js';
import { ROOT } from './root.js';

/** NLM_F_REQUEST | NLM_F_DUMP for RTM_GETLINK with ifi_index 1, which strict checking refuses with words. */
function refusedLinkDump(): Uint8Array {
  const bytes = requests.dumpLinks();
  new DataView(bytes.buffer).setUint8(16 + 4, 1);
  return bytes;
}

/** RTM_GETNEIGH of AF_BRIDGE with an attribute that is not known: refused with words and the attribute's offset. */
function refusedAttribute(): Uint8Array {
  const dump = requests.dumpFdb();
  const bytes = new Uint8Array(dump.length + 8);
  bytes.set(dump);
  bytes.set([8, 0, 99, 0, 1, 0, 0, 0], dump.length);
  new DataView(bytes.buffer).setUint32(0, bytes.length, true);
  return bytes;
}

/** RTM_GETLINK, no dump, of an ifindex that nobody has: ENODEV. */
function missingLink(): Uint8Array {
  const bytes = requests.dumpLinks();
  const view = new DataView(bytes.buffer);
  view.setUint16(6, 1, true);
  view.setUint32(16 + 4, 0x7fffff, true);
  return bytes;
}

const REQUESTS: Readonly<Record<string, () => string>> = {
  // The first request of each table, by its section.
  ...Object.fromEntries(ROW_TABLES.map(({ section, requests: [first] }) => [section, () => hex(first as Uint8Array)])),
  links: () => hex(requests.dumpLinks()),
  'links-skip-stats': () => hex(requests.dumpLinks({ counters: false })),
  addresses: () => hex(requests.dumpAddresses()),
  proxies: () => hex(requests.dumpProxyNeighbors()),
  nsids: () => hex(requests.dumpNsids()),
  'nsid-known': () => nsidOf('/run/peer'),
  'nsid-none': () => nsidOf('/run/stranger'),
  'refused-header': () => hex(refusedLinkDump()),
  'refused-attribute': () => hex(refusedAttribute()),
  'missing-link': () => hex(missingLink()),
};

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

/** The script leaves a bind mount or link of the other namespace at `path`. */
function nsidOf(path: string): string {
  const { bytes, fdOffset } = requests.getNsidByFd();
  return `${hex(bytes)}@${fdOffset}:${path}`;
}

/**
 * Runs test/fixtures/SCENARIO/build.sh in a scratch network namespace (and pid namespace, so that nothing outlives it), asks
 * that namespace what the script's "# captures:" line names, and writes NAME.bin into `directory`.
 *
 * @param before, after shell commands that run there, too, before and after the questions; $1 is the directory
 */
export function runScenario(scenario: string, directory: string, { before = ':', after = ':' } = {}): void {
  const script = join(FIXTURES, scenario, 'build.sh');
  const names = /^# captures: (.*)$/m.exec(readFileSync(script, 'utf8'))?.[1]?.split(' ') ?? [];
  const jobs = names.map((name) => {
    const request = REQUESTS[name];
    if (request === undefined) throw new Error(`${script}: no request is called ${name}`);
    return `${name}=${request()}`;
  });
  const userns = process.getuid?.() === 0 ? [] : ['--user', '--map-root-user'];
  const tool = join(ROOT, 'test/support/netlink-capture.py');
  const shell = `mount -t tmpfs run /run && . "$0"\n${before}\npython3 "${tool}" "$@"\n${after}`;
  const namespaces = [...userns, '--net', '--mount', '--pid', '--fork', '--mount-proc', '--kill-child'];
  execFileSync('unshare', [...namespaces, 'sh', '-eu', '-c', shell, script, directory, ...jobs], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
}
