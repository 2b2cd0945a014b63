import type { Scratch, ScratchNetns } from './netns.js';

/** mulberry32: the same topology for the same seed, on every machine. */
export function randomSource(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

/**
 * Namespaces with everything that people make: veths within and across them, bridges with ports, vxlans of several
 * sorts, macvlans, taps, many addresses of both families, odd MTUs, alternative names, promiscuous ports.
 */
export function buildTopology(scratch: Scratch, count: number, seed: number): ScratchNetns[] {
  const random = randomSource(seed);
  const namespaces = scratch.many(count);
  for (const [at, netns] of namespaces.entries()) {
    netns.ip('link set lo up');
    netns.ipBatch(ownLinks(at, random));
  }
  for (const [at, netns] of namespaces.entries()) {
    const other = namespaces[(at + 1 + random(count - 1)) % count];
    if (other === undefined || other === netns) continue;
    scratch.veth({ netns, name: `x${at}` }, { netns: other, name: `y${at}` });
    if (at % 3 === 0) netns.ip(`link set x${at} master br0`);
    if (at % 4 === 1) netns.ip(`link set x${at} promisc on`);
    other.ipBatch([
      `addr add 10.${200 + (at % 50)}.${at}.1/${16 + random(15)} dev y${at}`,
      `link set y${at} mtu ${68 + random(9000)}`,
    ]);
  }
  return namespaces;
}

function ownLinks(at: number, random: (below: number) => number): string[] {
  const lines = [
    `link add br0 mtu 1450 type bridge ageing_time ${1000 + random(9000)} priority ${random(8) * 4096}`,
    'link set br0 up',
  ];
  for (let index = 0; index < random(4); index++)
    lines.push(`addr add 10.${at}.${index}.1/${8 + random(22)} dev br0 ${index === 0 ? 'label br0:a' : ''}`.trim());
  for (let index = 0; index < random(4); index++)
    lines.push(`addr add fd00:${at}:${index}::${random(65_536).toString(16)}/${48 + random(80)} dev br0 nodad`);
  lines.push(
    'link add va type veth peer name vb',
    `link set va mtu ${1280 + random(700)} up`,
    'link set vb up master br0',
    `link property add dev va altname alternative-${at}-one altname two${at}`,
  );
  lines.push(`link set va alias ${['plain', 'customer-7/uplink', 'x'.repeat(200)][random(3)] ?? 'plain'}`);
  lines.push(
    `addr add 192.168.${at}.1 peer 172.16.${at}.9/32 dev va`,
    `addr add 100.64.${at}.1/24 dev va valid_lft ${40_000 + random(1000)} preferred_lft 20000`,
  );
  const vxlan = [
    `link add vxlan0 type vxlan id ${4096 + at} dstport 4789 learning proxy l2miss l3miss udpcsum`,
    `link add vxlan0 type vxlan id ${1 + random(16_000_000)} dstport 8472 local 10.${at}.0.1 nolearning ttl ${1 + random(254)} tos 0x10 ageing ${random(1000)}`,
    `link add vxlan0 type vxlan id ${1 + random(100)} dstport 4790 remote 10.9.9.9 srcport 40000 50000 maxaddress 77 noudpcsum`,
    `link add vxlan0 type vxlan id ${1 + random(100)} dstport 4791 remote fd00::77 udp6zerocsumtx udp6zerocsumrx rsc`,
    'link add vxlan0 type vxlan external dstport 4792',
  ][random(5)];
  if (vxlan !== undefined)
    lines.push(vxlan, 'link set vxlan0 master br0', `link set vxlan0 ${at % 2 === 0 ? 'up' : 'down'} mtu 1400`);
  lines.push(
    `link add mv0 link va type macvlan mode ${['bridge', 'private', 'vepa', 'passthru'][random(4)] ?? 'bridge'}`,
    'link set mv0 up',
  );
  lines.push(
    `tuntap add dev tap0 mode tap ${random(2) === 0 ? 'multi_queue' : ''}`.trim(),
    'tuntap add dev tun0 mode tun',
    `link set tap0 txqueuelen ${1 + random(5000)} group ${random(500)}`,
  );
  return lines;
}
