import assert from 'node:assert/strict';
import t from 'tap';
import { items, nsatlas } from '../support/cli.js';
import { Scratch, type ScratchNetns } from '../support/netns.js';

t.setTimeout(0);

interface End {
  readonly netnsId: string;
  readonly ifindex: number;
  readonly name: string;
}

interface Pair {
  readonly status: string;
  readonly a: End;
  readonly b?: End;
}

function pairsOf(scratch: Scratch): Pair[] {
  const result = nsatlas(['veths', '-o', 'json', '--netns-dir', scratch.dir]);
  assert.equal(result.stderr, '');
  return items<Pair>(result).items;
}

/** "netns/ifindex netns/ifindex", lower first. */
function ends(pair: Pair): string {
  return [pair.a, pair.b]
    .map((end) => (end === undefined ? 'nothing' : `${end.netnsId}/${end.ifindex}`))
    .sort()
    .join(' ');
}

/** A namespace whose only link beside lo is `name`, with ifindex 2. */
function cable(scratch: Scratch): [ScratchNetns, ScratchNetns] {
  const a = scratch.netns();
  const b = scratch.netns();
  scratch.veth({ netns: a, name: 'eth0' }, { netns: b, name: 'eth0' });
  return [a, b];
}

t.test('veth pairs of the real kernel', async (t) => {
  t.test('are right when every veth has ifindex 2 and its peer too', async (t) => {
    const scratch = Scratch.create(t);
    const cables = [cable(scratch), cable(scratch), cable(scratch)];
    const pairs = pairsOf(scratch);
    t.strictSame(
      pairs.map((pair) => `${pair.status} ${ends(pair)}`).sort(),
      cables.map(([a, b]) => `PAIRED ${[`${a.id}/2`, `${b.id}/2`].sort().join(' ')}`).sort(),
    );
  });

  t.test('are PEER_NOT_VISIBLE when the other namespace cannot be seen, though a twin of the peer can', async (t) => {
    const scratch = Scratch.create(t);
    const elsewhere = Scratch.create(t);
    const seen = scratch.netns();
    const hidden = elsewhere.netns();
    scratch.veth({ netns: seen, name: 'eth0' }, { netns: hidden, name: 'eth0' });
    const [a, b] = cable(scratch);
    const pairs = pairsOf(scratch);
    const lonely = pairs.find((pair) => pair.a.netnsId === seen.id);
    t.equal(lonely?.status, 'PEER_NOT_VISIBLE');
    t.equal(lonely?.b, undefined);
    t.strictSame(pairs.filter((pair) => pair.status === 'PAIRED').map(ends), [[`${a.id}/2`, `${b.id}/2`].sort().join(' ')]);
  });

  t.test('are found inside one namespace', async (t) => {
    const scratch = Scratch.create(t);
    const netns = scratch.netns();
    netns.ip('link add va type veth peer name vb');
    t.strictSame(
      pairsOf(scratch).map((pair) => `${pair.status} ${ends(pair)}`),
      [`PAIRED ${netns.id}/2 ${netns.id}/3`],
    );
  });

  t.test('of a host with many containers are all found, each once', async (t) => {
    const scratch = Scratch.create(t);
    const host = scratch.netns('host');
    const containers = scratch.many(60);
    for (const [at, netns] of containers.entries()) scratch.veth({ netns, name: 'eth0' }, { netns: host, name: `veth${at}` });
    const pairs = pairsOf(scratch);
    t.equal(pairs.length, containers.length);
    for (const [at, netns] of containers.entries()) {
      const pair = pairs.find(({ a, b }) => a.netnsId === netns.id || b?.netnsId === netns.id);
      const other = pair?.a.netnsId === netns.id ? pair.b : pair?.a;
      t.strictSame([pair?.status, other?.netnsId, other?.name], ['PAIRED', host.id, `veth${at}`]);
    }
  });

  t.test('name the namespace of a macvlan’s lower', async (t) => {
    const scratch = Scratch.create(t);
    const lower = scratch.netns();
    const upper = scratch.netns();
    lower.ip('link add va type veth peer name vb');
    lower.exec(['ip', 'link', 'add', 'mv0', 'link', 'va', 'netns', upper.path, 'type', 'macvlan', 'mode', 'bridge']);
    const links = items<{ name: string; linkNetnsId?: string; linkIfindex?: number }>(
      nsatlas(['interfaces', '-o', 'json', '--netns-dir', scratch.dir, '--interface', 'mv0']),
    ).items;
    t.strictSame(
      links.map(({ linkNetnsId, linkIfindex }) => [linkNetnsId, linkIfindex]),
      [[lower.id, 3]],
    );
  });
});
