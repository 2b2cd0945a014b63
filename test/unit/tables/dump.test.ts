import t from 'tap';
import { DumpDecoder } from '../../support/dump.js';
import * as uapi from '../../../src/netlink/uapi.js';
import { decodeAll, readDatagrams, viewOf } from '../../support/fixture.js';
import { attribute, hex, ifaddrmsg, ifinfomsg, join, message, ndmsg, rtmsg, text, u32 } from '../../support/message-builder.js';

const DONE = message(uapi.NLMSG_DONE, u32(0));
const LINK = join(ifinfomsg(4), attribute(uapi.IFLA_IFNAME, text('eth0')));

function feed(...messages: Uint8Array[]): DumpDecoder {
  return decodeAll([join(...messages)], 'RTM_GETLINK');
}

t.test('DumpDecoder', async (t) => {
  t.test('tells an empty table from one that has no end yet', async (t) => {
    t.strictSame([feed(DONE).ended, feed(DONE).rows], [true, 0]);
    t.equal(feed(message(uapi.RTM_NEWLINK, LINK)).ended, false);
  });

  t.test('collects rows of many datagrams and of any table', async (t) => {
    const address = join(ifaddrmsg(2, 4, 24), attribute(uapi.IFA_LOCAL, hex('0a000001')));
    const decoder = decodeAll([message(uapi.RTM_NEWLINK, LINK), message(uapi.RTM_NEWADDR, address), DONE]);
    t.strictSame(
      [decoder.links[0]?.name, decoder.addresses[0]?.address, decoder.rows, decoder.ended],
      ['eth0', '10.0.0.1', 2, true],
    );
  });

  t.test('tells rows of forwarding tables from neighbours by their family', async (t) => {
    const neighbor = join(ndmsg(2, 4, 2), attribute(uapi.NDA_DST, hex('0a000001')));
    const decoder = feed(message(uapi.RTM_NEWNEIGH, ndmsg(7, 4, 2)), message(uapi.RTM_NEWNEIGH, neighbor), DONE);
    t.strictSame([decoder.fdb.length, decoder.neighbors.length, decoder.errors], [1, 1, []]);
  });

  t.test('sees an interruption on a row, and on DONE alone', async (t) => {
    const flags = uapi.NLM_F_DUMP_INTR | uapi.NLM_F_MULTI;
    t.equal(feed(message(uapi.RTM_NEWLINK, LINK, { flags }), DONE).interrupted, true);
    t.equal(feed(message(uapi.NLMSG_DONE, u32(0), { flags })).interrupted, true);
    t.equal(feed(message(uapi.RTM_NEWLINK, LINK), DONE).interrupted, false);
  });

  t.test('keeps the rows that came before an error', async (t) => {
    const decoder = feed(message(uapi.RTM_NEWLINK, LINK), message(uapi.NLMSG_DONE, u32(-12), { seq: 8 }));
    t.equal(decoder.links.length, 1);
    t.strictSame([decoder.failure?.errno, decoder.failure?.rtm, decoder.ended], [12, 'RTM_GETLINK', true]);
  });

  t.test('takes an acknowledgement for an end without a failure', async (t) => {
    const decoder = feed(message(uapi.NLMSG_ERROR, join(u32(0), new Uint8Array(16))));
    t.strictSame([decoder.ended, decoder.failure], [true, undefined]);
  });

  t.test('takes an overrun for lost data, and NOOP for nothing', async (t) => {
    t.equal(feed(message(uapi.NLMSG_OVERRUN, u32(0))).failure?.message, 'RTM_GETLINK dump: ENOBUFS');
    t.strictSame(feed(message(uapi.NLMSG_NOOP, u32(0)), DONE).errors, []);
  });

  t.test('records messages that no dump has', async (t) => {
    for (const type of [5, uapi.RTM_DELLINK, 4000]) {
      t.match(feed(message(type, u32(0))).errors[0]?.message ?? '', new RegExp(`got type ${type}`));
    }
  });

  t.test('passes over the jobs of the CAN gateway, which RTM_GETROUTE lists, too', async (t) => {
    const job = Uint8Array.from([uapi.AF_CAN, 1, 0, 0]);
    const decoder = feed(message(uapi.RTM_NEWROUTE, job), message(uapi.RTM_NEWROUTE, rtmsg({ family: 2 })), DONE);
    t.strictSame([decoder.routes.length, decoder.errors], [1, []]);
  });

  t.test('says of which interface a malformed row was', async (t) => {
    const broken = join(ifinfomsg(77), attribute(uapi.IFLA_MTU, text('x')));
    const decoder = feed(message(uapi.RTM_NEWLINK, broken), message(uapi.RTM_NEWLINK, LINK), DONE);
    t.strictSame(
      decoder.errors.map(({ detail }) => [detail.path, detail.ifindex]),
      [['RTM_NEWLINK/4', 77]],
    );
    t.equal(decoder.links.length, 1);
    const route = join(rtmsg({ family: 2 }), attribute(uapi.RTA_TABLE, text('x')));
    t.equal(feed(message(uapi.RTM_NEWROUTE, route)).errors[0]?.detail.ifindex, undefined);
  });

  t.test('keeps nothing of the datagram, which native code writes over', async (t) => {
    const datagram = readDatagrams('links', 'links')[0] as Uint8Array;
    const before = decodeAll([datagram.slice()]);
    const decoder = new DumpDecoder();
    decoder.datagram(viewOf(datagram), 0, datagram.length);
    datagram.fill(0xaa);
    t.strictSame(decoder.links, before.links);
  });
});
