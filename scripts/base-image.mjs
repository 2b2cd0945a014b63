// Base images for deploy/Dockerfile where no registry can be reached, made of what this machine has:
//
//   node scripts/base-image.mjs runtime | docker import --change 'ENV PATH=/usr/bin' - localhost:1/nsatlas-base:runtime
//   node scripts/base-image.mjs build   | docker import --change 'ENV PATH=/usr/bin' - localhost:1/nsatlas-base:build
//
// runtime: this Node and the libraries that it and the addon need; no shell. About 110 MB.
// build:   the same, npm, Node's headers, and the Debian packages g++, make, python3 and what they depend on, as installed here.
// A tar file goes to standard output. Debian and Ubuntu.
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { closure, librariesOf, packageFiles, PathSet } from './lib/machine-files.mjs';
import { Problem, report, ROOT } from './lib/process.mjs';

/** What `npm ci` and scripts/build.mjs run, besides node. */
const BUILD_PACKAGES = ['g++', 'make', 'python3', 'bash', 'dash', 'coreutils', 'sed', 'grep', 'findutils', 'libc-bin'];

/** Certificates that this machine trusts: the registry of a company may be behind one of its own. */
const CERTIFICATES = '/etc/ssl/certs/ca-certificates.crt';

try {
  const [what] = process.argv.slice(2);
  if (what !== 'runtime' && what !== 'build') throw new Problem('which one? node scripts/base-image.mjs runtime|build');
  if (process.stdout.isTTY)
    throw new Problem('a tar file is no use on a terminal', `node scripts/base-image.mjs ${what} | docker import …`);
  const files = new PathSet();
  addRuntime(files);
  if (what === 'build') addBuild(files);
  await writeTar(files.sorted());
} catch (error) {
  report(error);
}

function addRuntime(files) {
  const node = realpathSync(process.execPath);
  files.add(node);
  for (const library of librariesOf(node)) files.add(library);
  const addon = join(ROOT, 'build/Release/nsatlas.node');
  if (existsSync(addon)) for (const library of librariesOf(addon)) files.add(library);
  if (existsSync(CERTIFICATES)) files.add(CERTIFICATES);
}

function addBuild(files) {
  const prefix = dirname(dirname(realpathSync(process.execPath)));
  const npm = join(prefix, 'lib/node_modules/npm');
  const headers = join(prefix, 'include/node');
  for (const folder of [npm, headers])
    if (existsSync(folder)) files.addTree(folder);
    else
      throw new Problem(`${folder} is missing`, 'a Node from nodejs.org or from its Debian packages (deb.nodesource.com) has it');
  for (const name of ['npm', 'npx']) files.add(join(prefix, 'bin', name));
  for (const name of closure(BUILD_PACKAGES)) for (const path of packageFiles(name)) files.add(path);
}

/** A few files of our own, and those of this machine. */
async function writeTar(paths) {
  const own = mkdtempSync(join(tmpdir(), 'nsatlas-base-'));
  try {
    for (const folder of ['etc', 'proc', 'sys', 'dev', 'run', 'var', 'root']) mkdirSync(join(own, folder));
    mkdirSync(join(own, 'tmp'), { mode: 0o777 });
    const osRelease = existsSync('/etc/os-release') ? readFileSync('/etc/os-release', 'utf8') : 'ID=linux\n';
    writeFileSync(join(own, 'etc/os-release'), osRelease);
    writeFileSync(join(own, 'etc/passwd'), 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n');
    writeFileSync(join(own, 'etc/group'), 'root:x:0:\nnogroup:x:65534:\n');
    writeFileSync(join(own, 'etc/nsswitch.conf'), 'hosts: files dns\n');
    execFileSync('chmod', ['1777', join(own, 'tmp')]);
    execFileSync('ln', ['-s', '/run', join(own, 'var/run')]);
    const flags = ['--create', '--owner=0', '--group=0', '--numeric-owner', '--no-recursion', '--null', '--verbatim-files-from'];
    // A tar file for Docker must not have one path twice.
    const ours = execFileSync('find', ['.', '-mindepth', '1', '-printf', '%P\\0'], { cwd: own, encoding: 'utf8' })
      .split('\0')
      .slice(0, -1)
      .sort();
    const theirs = paths.map((path) => path.slice(1)).filter((path) => !ours.includes(path));
    const lists = [
      [own, ours],
      ['/', theirs],
    ].flatMap(([folder, list], at) => {
      writeFileSync(join(own, `.list${at}`), list.join('\0'));
      return [`--directory=${folder}`, `--files-from=${join(own, `.list${at}`)}`];
    });
    const tar = spawn('tar', [...flags, ...lists], { stdio: ['ignore', 'inherit', 'inherit'] });
    const [status] = await once(tar, 'exit');
    if (status !== 0) throw new Problem(`tar ended with status ${status}`);
  } finally {
    rmSync(own, { recursive: true, force: true });
  }
}
