import assert from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import { decodeLink } from '../../../src/tables/links/link.js';
import { decodeLinkCounters } from '../../../src/tables/links/link-counters.js';
import { DecodeError } from '../../../src/netlink/error.js';
import { MessageReader } from '../../../src/netlink/messages.js';
import * as uapi from '../../../src/netlink/uapi.js';
import { captures, readDatagrams, viewOf } from '../../support/fixture.js';

t.test('the counters of a link', async (t) => {
  t.test('are what decoding all of it says, for every captured link that has any', async (t) => {
    let links = 0;
    for (const { scenario, name } of captures()) {
      for (const datagram of readDatagrams(scenario, name)) {
        const messages = new MessageReader(viewOf(datagram), 0, datagram.length);
        while (messages.next()) {
          if (messages.type !== uapi.RTM_NEWLINK) continue;
          const whole = decodeLink(messages.view, messages.offset, messages.end);
          const some = decodeLinkCounters(messages.view, messages.offset, messages.end);
          if (whole instanceof DecodeError || whole.counters === undefined) {
            assert.ok(some instanceof DecodeError);
            continue;
          }
          assert.ok(!(some instanceof DecodeError));
          links++;
          const { rxPackets, txPackets, rxBytes, txBytes, rxErrors, txErrors, rxDropped, txDropped } = whole.counters;
          const wanted = [rxPackets, txPackets, rxBytes, txBytes, rxErrors, txErrors, rxDropped, txDropped].map(Number);
          assert.deepEqual([...some.counters], wanted);
          const { ifindex, kind, masterIfindex, isLoopback } = some;
          const identity = { ifindex: whole.ifindex, kind: whole.kind, masterIfindex: whole.masterIfindex };
          assert.deepEqual({ ifindex, kind, masterIfindex }, identity);
          assert.equal(isLoopback, whole.flags.includes('LOOPBACK'));
          assert.equal(some.name.text, whole.name);
          if (some.mac !== undefined) assert.equal(some.mac, whole.mac);
        }
      }
    }
    t.ok(links >= 20, `${links} links`);
  });

  t.test('are an error for bytes that are no link, and nothing is read outside of them', async () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (noise) => {
        const some = decodeLinkCounters(viewOf(noise), 0, noise.length);
        if (!(some instanceof DecodeError)) assert.equal(some.counters.length, 8);
      }),
    );
  });
});
