import { chmodSync } from 'node:fs';
import t from 'tap';
import { items, nsatlas } from '../support/cli.js';
import { Scratch } from '../support/netns.js';

t.setTimeout(0);

const NO_CAPABILITY = ['--inh-caps=-all', '--bounding-set=-all'];

const ORDINARY_USER = ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups', ...NO_CAPABILITY];

/** No capability at all: an ordinary user, or where one cannot become another (in a user namespace) root without powers. */
const NOBODY = nsatlas(['--version'], ORDINARY_USER).status === 0 ? ORDINARY_USER : ['setpriv', ...NO_CAPABILITY];

t.test('without privileges', async (t) => {
  t.test('netns shows its own namespace, names the capability that is missing and what that means, exit status 1', async (t) => {
    const scratch = Scratch.create(t);
    chmodSync(scratch.dir, 0o755);
    const other = scratch.netns();
    const result = nsatlas(['netns', '-o', 'json'], NOBODY);
    const { items: namespaces, gaps } = items<{ id: string; status: string }>(result);
    t.equal(result.status, 1);
    t.ok(namespaces.some(({ status }) => status === 'OK'));
    t.equal(namespaces.find(({ id }) => id === other.id)?.status, 'DENIED');
    t.ok(gaps.some((gap) => gap['netnsId'] === other.id && gap['errno'] === 'EPERM'));
    t.match(result.stderr, /CAP_SYS_ADMIN is missing, so only this process’s own namespace can be read; run as root/);
    t.match(result.stderr, /CAP_SYS_PTRACE is missing/);
  });

  t.test('doctor says what is off, each with its capability', async (t) => {
    const result = nsatlas(['doctor'], NOBODY);
    t.equal(result.status, 1);
    for (const capability of ['CAP_SYS_ADMIN', 'CAP_SYS_PTRACE', 'CAP_DAC_READ_SEARCH'])
      t.match(result.stdout, new RegExp(`OFF +${capability} is missing`));
  });

  t.test('with CAP_SYS_ADMIN alone every mounted namespace can be read', async (t) => {
    const scratch = Scratch.create(t);
    const other = scratch.netns();
    const onlyAdmin = ['setpriv', '--bounding-set', '-all,+sys_admin', '--inh-caps', '-all,+sys_admin'];
    const { items: namespaces } = items<{ id: string; status: string }>(nsatlas(['netns', '-o', 'json'], onlyAdmin));
    t.equal(namespaces.find(({ id }) => id === other.id)?.status, 'OK');
  });
});
