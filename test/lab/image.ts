import { closeSync, copyFileSync, mkdirSync, openSync, readSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { Dockerd } from './dockerd.js';
import { LabError } from './error.js';
import { findTool } from './machine.js';
import { run } from './run.js';

/**
 * The image that every container of the lab is made of. No registry can be reached, and a task whose image is named without
 * a registry waits 20 s for Docker Hub; one at localhost:1 is refused at once, and the local image is used.
 */
export const IMAGE = 'localhost:1/busybox:1';

/** Where a program that needs a dynamic linker names it: within the first page of the file. */
const ELF_HEAD_BYTES = 4096;

/**
 * Makes the image's file system as a tar file: busybox, a link for each of its programs, and the folders that a container needs.
 * @param dir an existing folder to work in
 * @returns the path of the tar file
 */
export async function buildImageTar(dir: string): Promise<string> {
  const busybox = findTool('busybox');
  if (busybox === undefined || !isStatic(busybox))
    throw new LabError('MISSING_TOOL', 'a static busybox is needed: apt-get install -y busybox-static');
  const root = join(dir, 'image');
  for (const folder of ['bin', 'dev', 'etc', 'proc', 'root', 'sys', 'tmp', 'var'])
    mkdirSync(join(root, folder), { recursive: true });
  copyFileSync(busybox, join(root, 'bin/busybox'));
  const applets = (await run([busybox, '--list'])).stdout.trim().split('\n');
  for (const applet of applets) if (applet !== 'busybox') symlinkSync('busybox', join(root, 'bin', applet));
  const tar = join(dir, 'image.tar');
  await run(['tar', '--create', '--file', tar, '--owner=0', '--group=0', '--directory', root, '.']);
  return tar;
}

/** What a container does when it is not told: it waits, and ends at once when it is stopped. (An init ignores signals that it does not handle.) */
const WAIT_FOR_TERM = ['sh', '-c', "trap 'exit 0' TERM; while :; do sleep 3600 & wait $!; done"];

/** Loads the image into a daemon. */
export async function importImage(daemon: Dockerd, tar: string): Promise<void> {
  const changes = [`CMD ${JSON.stringify(WAIT_FOR_TERM)}`, 'ENV PATH=/bin'].flatMap((change) => ['--change', change]);
  await daemon.docker('import', ...changes, tar, IMAGE);
}

function isStatic(path: string): boolean {
  const head = Buffer.alloc(ELF_HEAD_BYTES);
  const file = openSync(path, 'r');
  try {
    readSync(file, head, 0, head.length, 0);
  } finally {
    closeSync(file);
  }
  return !head.includes('/ld-linux') && !head.includes('/ld-musl');
}
