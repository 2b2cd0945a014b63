// Captures the fixtures of src/kinds anew:
//
//     node dist/test/support/capture-kinds.js            every kind that has a build.sh
//     node dist/test/support/capture-kinds.js vxlan tun  these
//     node dist/test/support/capture-kinds.js --headers  those of kinds that no kernel here can make (write-kinds.c)
//
// Writes KIND/NAME.bin, the payload of IFLA_LINKINFO of each link of that kind or port of it, and KIND/META. decoded.json is
// written by the tests: node --test dist/test/unit/kinds/ --update (as an argument of the test: see fixtures.test.ts).
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { release } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { decodeInfo, FIXTURES, fixtureKinds, type RawLink } from './kinds.js';
import { buildScratchLinks } from './scratch-links.js';
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
  for (const file of readdirSync(folder)) if (file.endsWith('.bin')) rmSync(join(folder, file));
  for (const { name, linkinfo } of wanted) writeFileSync(join(folder, `${name}.bin`), linkinfo ?? new Uint8Array());
  const iproute2 = execFileSync('ip', ['-V'], { encoding: 'utf8' }).trim();
  const date = new Date().toISOString().slice(0, 10);
  const meta = [`captured ${date} on Linux ${release()} with ${iproute2}`, ...wanted.map(faceLine)];
  writeFileSync(join(folder, 'META'), `${meta.join('\n')}\n`);
  process.stdout.write(`${kind}: ${wanted.length} links\n`);
}

function main(names: readonly string[]): void {
  if (names.includes('--headers')) {
    writeHeaderFixtures(FIXTURES);
    return;
  }
  const captured = fixtureKinds().filter((kind) => existsSync(join(FIXTURES, kind, 'build.sh')));
  for (const kind of names.length === 0 ? captured : names) capture(kind);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) main(process.argv.slice(2));
