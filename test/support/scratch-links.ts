import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseLink, type RawLink } from './kinds.js';
import { ROOT } from './root.js';

/** One element of what `ip -d -j link show` prints. */
export interface IpLink {
  readonly ifindex: number;
  readonly ifname: string;
  readonly linkinfo?: {
    readonly info_kind?: string;
    readonly info_data?: Record<string, unknown>;
    readonly info_slave_kind?: string;
    readonly info_slave_data?: Record<string, unknown>;
  };
}

/** The links of a scratch namespace, read raw and by iproute2, one right after the other. */
export interface ScratchLinks {
  readonly raw: RawLink[];
  readonly ip: IpLink[];
}

/** Builds, reads twice, and ends what the build started, whatever happens. The namespace goes with its last process. */
const SCRIPT = `
trap 'if [ -f "$SCRATCH/pids" ]; then kill $(cat "$SCRATCH/pids"); fi' EXIT
set -e
sh "$BUILD"
python3 "$DUMP" > "$SCRATCH/links"
ip -d -j link show > "$SCRATCH/ip"
`;

/** Runs a build.sh in a new network namespace (and user namespace when not root) and reads its links. Throws with its stderr. */
export function buildScratchLinks(build: string): ScratchLinks {
  const scratch = mkdtempSync(join(tmpdir(), 'nsatlas-links-'));
  try {
    const flags = process.getuid?.() === 0 ? ['--net'] : ['--user', '--map-root-user', '--net'];
    const env = { ...process.env, SCRATCH: scratch, BUILD: build, DUMP: join(ROOT, 'test/support/dump-links.py') };
    const result = spawnSync('unshare', [...flags, 'sh', '-c', SCRIPT], { env, encoding: 'utf8', timeout: 30_000 });
    if (result.status !== 0) throw new Error(`${build}: exit status ${result.status}: ${result.stderr}`);
    const lines = readFileSync(join(scratch, 'links'), 'utf8').split('\n');
    return {
      raw: lines.filter((line) => line !== '').map(parseLink),
      ip: JSON.parse(readFileSync(join(scratch, 'ip'), 'utf8')) as IpLink[],
    };
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** Whether this kernel has a driver for a kind: `ip link add` of it does anything but "Unknown device type". */
export function kernelKnows(kind: string): boolean {
  const flags = process.getuid?.() === 0 ? ['--net'] : ['--user', '--map-root-user', '--net'];
  const result = spawnSync('unshare', [...flags, 'ip', 'link', 'add', 'probe0', 'type', kind], {
    encoding: 'utf8',
    timeout: 10_000,
  });
  return result.error === undefined && !result.stderr.includes('Unknown device type');
}
