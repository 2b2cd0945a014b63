import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { NSATLAS } from '../support/cli.js';

t.setTimeout(0);

interface Feature {
  readonly name: string;
  readonly enabled: boolean;
  readonly detail: string;
}

/**
 * What doctor says of its mounts in the mount namespace that a shell script makes. Namespaces that the machine has mounted, those of other tests
 * among them, are not there. In it, `host` is a tmpfs that is shared, as /run is under
 * systemd, `doctor` the command, and `netns FILE` mounts a new network namespace.
 */
function doctorAfter(t: Test, script: string): Feature[] {
  const dir = mkdtempSync(join(tmpdir(), 'nsatlas-mounts-'));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  const frame = `set -e; mount --make-rprivate /
    awk '/ - nsfs / || $5 ~ "/netns$" { print $5 }' /proc/self/mountinfo | tac | while read -r mounted; do umount "$mounted" || true; done
    cd '${dir}'; mkdir host; mount -t tmpfs -o mode=755 host host; mount --make-shared host; mkdir -p host/docker/netns
    netns() { : >"$1"; unshare --net="$PWD/$1" true; }
    doctor() { '${process.execPath}' '${NSATLAS}' doctor -o json --docker-socket "$PWD/none" || true; }
    export -f doctor netns; ${script}`;
  // The mounts go with this mount namespace.
  const { stdout, stderr, status } = spawnSync('unshare', ['-m', '--propagation', 'slave', 'bash', '-c', frame], {
    encoding: 'utf8',
    timeout: 60_000,
  });
  assert.equal(status, 0, stderr);
  const reports = JSON.parse(`[${stdout.trim().replaceAll(/^}\n{/gm, '},{')}]`) as { readonly features: Feature[] }[];
  return reports.flatMap(({ features }) => features.filter(({ name }) => name === 'mount-propagation'));
}

t.test('the mounts of a process that looks from a mount namespace of its own', async (t) => {
  t.test('are named with the remedy when they are private copies', async (t) => {
    const [feature] = doctorAfter(t, 'netns host/docker/netns/one; unshare -m --propagation private bash -c doctor');
    assert.equal(feature?.enabled, false);
    t.match(feature.detail, /^1 namespace mount \(first: \/\S+\/host\/docker\/netns\/one\) is private .*rslave/);
  });

  t.test('are named when an engine’s folder is private and nothing is in it yet', async (t) => {
    const [feature] = doctorAfter(
      t,
      "mkdir bound; unshare -m --propagation private bash -c 'mount --bind host/docker/netns bound; mount --make-private bound; doctor'",
    );
    assert.equal(feature?.enabled, false);
    t.match(feature.detail, /^\/\S+\/bound is private .*rslave/);
  });

  t.test('are good as slaves, and then a namespace that its host takes off is not kept', async (t) => {
    const [before, after] = doctorAfter(
      t,
      `netns host/docker/netns/one; mkfifo looked gone
       unshare -m --propagation slave bash -c 'doctor; echo >looked; read <gone; doctor' &
       read <looked; umount host/docker/netns/one; echo >gone; wait`,
    );
    t.strictSame([before?.enabled, after?.enabled], [true, true]);
    const count = (feature: Feature | undefined): number => Number(/^\d+/.exec(feature?.detail ?? '')?.[0]);
    t.equal(count(after), count(before) - 1);
  });
});
