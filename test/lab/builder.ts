import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { ROOT } from '../support/root.js';
import type { LabHost } from './host.js';
import { CLEAN_ENV } from './keeper.js';
import type { Lab } from './lab.js';

/** The project's own image in the lab. Named like IMAGE, for the same reason. */
export const NSATLAS_IMAGE = 'localhost:1/nsatlas:1';

const BASES = { runtime: 'localhost:1/nsatlas-base:runtime', build: 'localhost:1/nsatlas-base:build' } as const;

/** What deploy/Dockerfile copies (.dockerignore), and what the bases are made by. */
const INPUTS = [
  '.dockerignore',
  '.npmrc',
  'LICENSE',
  'binding.gyp',
  'deploy/Dockerfile',
  'deploy/healthcheck.mjs',
  'native',
  'package-lock.json',
  'package.json',
  'proto',
  'scripts',
  'src',
  'tsconfig.json',
];

/** Images are kept here, by what they were made of: building one takes a minute. */
const CACHE = join(ROOT, '.cache/lab-image');

/** How long the build may take, in milliseconds: npm ci, the C++ and the TypeScript compiler, on two busy cores. */
const BUILD_MS = 600_000;

/**
 * The project's image, built from deploy/Dockerfile on bases made of this machine's own Node and packages (scripts/base-image.mjs).
 * Needs the npm registry, for the build runs `npm ci`.
 * @returns the path of a tar file for `docker load`
 */
export async function buildNsatlasImage(lab: Lab): Promise<string> {
  const tar = join(CACHE, `${fingerprint()}.tar`);
  if (existsSync(tar)) return tar;
  const host = await lab.addHost({ name: 'builder', onMachineNetwork: true });
  try {
    // The network is the machine's, so the daemon must leave it as it is.
    await host.startDockerd({ bridge: 'none', args: ['--iptables=false', '--ip-forward=false', '--ip-masq=false'] });
    for (const base of ['build', 'runtime'] as const) await importBase(host, base);
    const from = ['--build-arg', `BUILD_IMAGE=${BASES.build}`, '--build-arg', `RUNTIME_IMAGE=${BASES.runtime}`];
    const file = ['--file', join(ROOT, 'deploy/Dockerfile'), '--tag', NSATLAS_IMAGE, ROOT];
    // BuildKit would ask a registry about the bases, though they are here.
    const env = { ...CLEAN_ENV, DOCKER_BUILDKIT: '0' };
    await host.exec(['docker', 'build', '--network', 'host', ...from, ...file], { timeoutMs: BUILD_MS, env });
    rmSync(CACHE, { recursive: true, force: true });
    mkdirSync(CACHE, { recursive: true });
    await host.exec(['docker', 'save', '--output', `${tar}.new`, NSATLAS_IMAGE]);
    renameSync(`${tar}.new`, tar);
    return tar;
  } finally {
    await lab.removeHost(host);
  }
}

/** Loads the image into the daemons of the hosts given. */
export async function loadNsatlasImage(tar: string, hosts: readonly LabHost[]): Promise<void> {
  await Promise.all(hosts.map((host) => host.docker('load', '--quiet', '--input', tar)));
}

async function importBase(host: LabHost, base: keyof typeof BASES): Promise<void> {
  const path = [...new Set([dirname(process.execPath), '/usr/local/bin', '/usr/bin', '/bin'])].join(':');
  const changes = [`ENV PATH=${path}`, 'ENV NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt'];
  const flags = changes.map((change) => `--change '${change}'`).join(' ');
  // On the host itself, so that what holds the pipe ends with it.
  const script = `set -o pipefail; '${process.execPath}' scripts/base-image.mjs ${base} | docker import ${flags} - ${BASES[base]}`;
  await host.exec(['bash', '-c', `cd '${ROOT}' && ${script}`], { timeoutMs: 120_000 });
}

function fingerprint(): string {
  const hash = createHash('sha256').update(`${process.version} ${process.arch}\n`);
  for (const input of INPUTS)
    for (const path of filesOf(join(ROOT, input)))
      hash
        .update(`${relative(ROOT, path)}\0`)
        .update(readFileSync(path))
        .update('\0');
  return hash.digest('hex').slice(0, 32);
}

/** Files below a path, or the file itself, sorted; what is generated is left out. */
function filesOf(path: string): string[] {
  const entries = readdirSync(dirname(path), { withFileTypes: true });
  if (entries.find(({ name }) => join(dirname(path), name) === path)?.isDirectory() !== true) return [path];
  if (/\/src\/(proto|wire)\/gen$/.test(path)) return [];
  return readdirSync(path)
    .sort()
    .flatMap((name) => filesOf(join(path, name)));
}
