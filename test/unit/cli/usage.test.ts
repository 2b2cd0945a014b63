import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { after, describe, it } from 'node:test';
import { run } from '../../../src/cli/program.js';
import { toJson } from '../../../src/wire/json.js';
import { NSATLAS } from '../../support/cli.js';
import { sampleSnapshot } from '../../support/sample.js';

const folder = mkdtempSync(join(tmpdir(), 'nsatlas-cli-'));
after(() => rmSync(folder, { recursive: true }));

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

describe('the command line', () => {
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
    it(`${command} --help says what it does and has an example`, async () => {
      const { status, stdout } = await nsatlas([command, '--help']);
      assert.equal(status, 0);
      assert.match(stdout, new RegExp(`Usage: nsatlas ${command} `));
      assert.match(stdout, /Example:\n {2}\S/);
    });
  }

  it('shows a saved snapshot as it shows a host', async () => {
    const { status, stdout, said } = await nsatlas(['veths', '--from', saved]);
    assert.deepEqual([status, said], [0, '']);
    assert.match(stdout, /^app_web\.1\.x +eth0 +10\.0\.1\.2\/24 +UP +<-> +veth0 /m);
  });

  it('writes JSON that it can read again, to the same JSON', async () => {
    const first = await nsatlas(['snapshot', '-o', 'json', '--from', saved]);
    writeFileSync(join(folder, 'again.json'), first.stdout);
    assert.deepEqual(await nsatlas(['snapshot', '-o', 'json', '--from', join(folder, 'again.json')]), first);
  });

  it('shows several snapshots together', async () => {
    const { stdout } = await nsatlas(['vxlans', '-o', 'json', '--from', saved, saved]);
    assert.equal((JSON.parse(stdout) as { items: unknown[] }).items.length, 2);
  });

  it('says the host of each row of several snapshots, and shows the one that --host asks for', async () => {
    const both = await nsatlas(['vxlans', '--from', saved, other]);
    assert.match(both.stdout, /^HOST +NETWORK .*\nh1 +app_net .*\nh2 +app_net /);
    const one = await nsatlas(['vxlans', '-o', 'json', '--from', saved, other, '--host', 'h2']);
    const { items } = JSON.parse(one.stdout) as { items: { host: string }[] };
    assert.deepEqual(
      items.map(({ host }) => host),
      ['host-2'],
    );
    const { stdout } = await nsatlas(['snapshot', '-o', 'json', '--from', saved, other, '--host', 'host-2']);
    assert.equal((JSON.parse(stdout) as { host: { id: string } }).host.id, 'host-2');
  });

  it('makes one fabric of several snapshots', async () => {
    const { status, stdout, said } = await nsatlas(['overlays', '--from', saved, other]);
    assert.deepEqual([status, said], [0, '']);
    assert.match(stdout, /^NETWORK .*\napp_net +4097 +h1 .*\napp_net +4097 +h2 /);
    const json = JSON.parse((await nsatlas(['overlays', '-o', 'json', '--from', saved, other])).stdout) as {
      items: { members: unknown[] }[];
    };
    assert.deepEqual(
      json.items.map(({ members }) => members.length),
      [2],
    );
  });

  it('lists the endpoints of the host that --host asks for, by address', async () => {
    const { status, stdout } = await nsatlas(['endpoints', '--from', saved, other, '--host', 'h2']);
    assert.equal(status, 0);
    assert.match(stdout, /^NETWORK .*\napp_net +4097 +10\.0\.1\.2 +h2 +app_web\.1\.x .*\n$/);
  });

  it('lists the hosts of snapshots with their age', async () => {
    const { status, stdout } = await nsatlas(['hosts', '--from', saved, other]);
    assert.equal(status, 0);
    assert.match(stdout, /^NAME +STATE +AGE .*\nh1 +STALE +\S+ .*a snapshot of 2026-11-21T06:00:00\.000Z\nh2 +STALE /);
  });

  it('lets a source on the line win over one in the environment', async () => {
    const env = { NSATLAS_COLLECTOR: '127.0.0.1:1', NSATLAS_HOST: 'h1', NSATLAS_AGENT: '127.0.0.1:1' };
    const { status, said } = await nsatlas(['veths', '--from', saved], env);
    assert.deepEqual([status, said], [0, '']);
    assert.match((await nsatlas(['veths'], env)).said, /--agent and --collector exclude each other/);
    assert.match((await nsatlas(['veths', '--agent', '127.0.0.1:9'], env)).said, /cannot reach the agent at 127\.0\.0\.1:9/);
  });

  it('exits with 1 and says what is missing when a saved snapshot has gaps', async () => {
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
    assert.deepEqual([status, said], [1, 'net:[20]: fdb: changed during each of 5 dumps']);
    assert.equal((await nsatlas(['routes', '--from', path])).status, 0);
  });

  it('takes flags from the environment, lists separated by commas, and the flag on the line wins', async () => {
    const names = ({ stdout }: Outcome): string[] =>
      (JSON.parse(stdout) as { items: { name: string }[] }).items.map(({ name }) => name);
    const env = { NSATLAS_OUTPUT: 'json', NSATLAS_INTERFACE: 'eth0,veth9' };
    assert.deepEqual(names(await nsatlas(['interfaces', '--from', saved], env)), ['veth9', 'eth0']);
    assert.deepEqual(names(await nsatlas(['interfaces', '--from', saved, '--interface', 'br0'], env)), ['br0']);
  });

  const wrong: readonly [args: string[], said: RegExp][] = [
    [['vethz'], /unknown command 'vethz'[\s\S]*Did you mean veths/],
    [['veths', '--nonsense'], /unknown option '--nonsense'/],
    [['veths', '-o', 'yaml'], /'yaml' is invalid.*table|json/],
    [['netns', '--role', 'boss'], /--role boss: unknown; one of host, container, overlay/],
    [['vxlans', '--vni', '99999999'], /--vni 99999999: not a number from 0 to 16777215/],
    [['vxlans', '--vni', '0x10'], /--vni 0x10: not a number/],
    [['fdb', '--mac', 'zz:zz'], /--mac zz:zz: not of the form/],
    [['netns', '--time-limit', 'soon'], /'soon' is invalid.*not a positive number/],
    [['watch', '--table', 'arp'], /--table arp: unknown; one of links, addresses, nsids, fdb, neighbors, routes/],
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
    it(`refuses ${args.join(' ')} with status 2 and a line that says why`, async () => {
      const { status, said, stdout } = await nsatlas(args);
      assert.equal(status, 2, said);
      assert.equal(stdout, '');
      assert.match(said, expected);
    });
  }

  it('takes the time limit from the environment, and says where a wrong one came from', async () => {
    const { status, said } = await nsatlas(['netns', '--netns-dir', folder], { NSATLAS_TIME_LIMIT: 'soon' });
    assert.equal(status, 2);
    assert.match(said, /'soon' from env 'NSATLAS_TIME_LIMIT' is invalid.*not a positive number/);
  });

  it('without a command shows the commands', async () => {
    const { said, stdout } = await nsatlas([]);
    assert.match(said + stdout, /veths[\s\S]*veth pairs across namespaces/);
  });

  it('says nothing when its reader goes away', () => {
    const snapshot = sampleSnapshot();
    const row = snapshot.namespaces[1]?.fdb[0];
    assert.ok(row);
    snapshot.namespaces[1]?.fdb.push(...Array.from({ length: 50_000 }, () => row));
    const path = join(folder, 'large.json');
    writeFileSync(path, toJson(snapshot));
    const pipe = `"${process.execPath}" "${NSATLAS}" fdb --from "${path}" | head -n 1; echo "status \${PIPESTATUS[0]}"`;
    const { stdout, stderr } = spawnSync('bash', ['-c', pipe], { encoding: 'utf8' });
    assert.equal(stderr, '');
    assert.match(stdout, /^NAMESPACE .*\nstatus 0\n$/);
  });

  it('does not wait for an agent that was never there', async () => {
    const { status, said, stdout } = await nsatlas(['watch', '--agent', '127.0.0.1:1']);
    assert.deepEqual([status, stdout], [1, '']);
    assert.match(said, /^cannot reach the agent at 127\.0\.0\.1:1: .*$/);
  });

  it('does not wait for a collector that was never there', async () => {
    for (const args of [['watch'], ['netns'], ['overlays'], ['hosts'], ['snapshot']]) {
      const { status, said, stdout } = await nsatlas([...args, '--collector', '127.0.0.1:1']);
      assert.deepEqual([status, stdout], [1, '']);
      assert.match(said, /^cannot reach the collector at 127\.0\.0\.1:1: .*; is `nsatlas collector` running\?$/);
    }
    const { said } = await nsatlas(['netns', '--collector', 'nowhere']);
    assert.match(said, /^nowhere is no address of a collector; give HOST:PORT \(127\.0\.0\.1:7127\) or unix:PATH$/);
  });

  it('says in one line that no agent is there', async () => {
    const { status, said } = await nsatlas(['netns', '--agent', '127.0.0.1:1']);
    assert.equal(status, 1);
    assert.match(said, /^cannot reach the agent at 127\.0\.0\.1:1: .*$/);
  });
});
