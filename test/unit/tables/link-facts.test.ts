import assert from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import { decodeReferringLink } from '../../../src/tables/links/link.js';
import { decodeLinkFacts } from '../../../src/tables/links/link-facts.js';
import { DecodeError } from '../../../src/netlink/error.js';
import { MessageReader } from '../../../src/netlink/messages.js';
import * as uapi from '../../../src/netlink/uapi.js';
import { captures, readDatagrams, viewOf } from '../../support/fixture.js';
import { vethRow } from '../../support/live-rows.js';

/** Payloads of all captured links. */
function links(): Uint8Array[] {
  return captures().flatMap(({ scenario, name }) =>
    readDatagrams(scenario, name).flatMap((datagram) => {
      const messages = new MessageReader(viewOf(datagram), 0, datagram.length);
      const found: Uint8Array[] = [];
      while (messages.next()) if (messages.type === uapi.RTM_NEWLINK) found.push(datagram.slice(messages.offset, messages.end));
      return found;
    }),
  );
}

/** The same facts by the long way. */
function factsOf(payload: Uint8Array): unknown {
  const link = decodeReferringLink(viewOf(payload), 0, payload.length);
  if (link instanceof DecodeError) return 'malformed';
  const peer = link.refs.find(({ role }) => role === 'peer');
  const isPair = ['veth', 'netkit', 'vxcan'].includes(link.kind ?? '');
  return {
    ifindex: link.ifindex,
    name: link.name,
    kind: link.kind,
    masterIfindex: link.masterIfindex,
    linkNsid: link.linkNsid,
    isPair,
    peer: isPair && peer !== undefined ? { ifindex: peer.ifindex, nsid: peer.nsid } : undefined,
  };
}

t.test('the facts of a link', async (t) => {
  t.test('are what decoding all of it says, for every captured link', async (t) => {
    const all = links();
    t.ok(all.length >= 20, `${all.length} links`);
    for (const payload of all) t.strictSame(decodeLinkFacts(viewOf(payload), 0, payload.length), factsOf(payload));
  });

  t.test('are an error, and nothing is read outside, for bytes that are no link', async () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 120 }), fc.nat(120), (noise, cut) => {
        const row = vethRow(7, 'eth0', 3, 1);
        for (const payload of [noise, row.slice(0, cut)]) {
          const facts = decodeLinkFacts(viewOf(payload), 0, payload.length);
          if (facts instanceof DecodeError) continue;
          assert.ok(facts.name.length > 0);
        }
      }),
    );
  });
});
