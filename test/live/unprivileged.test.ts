import assert from 'node:assert/strict';
import { chmodSync } from 'node:fs';
import { describe, it } from 'node:test';
import { items, nsatlas } from '../support/cli.js';
import { Scratch } from '../support/netns.js';

const NO_CAPABILITY = ['--inh-caps=-all', '--bounding-set=-all'];

const ORDINARY_USER = ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups', ...NO_CAPABILITY];

/** No capability at all: an ordinary user, or where one cannot become another (in a user namespace) root without powers. */
const NOBODY = nsatlas(['--version'], ORDINARY_USER).status === 0 ? ORDINARY_USER : ['setpriv', ...NO_CAPABILITY];

describe('without privileges', () => {
  it('netns shows its own namespace, names the capability that is missing and what that means, exit status 1', (t) => {
    const scratch = Scratch.create(t);
    chmodSync(scratch.dir, 0o755);
    const other = scratch.netns();
    const result = nsatlas(['netns', '-o', 'json'], NOBODY);
    const { items: namespaces, gaps } = items<{ id: string; status: string }>(result);
    assert.equal(result.status, 1);
    assert.ok(namespaces.some(({ status }) => status === 'OK'));
    assert.equal(namespaces.find(({ id }) => id === other.id)?.status, 'DENIED');
    assert.ok(gaps.some((gap) => gap['netnsId'] === other.id && gap['errno'] === 'EPERM'));
    assert.match(result.stderr, /CAP_SYS_ADMIN is missing, so only this process’s own namespace can be read; run as root/);
    assert.match(result.stderr, /CAP_SYS_PTRACE is missing/);
  });

  it('doctor says what is off, each with its capability', () => {
    const result = nsatlas(['doctor'], NOBODY);
    assert.equal(result.status, 1);
    for (const capability of ['CAP_SYS_ADMIN', 'CAP_SYS_PTRACE', 'CAP_DAC_READ_SEARCH'])
      assert.match(result.stdout, new RegExp(`OFF +${capability} is missing`));
  });

  it('with CAP_SYS_ADMIN alone every mounted namespace can be read', (t) => {
    const scratch = Scratch.create(t);
    const other = scratch.netns();
    const onlyAdmin = ['setpriv', '--bounding-set', '-all,+sys_admin', '--inh-caps', '-all,+sys_admin'];
    const { items: namespaces } = items<{ id: string; status: string }>(nsatlas(['netns', '-o', 'json'], onlyAdmin));
    assert.equal(namespaces.find(({ id }) => id === other.id)?.status, 'OK');
  });
});
