import assert from 'node:assert/strict';
import t from 'tap';
import { decodeReferringLink } from '../../../src/tables/links/link.js';
import type { ReferringLink } from '../../../src/tables/shared/records.js';
import { DecodeError } from '../../../src/netlink/error.js';
import * as uapi from '../../../src/netlink/uapi.js';
import { decodeAll, readDatagrams, viewOf } from '../../support/fixture.js';
import { attribute, hex, ifinfomsg, join, number, text, u8, u32 } from '../../support/message-builder.js';

const NAME = attribute(uapi.IFLA_IFNAME, text('x'));

function decode(payload: Uint8Array): ReferringLink | DecodeError {
  return decodeReferringLink(viewOf(payload), 0, payload.length);
}

/** A link of this ARPHRD type with these attributes. */
function link(type: number, ...attributes: Uint8Array[]): ReferringLink {
  const decoded = decode(join(ifinfomsg(9, type), NAME, ...attributes));
  if (decoded instanceof DecodeError) assert.fail(decoded.message);
  return decoded;
}

function refusedPayload(payload: Uint8Array): DecodeError {
  const decoded = decode(payload);
  assert.ok(decoded instanceof DecodeError);
  return decoded;
}

function refused(...attributes: Uint8Array[]): DecodeError {
  return refusedPayload(join(ifinfomsg(9), NAME, ...attributes));
}

function captured(name: string): ReferringLink {
  const found = decodeAll(readDatagrams('links', 'links')).links.find((candidate) => candidate.name === name);
  assert.ok(found, name);
  return found;
}

function sum(datagrams: readonly Uint8Array[]): number {
  return datagrams.reduce((total, datagram) => total + datagram.length, 0);
}

function info(...attributes: Uint8Array[]): Uint8Array {
  return attribute(uapi.IFLA_LINKINFO, ...attributes);
}

const kindName = (kind: string): Uint8Array => attribute(uapi.IFLA_INFO_KIND, text(kind));

t.test('decodeLink', async (t) => {
  t.test('leaves out what the kernel did not say', async (t) => {
    t.strictSame(link(1), {
      ifindex: 9,
      name: 'x',
      altnames: [],
      linkType: 'ether',
      flags: [],
      rawFlags: 0,
      operState: 'UNKNOWN',
      attributes: {},
      portAttributes: {},
      unknownAttributes: {},
      refs: [],
    });
  });

  t.test('refuses a link without a name, and one without a header', async (t) => {
    t.match(refusedPayload(ifinfomsg(9)).message, /wanted IFLA_IFNAME, got none/);
    t.match(refusedPayload(new Uint8Array(15)).message, /at least 16 bytes of header, got 15 bytes/);
  });

  t.test('prints the addresses of tunnels as IP addresses and InfiniBand’s in full', async (t) => {
    const ipv4 = attribute(uapi.IFLA_ADDRESS, hex('c0000201'));
    const gre = link(uapi.ARPHRD_IPGRE, ipv4, attribute(uapi.IFLA_BROADCAST, hex('c0000202')));
    t.strictSame([gre.linkType, gre.mac, gre.broadcast], ['gre', '192.0.2.1', '192.0.2.2']);
    const ipv6 = attribute(uapi.IFLA_ADDRESS, hex('20010db8000000000000000000000001'));
    t.strictSame([link(769, ipv6).linkType, link(769, ipv6).mac], ['tunnel6', '2001:db8::1']);
    t.equal(link(32, attribute(uapi.IFLA_ADDRESS, new Uint8Array(20))).mac, Array(20).fill('00').join(':'));
    t.equal(link(1, ipv4).mac, 'c0:00:02:01');
    t.equal('mac' in link(0xfffe, attribute(uapi.IFLA_ADDRESS)), false);
  });

  t.test('takes IFLA_LINK 0 for no link at all, but tells the kind of a missing peer nothing else', async (t) => {
    const unlinked = link(1, attribute(uapi.IFLA_LINK, u32(0)), info(kindName('veth')));
    t.equal('linkIfindex' in unlinked, false);
    t.strictSame(unlinked.refs, []);
  });

  t.test('resolves a kind whose name comes after its data and before IFLA_LINK', async (t) => {
    const data = attribute(uapi.IFLA_INFO_DATA, attribute(1, u32(4097)), attribute(15, hex('12b5')));
    const vxlan = link(
      1,
      info(data, kindName('vxlan')),
      attribute(uapi.IFLA_LINK, u32(4)),
      attribute(uapi.IFLA_LINK_NETNSID, u32(3)),
    );
    t.strictSame([vxlan.vxlan?.vni, vxlan.vxlan?.dstPort, vxlan.linkIfindex, vxlan.linkNsid], [4097, 4789, 4, 3]);
    const veth = link(1, info(kindName('veth')), attribute(uapi.IFLA_LINK, u32(4)), attribute(uapi.IFLA_LINK_NETNSID, u32(3)));
    t.strictSame(veth.refs, [{ role: 'peer', ifindex: 4, nsid: 3 }]);
  });

  t.test('keeps name and bytes of a kind that it does not know', async (t) => {
    const data = attribute(1, u32(7));
    const unknown = link(1, info(kindName('brandnew'), attribute(uapi.IFLA_INFO_DATA, data)));
    t.strictSame([unknown.kind, unknown.infoData, unknown.attributes, unknown.refs], ['brandnew', data, {}, []]);
  });

  t.test('keeps attributes that it does not know of kinds that it knows, and of ports', async (t) => {
    const vxlan = link(1, info(kindName('vxlan'), attribute(uapi.IFLA_INFO_DATA, attribute(1, u32(1)), attribute(4000, u8(5)))));
    t.strictSame(vxlan.unknownAttributes, { 'data/4000': u8(5) });
    const portData = attribute(uapi.IFLA_INFO_SLAVE_DATA, attribute(12, u8(1)));
    const port = link(1, info(attribute(uapi.IFLA_INFO_SLAVE_KIND, text('brandnew')), portData));
    t.strictSame([port.portKind, port.unknownAttributes], ['brandnew', { 'port/12': u8(1) }]);
  });

  t.test('keeps the link, and the bytes, when an attribute of its kind has another width than this release knows', async (t) => {
    const AGEING = 8;
    const data = attribute(
      uapi.IFLA_INFO_DATA,
      attribute(1, u32(4097)),
      attribute(AGEING, u32(1), u32(2)),
      attribute(9, u32(77)),
    );
    const vxlan = link(1, info(kindName('vxlan'), data));
    t.strictSame([vxlan.vxlan?.vni, vxlan.vxlan?.ageingSeconds, vxlan.vxlan?.limit], [4097, undefined, 77]);
    t.strictSame(vxlan.unknownAttributes, { 'data/8': join(u32(1), u32(2)) });
  });

  t.test('takes a kind’s name for nothing but a name', async (t) => {
    for (const name of ['constructor', '__proto__', 'toString', '']) {
      t.strictSame(link(1, info(kindName(name))).attributes, {});
    }
  });

  t.test('says where in which attribute the bytes were wrong', async (t) => {
    t.equal(refused(attribute(uapi.IFLA_MTU, u8(1))).detail.path, 'RTM_NEWLINK/4');
    const data = attribute(uapi.IFLA_INFO_DATA, hex('ff000100'));
    t.equal(refused(info(kindName('vxlan'), data)).detail.path, 'RTM_NEWLINK/IFLA_LINKINFO/IFLA_INFO_DATA');
    t.match(
      refused(attribute(uapi.IFLA_STATS64, new Uint8Array(8))).message,
      /at least 192 bytes of rtnl_link_stats64, got 8 bytes/,
    );
  });

  t.test('reads counters of older and of newer kernels', async (t) => {
    const words = (count: number): Uint8Array => join(...Array.from({ length: count }, (_, at) => number(8, BigInt(at + 1))));
    const old = link(1, attribute(uapi.IFLA_STATS64, words(24))).counters;
    t.strictSame([old?.rxPackets, old?.rxNohandler, old && 'rxOtherhostDropped' in old], [1n, 24n, false]);
    const newer = link(1, attribute(uapi.IFLA_STATS64, words(26))).counters;
    t.strictSame([newer?.txWindowErrors, newer?.rxOtherhostDropped], [21n, 25n]);
    t.equal(Object.keys(newer ?? {}).length, 25);
    const most = link(1, attribute(uapi.IFLA_STATS64, hex('ff'.repeat(192)))).counters;
    t.equal(most?.rxBytes, 0xffffffffffffffffn);
  });

  t.test('finds the id of an XDP program in whichever mode it is attached', async (t) => {
    const one = attribute(uapi.IFLA_XDP, attribute(2, u8(2)), attribute(uapi.IFLA_XDP_PROG_ID, u32(5)), attribute(6, u32(5)));
    t.equal(link(1, one).xdpProgramId, 5);
    const two = attribute(uapi.IFLA_XDP, attribute(2, u8(4)), attribute(uapi.IFLA_XDP_SKB_PROG_ID, u32(6)), attribute(5, u32(7)));
    t.equal(link(1, two).xdpProgramId, 7);
    t.equal('xdpProgramId' in link(1, attribute(uapi.IFLA_XDP, attribute(2, u8(0)))), false);
  });

  t.test('reads what only hardware and switches have', async (t) => {
    const port = link(
      1,
      attribute(uapi.IFLA_PHYS_PORT_ID, hex('0a0b')),
      attribute(uapi.IFLA_PHYS_SWITCH_ID, hex('00ff')),
      attribute(uapi.IFLA_PHYS_PORT_NAME, text('p1')),
      attribute(uapi.IFLA_PARENT_DEV_NAME, text('0000:00:03.0')),
      attribute(uapi.IFLA_PARENT_DEV_BUS_NAME, text('pci')),
      attribute(uapi.IFLA_PERM_ADDRESS, hex('020000000001')),
      attribute(uapi.IFLA_LINKMODE, u8(1)),
      attribute(uapi.IFLA_OPERSTATE, u8(5)),
    );
    t.strictSame([port.physPortId, port.physSwitchId, port.physPortName], ['0a0b', '00ff', 'p1']);
    t.strictSame([port.parentDevice, port.parentBus, port.permanentMac], ['0000:00:03.0', 'pci', '02:00:00:00:00:01']);
    t.strictSame([port.linkMode, port.operState], ['DORMANT', 'DORMANT']);
  });
});

t.test('a link as a kernel told of it', async (t) => {
  t.test('has its names, its alias and its settings', async (t) => {
    const { altnames, alias, mtu, group, txQueueLength, promiscuity, mac } = captured('va');
    t.strictSame(altnames, ['a-longer-name-than-the-kernel-would-take', 'second']);
    t.strictSame(
      [alias, mtu, group, txQueueLength, promiscuity, mac],
      ['uplink of "web" <b>', 1400, 7, 77, 1, '02:00:00:00:00:0a'],
    );
  });

  t.test('has the bytes of a name and an alias that are no UTF-8', async (t) => {
    const { nameBytes, alias, aliasBytes } = captured('n\ufffd\u001b[m');
    t.strictSame(nameBytes, hex('6eff1b5b6d'));
    t.strictSame([alias, aliasBytes], ['\ufffd("\\', hex('c328225c')]);
  });

  t.test('refers to a peer with its own ifindex in another namespace', async (t) => {
    const { ifindex, linkIfindex, linkNsid, refs } = captured('eth0');
    t.strictSame([ifindex, linkIfindex, linkNsid], [40, 40, 0]);
    t.strictSame(refs, [{ role: 'peer', ifindex: 40, nsid: 0 }]);
  });

  t.test('is the same when counters were not asked for, but for those that the kernel then leaves out', async (t) => {
    // Linux 6.18 leaves out those of IPv6 only, which are not decoded.
    const full = readDatagrams('links', 'links');
    const less = readDatagrams('links', 'links-skip-stats');
    t.ok(sum(less) < 0.85 * sum(full), `${sum(less)} of ${sum(full)} bytes`);
    const bare = (datagrams: readonly Uint8Array[]): unknown[] =>
      decodeAll(datagrams).links.map(
        ({ counters: _counters, attributes: _timers, portAttributes: _portTimers, ...rest }) => rest,
      );
    t.strictSame(bare(less), bare(full));
  });
});
