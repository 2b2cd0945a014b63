import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import t from 'tap';
import { run } from '../../../src/cli/program.js';
import { toJson } from '../../../src/wire/json.js';
import { NSATLAS } from '../../support/cli.js';
import { sampleSnapshot } from '../../support/sample.js';

const folder = mkdtempSync(join(tmpdir(), 'nsatlas-cli-'));
t.teardown(() => rmSync(folder, { recursive: true }));

const saved = join(folder, 'host.json');
writeFileSync(saved, toJson(sampleSnapshot()));

const other = join(folder, 'other.json');
writeFileSync(other, toJson({ ...sampleSnapshot(), host: { ...sampleSnapshot().host, id: 'host-2', name: 'h2' } }));

interface Outcome {
  readonly status: number;
  readonly stdout: string;
  /** What was said on stderr: usage by commander, and our own lines. */
  readonly said: string;
}

/** Runs the command line in this process, with streams that are kept. */
async function nsatlas(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Outcome> {
  const stream = (): NodeJS.WriteStream => new PassThrough({ highWaterMark: 1 << 26 }) as unknown as NodeJS.WriteStream;
  const [stdout, stderr] = [stream(), stream()];
  const lines: string[] = [];
  const before = { ...process.env };
  // commander reads the environment itself.
  Object.assign(process.env, env);
  try {
    const status = await run(args, { terminal: { stdout, stderr }, env, warn: (line) => lines.push(line) });
    const text = (from: NodeJS.WriteStream): string => String((from as unknown as PassThrough).read() ?? '');
    return { status, stdout: text(stdout), said: text(stderr) + lines.join('\n') };
  } finally {
    for (const name of Object.keys(env)) {
      if (before[name] === undefined) delete process.env[name];
      else process.env[name] = before[name];
    }
  }
}

t.test('the command line', async (t) => {
  for (const command of [
    'netns',
    'interfaces',
    'vxlans',
    'veths',
    'fdb',
    'neighbors',
    'routes',
    'hosts',
    'overlays',
    'endpoints',
    'snapshot',
    'watch',
    'agent',
    'collector',
    'up',
    'doctor',
  ]) {
    t.test(`${command} --help says what it does and has an example`, async (t) => {
      const { status, stdout } = await nsatlas([command, '--help']);
      t.equal(status, 0);
      t.match(stdout, new RegExp(`Usage: nsatlas ${command} `));
      t.match(stdout, /Example:\n {2}\S/);
    });
  }

  t.test('shows a saved snapshot as it shows a host', async (t) => {
    const { status, stdout, said } = await nsatlas(['veths', '--from', saved]);
    t.strictSame([status, said], [0, '']);
    t.match(stdout, /^app_web\.1\.x +eth0 +10\.0\.1\.2\/24 +UP +<-> +veth0 /m);
  });

  t.test('writes JSON that it can read again, to the same JSON', async (t) => {
    const first = await nsatlas(['snapshot', '-o', 'json', '--from', saved]);
    writeFileSync(join(folder, 'again.json'), first.stdout);
    t.strictSame(await nsatlas(['snapshot', '-o', 'json', '--from', join(folder, 'again.json')]), first);
  });

  t.test('shows several snapshots together', async (t) => {
    const { stdout } = await nsatlas(['vxlans', '-o', 'json', '--from', saved, saved]);
    t.equal((JSON.parse(stdout) as { items: unknown[] }).items.length, 2);
  });

  t.test('says the host of each row of several snapshots, and shows the one that --host asks for', async (t) => {
    const both = await nsatlas(['vxlans', '--from', saved, other]);
    t.match(both.stdout, /^HOST +NETWORK .*\nh1 +app_net .*\nh2 +app_net /);
    const one = await nsatlas(['vxlans', '-o', 'json', '--from', saved, other, '--host', 'h2']);
    const { items } = JSON.parse(one.stdout) as { items: { host: string }[] };
    t.strictSame(
      items.map(({ host }) => host),
      ['host-2'],
    );
    const { stdout } = await nsatlas(['snapshot', '-o', 'json', '--from', saved, other, '--host', 'host-2']);
    t.equal((JSON.parse(stdout) as { host: { id: string } }).host.id, 'host-2');
  });

  t.test('makes one fabric of several snapshots', async (t) => {
    const { status, stdout, said } = await nsatlas(['overlays', '--from', saved, other]);
    t.strictSame([status, said], [0, '']);
    t.match(stdout, /^NETWORK .*\napp_net +4097 +h1 .*\napp_net +4097 +h2 /);
    const json = JSON.parse((await nsatlas(['overlays', '-o', 'json', '--from', saved, other])).stdout) as {
      items: { members: unknown[] }[];
    };
    t.strictSame(
      json.items.map(({ members }) => members.length),
      [2],
    );
  });

  t.test('lists the endpoints of the host that --host asks for, by address', async (t) => {
    const { status, stdout } = await nsatlas(['endpoints', '--from', saved, other, '--host', 'h2']);
    t.equal(status, 0);
    t.match(stdout, /^NETWORK .*\napp_net +4097 +10\.0\.1\.2 +h2 +app_web\.1\.x .*\n$/);
  });

  t.test('lists the hosts of snapshots with their age', async (t) => {
    const { status, stdout } = await nsatlas(['hosts', '--from', saved, other]);
    t.equal(status, 0);
    t.match(stdout, /^NAME +STATE +AGE .*\nh1 +STALE +\S+ .*a snapshot of 2026-11-21T06:00:00\.000Z\nh2 +STALE /);
  });

  t.test('lets a source on the line win over one in the environment', async (t) => {
    const env = { NSATLAS_COLLECTOR: '127.0.0.1:1', NSATLAS_HOST: 'h1', NSATLAS_AGENT: '127.0.0.1:1' };
    const { status, said } = await nsatlas(['veths', '--from', saved], env);
    t.strictSame([status, said], [0, '']);
    t.match((await nsatlas(['veths'], env)).said, /--agent and --collector exclude each other/);
    t.match((await nsatlas(['veths', '--agent', '127.0.0.1:9'], env)).said, /cannot reach the agent at 127\.0\.0\.1:9/);
  });

  t.test('exits with 1 and says what is missing when a saved snapshot has gaps', async (t) => {
    const snapshot = sampleSnapshot();
    snapshot.gaps = [
      {
        status: 'INTERRUPTED',
        netnsId: 'net:[20]',
        table: 'FDB',
        operation: 'dump',
        message: 'net:[20]: fdb: changed during each of 5 dumps',
      },
    ];
    const path = join(folder, 'gaps.json');
    writeFileSync(path, toJson(snapshot));
    const { status, said } = await nsatlas(['fdb', '--from', path]);
    t.strictSame([status, said], [1, 'net:[20]: fdb: changed during each of 5 dumps']);
    t.equal((await nsatlas(['routes', '--from', path])).status, 0);
  });

  t.test('takes flags from the environment, lists separated by commas, and the flag on the line wins', async (t) => {
    const names = ({ stdout }: Outcome): string[] =>
      (JSON.parse(stdout) as { items: { name: string }[] }).items.map(({ name }) => name);
    const env = { NSATLAS_OUTPUT: 'json', NSATLAS_INTERFACE: 'eth0,veth9' };
    t.strictSame(names(await nsatlas(['interfaces', '--from', saved], env)), ['veth9', 'eth0']);
    t.strictSame(names(await nsatlas(['interfaces', '--from', saved, '--interface', 'br0'], env)), ['br0']);
  });

  const wrong: readonly [args: string[], said: RegExp][] = [
    [['vethz'], /unknown command 'vethz'[\s\S]*Did you mean veths/],
    [['veths', '--nonsense'], /unknown option '--nonsense'/],
    [['veths', '-o', 'yaml'], /'yaml' is invalid.*table|json/],
    [['netns', '--role', 'boss'], /--role boss: unknown; one of host, container, overlay/],
    [['vxlans', '--vni', '99999999'], /--vni 99999999: not a number from 0 to 16777215/],
    [['vxlans', '--vni', '0x10'], /--vni 0x10: not a number/],
    [['rules', '--ip', '10.0.0.300'], /--ip 10\.0\.0\.300: not an IP address like/],
    [['fdb', '--mac', 'zz:zz'], /--mac zz:zz: not of the form/],
    [['netns', '--time-limit', 'soon'], /'soon' is invalid.*not a positive number/],
    [['watch', '--table', 'arp'], /--table arp: unknown; one of links, addresses, nsids, fdb, neighbors, /],
    [['watch', '--vni', '7'], /unknown option '--vni'/],
    [['watch', '--role', 'boss'], /--role boss: unknown/],
    [['agent', '--rescan', '0'], /'0' is invalid.*not a positive number/],
    [['veths', '--agent', '127.0.0.1:1', '--from', saved], /--agent and --from exclude each other/],
    [['veths', '--agent', '127.0.0.1:1', '--collector', '127.0.0.1:1'], /--agent and --collector exclude each other/],
    [['watch', '--agent', '127.0.0.1:1', '--collector', '127.0.0.1:1'], /--agent and --collector exclude each other/],
    [['hosts', '--collector', '127.0.0.1:1', '--from', saved], /--from and --collector exclude each other/],
    [['fdb', '--collector', '127.0.0.1:1', '--counters'], /--counters: a collector has no counters; .*--agent/],
    [['netns', '--host', 'h1'], /--host selects among several hosts: use it with --collector or --from/],
    [['watch', '--host', 'h1', '--agent', '127.0.0.1:1'], /--host selects among several hosts: use it with --collector$/],
    [['hosts', '--vni', '7'], /unknown option '--vni'/],
    [['overlays', '--kind', 'vxlan'], /unknown option '--kind'/],
    [['netconf', '--ip', '10.0.0.1'], /unknown option '--ip'/],
    [['routes', '--mac', '02:42:0a:00:01:02'], /unknown option '--mac'/],
    [['netns', '--vni', '7'], /unknown option '--vni'/],
    [['snapshot', '--from', saved, other], /snapshot shows one host: give --host with one of h1 \(host-1\), h2 \(host-2\)/],
    [['snapshot', '--from', saved, other, '--host', 'h3'], /--host matches no host; known hosts: h1 \(host-1\), h2 \(host-2\)/],
    [
      ['snapshot', '--from', saved, saved],
      /--from: file .* and file .* are snapshots of the same host h1 \(host-1\): give one of them/,
    ],
    [['overlays', '--from', saved, saved], /are snapshots of the same host h1 \(host-1\)/],
    [['collector'], /no agent to follow: give --agent or --agents-file/],
    [['collector', '--agent', 'nowhere'], /--agent "nowhere" is neither HOST:PORT/],
    [['collector', '--agent', '127.0.0.1:1', '--table', 'arp'], /--table arp: unknown/],
    [['collector', '--agent', '127.0.0.1:1', '--forget', '-1'], /'-1' is invalid/],
    [['veths', '--from', '/nowhere/host.json'], /--from \/nowhere\/host\.json: .*ENOENT.*nsatlas snapshot -o json/],
    [['veths', '--from', '/etc/passwd'], /--from \/etc\/passwd: .*nsatlas snapshot -o json/],
  ];
  for (const [args, expected] of wrong) {
    t.test(`refuses ${args.join(' ')} with status 2 and a line that says why`, async (t) => {
      const { status, said, stdout } = await nsatlas(args);
      t.equal(status, 2, said);
      t.equal(stdout, '');
      t.match(said, expected);
    });
  }

  t.test('takes the time limit from the environment, and says where a wrong one came from', async (t) => {
    const { status, said } = await nsatlas(['netns', '--netns-dir', folder], { NSATLAS_TIME_LIMIT: 'soon' });
    t.equal(status, 2);
    t.match(said, /'soon' from env 'NSATLAS_TIME_LIMIT' is invalid.*not a positive number/);
  });

  t.test('without a command shows the commands', async (t) => {
    const { said, stdout } = await nsatlas([]);
    t.match(said + stdout, /veths[\s\S]*veth pairs across namespaces/);
  });

  t.test('says nothing when its reader goes away', async (t) => {
    const snapshot = sampleSnapshot();
    const row = snapshot.namespaces[1]?.fdb[0];
    assert.ok(row);
    snapshot.namespaces[1]?.fdb.push(...Array.from({ length: 50_000 }, () => row));
    const path = join(folder, 'large.json');
    writeFileSync(path, toJson(snapshot));
    const pipe = `"${process.execPath}" "${NSATLAS}" fdb --from "${path}" | head -n 1; echo "status \${PIPESTATUS[0]}"`;
    const { stdout, stderr } = spawnSync('bash', ['-c', pipe], { encoding: 'utf8' });
    t.equal(stderr, '');
    t.match(stdout, /^NAMESPACE .*\nstatus 0\n$/);
  });

  t.test('does not wait for an agent that was never there', async (t) => {
    const { status, said, stdout } = await nsatlas(['watch', '--agent', '127.0.0.1:1']);
    t.strictSame([status, stdout], [1, '']);
    t.match(said, /^cannot reach the agent at 127\.0\.0\.1:1: .*$/);
  });

  t.test('does not wait for a collector that was never there', async (t) => {
    for (const args of [['watch'], ['netns'], ['overlays'], ['hosts'], ['snapshot']]) {
      const { status, said, stdout } = await nsatlas([...args, '--collector', '127.0.0.1:1']);
      t.strictSame([status, stdout], [1, '']);
      t.match(
        said,
        /^cannot reach the collector at 127\.0\.0\.1:1: .*; is `nsatlas collector` running\? \[ERR_NSATLAS_COLLECTOR_UNREACHABLE\]$/,
      );
    }
    const { said } = await nsatlas(['netns', '--collector', 'nowhere']);
    t.match(
      said,
      /^nowhere is not a collector address; give HOST:PORT \(127\.0\.0\.1:7127\) or unix:PATH \[ERR_NSATLAS_COLLECTOR_UNREACHABLE\]$/,
    );
  });

  t.test('says in one line that no agent is there', async (t) => {
    const { status, said } = await nsatlas(['netns', '--agent', '127.0.0.1:1']);
    t.equal(status, 1);
    t.match(said, /^cannot reach the agent at 127\.0\.0\.1:1: .*$/);
  });
});
