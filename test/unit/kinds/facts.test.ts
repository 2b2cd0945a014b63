// What people see of each kind: the list of interfaces and the lines of `nsatlas watch`. `node dist/test/unit/kinds/facts.test.js --update`
// writes the golden.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import t from 'tap';
import type { LinkKind } from '../../../src/kinds/contract.js';
import { factsOf, factWords } from '../../../src/kinds/facts.js';
import { KINDS } from '../../../src/kinds/registry.gen.js';
import { named } from '../../../src/kinds/shared/facts.js';
import { netnsName } from '../../../src/model/ids.js';
import { LISTS } from '../../../src/model/lists.js';
import type { Interface } from '../../../src/model/types.js';
import { output } from '../../../src/outputs/table.js';
import { watchLines } from '../../../src/outputs/watch-lines.js';
import { DecodeError } from '../../../src/netlink/error.js';
import * as uapi from '../../../src/netlink/uapi.js';
import { fixtureCases, fixtureKinds, viewOf } from '../../support/kinds.js';
import { attribute, ifinfomsg, join as joinBytes, text, u32 } from '../../support/message-builder.js';
import { rendered } from '../../support/rendered.js';
import { ROOT } from '../../support/root.js';
import { fakeLink, fakeNetns } from '../agent/fake-host.js';
import { sampleSnapshot } from '../../support/sample.js';

const GOLDEN = join(ROOT, 'test/fixtures/outputs/kinds.txt');
const update = process.argv.includes('--update');
const NETNS = fakeNetns(1);

/** A kind that nothing but this file knows. */
const PLANTED: LinkKind = {
  kind: 'planted',
  data: { 1: ['colour', (bytes) => bytes.string()], 2: ['depth', (bytes) => bytes.u32()] },
  pair: true,
  facts: (link) => named(link, 'depth=deep', 'colour'),
};
(KINDS as Map<string, LinkKind>).set('planted', PLANTED);
// Only now, for some of what is made of the kinds is made once.
const { decodeLink } = await import('../../../src/tables/links/link.js');
const { decodeLinkFacts } = await import('../../../src/tables/links/link-facts.js');

/** RTM_NEWLINK of a link with this IFLA_LINKINFO. */
function message(ifindex: number, name: string, linkinfo: Uint8Array, ...more: Uint8Array[]): Uint8Array {
  return joinBytes(
    ifinfomsg(ifindex, 1),
    attribute(uapi.IFLA_IFNAME, text(name)),
    attribute(uapi.IFLA_LINKINFO, linkinfo),
    ...more,
  );
}

/** The interface that lists show. */
function shown(bytes: Uint8Array): Interface {
  const record = decodeLink(viewOf(bytes), 0, bytes.length);
  if (record instanceof DecodeError) assert.fail(record.message);
  return { ...fakeLink(NETNS.id, record.ifindex), ...record, operState: 'UP', flags: ['UP'] };
}

function listOf(interfaces: Interface[]): string {
  const snapshot = { ...sampleSnapshot(), namespaces: [{ ...NETNS, interfaces }] };
  return rendered(output, { name: 'interfaces', listing: LISTS.interfaces.list(snapshot, {}) }, {});
}

function lineOf(link: Interface): string {
  return watchLines({ what: 'interface', netns: NETNS, new: link }, (id) => id).join('\n');
}

/** Every captured link, by its kind. */
const CAPTURED = fixtureKinds().flatMap((kind) =>
  fixtureCases(kind).cases.map(({ name, linkinfo, face }) => shown(message(face.ifindex, `${kind}-${name}`, linkinfo))),
);

t.test('lists and watch lines show of every captured link what they showed before', async (t) => {
  const text = `${listOf(CAPTURED)}\n${CAPTURED.map(lineOf).join('\n')}\n`;
  if (update) writeFileSync(GOLDEN, text);
  t.equal(text, readFileSync(GOLDEN, 'utf8'));
});

for (const [name, kind] of KINDS) {
  if (kind === PLANTED) continue;
  const links = CAPTURED.filter((link) => link.kind === name);

  t.test(`a ${name} that has attributes has facts, and the list and a watch line show them`, async (t) => {
    t.equal(kind.facts === undefined, Object.keys(kind.data).length === 0);
    t.equal(kind.facts === undefined, !links.some((link) => factsOf(link).length > 0));
    for (const link of links) {
      const words = factWords(factsOf(link)) ?? '';
      t.ok(listOf([link]).includes(words), `the list shows ${words}`);
      t.ok(lineOf(link).includes(kind.usual === true ? words : `${name} ${words}`.trim()), `a watch line shows ${words}`);
    }
  });
}

t.test('every attribute of a kind with a message is in the message or stays an attribute', async (t) => {
  for (const [kind, { data, typed }] of KINDS) {
    if (typed === undefined) continue;
    for (const [name] of Object.values(data)) {
      const isInMessage = !isDeepStrictEqual(typed.message({ [name]: '7-9' }), typed.message({}));
      t.not(isInMessage, typed.others.includes(name), `${kind} ${name}`);
    }
  }
});

t.test(
  'a kind that is added appears in the list, in watch lines and as one end of a pair, with no other file changed',
  async (t) => {
    const info = joinBytes(
      attribute(uapi.IFLA_INFO_KIND, text('planted')),
      attribute(uapi.IFLA_INFO_DATA, attribute(1, text('green')), attribute(2, u32(7))),
    );
    const bytes = message(5, 'a', info, attribute(uapi.IFLA_LINK, u32(6)));
    const link = shown(bytes);
    t.match(listOf([link]), /\ba +planted .* deep 7 colour green /);
    t.equal(lineOf(link), `+ a@${netnsName(NETNS)} planted deep 7 colour green UP 10.0.1.2/24`);
    const repainted = { ...link, attributes: { ...link.attributes, colour: 'red' } };
    t.strictSame(
      watchLines({ what: 'interface', netns: NETNS, old: link, new: repainted }, (id) => id),
      [`~ a@${netnsName(NETNS)} colour green → red`],
    );

    const facts = decodeLinkFacts(viewOf(bytes), 0, bytes.length);
    t.strictSame(facts instanceof DecodeError ? facts : [facts.isPair, facts.peer], [true, { ifindex: 6, nsid: undefined }]);
  },
);
