// Captures the fixtures of src/kinds anew:
//
//     node dist/test/support/capture-kinds.js            every kind that this kernel has
//     node dist/test/support/capture-kinds.js vxlan tun  these
//     node dist/test/support/capture-kinds.js --headers  those never captured, put together by write-kinds.c
//
// Builds KIND/build.sh in a scratch namespace and writes KIND/NAME.bin, the payload of IFLA_LINKINFO of each link of that kind
// or port of it, and KIND/META. Then: node dist/test/unit/kinds/fixtures.test.js --update writes decoded.json.
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { release, tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { decodeInfo, FIXTURES, fixtureKinds, hasBuild, type RawLink } from './kinds.js';
import { buildScratchLinks, kernelKnows } from './scratch-links.js';
import { writeHeaderFixtures } from './write-kinds.js';

/** "veth0 ifindex=3 link=5 nsid=0", one line of META. */
function faceLine({ name, face }: RawLink): string {
  const link = face.iflaLink === undefined ? '' : ` link=${face.iflaLink}`;
  const nsid = face.linkNsid === undefined ? '' : ` nsid=${face.linkNsid}`;
  return `${name} ifindex=${face.ifindex}${link}${nsid}`;
}

function capture(kind: string): void {
  const folder = join(FIXTURES, kind);
  const { raw } = buildScratchLinks(join(folder, 'build.sh'));
  const wanted = raw.filter(({ linkinfo, face }) => {
    if (linkinfo === undefined) return false;
    const decoded = decodeInfo(linkinfo, face);
    return decoded.kind === kind || decoded.portKind === kind;
  });
  clear(folder);
  for (const { name, linkinfo } of wanted) writeFileSync(join(folder, `${name}.bin`), linkinfo ?? new Uint8Array());
  const iproute2 = execFileSync('ip', ['-V'], { encoding: 'utf8' }).trim();
  const date = new Date().toISOString().slice(0, 10);
  const meta = [`captured ${date} on Linux ${release()} with ${iproute2}`, ...wanted.map(faceLine)];
  writeFileSync(join(folder, 'META'), `${meta.join('\n')}\n`);
  process.stdout.write(`${kind}: ${wanted.length} links\n`);
}

/** Removes what was written before, so that nothing stays of a link that is no longer built. */
function clear(folder: string): void {
  for (const file of readdirSync(folder)) if (file.endsWith('.bin') || file === 'META') rmSync(join(folder, file));
}

function captured(kind: string): boolean {
  const meta = join(FIXTURES, kind, 'META');
  return existsSync(meta) && readFileSync(meta, 'utf8').startsWith('captured');
}

function writeFromHeaders(): void {
  const scratch = mkdtempSync(join(tmpdir(), 'nsatlas-kinds-'));
  try {
    writeHeaderFixtures(scratch);
    for (const kind of readdirSync(scratch)) {
      if (captured(kind)) continue;
      mkdirSync(join(FIXTURES, kind), { recursive: true });
      clear(join(FIXTURES, kind));
      cpSync(join(scratch, kind), join(FIXTURES, kind), { recursive: true });
    }
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function main(names: readonly string[]): void {
  if (names.includes('--headers')) {
    writeFromHeaders();
    return;
  }
  for (const kind of names.length === 0 ? fixtureKinds().filter(hasBuild) : names) {
    if (kernelKnows(kind)) capture(kind);
    else process.stdout.write(`${kind}: not in this kernel\n`);
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) main(process.argv.slice(2));
