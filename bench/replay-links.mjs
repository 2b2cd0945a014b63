// Interfaces as an agent tells them in Watch: what a kernel 6.18 says of the links of a Swarm host, less what changes all the time.

const COMMON = {
  altnames: [],
  linkType: 'ether',
  broadcast: 'ff:ff:ff:ff:ff:ff',
  minMtu: 68,
  maxMtu: 65535,
  flags: ['UP', 'BROADCAST', 'RUNNING', 'MULTICAST', 'LOWER_UP'],
  rawFlags: 69699,
  operState: 'UP',
  linkMode: 'DEFAULT',
  carrier: true,
  carrierChanges: 2,
  carrierUpCount: 1,
  carrierDownCount: 1,
  group: 0,
  txQueueLength: 1000,
  qdisc: 'noqueue',
  promiscuity: 0,
  allmulti: 0,
  numTxQueues: 1,
  numRxQueues: 1,
  gsoMaxSize: 65536,
  gsoMaxSegs: 65535,
  gsoIpv4MaxSize: 65536,
  groMaxSize: 65536,
  groIpv4MaxSize: 65536,
  tsoMaxSize: 524280,
  tsoMaxSegs: 65535,
  protoDown: false,
  addrGenMode: 'eui64',
  attributes: {},
  portAttributes: {},
  unknownAttributes: {},
};

/** IFLA_BRPORT_*, as they are when nobody has set any of them. */
const PORT = Object.fromEntries(
  (
    'state=forwarding priority=32 cost=2 hairpin=false guard=false root_block=false fastleave=false mcast_to_unicast=false learning=true ' +
    'flood=true mcast_flood=true bcast_flood=true proxy_arp=false proxy_arp_wifi=false designated_port=32770 designated_cost=0 id=0x8002 ' +
    'no=0x2 topology_change_ack=0 config_pending=0 vlan_tunnel=false group_fwd_mask=0 neigh_suppress=false mrp_ring_open=false ' +
    'mrp_in_open=false isolated=false locked=false mab=false neigh_vlan_suppress=false multicast_router=1 mcast_eht_hosts_limit=512 ' +
    'mcast_eht_hosts_cnt=0 mcast_n_groups=1 mcast_max_groups=0 group_fwd_mask_str=0x0'
  )
    .split(' ')
    .map((pair) => pair.split('=')),
);

/** IFLA_BR_*. */
const BRIDGE = Object.fromEntries(
  (
    'forward_delay=1500 hello_time=200 max_age=2000 ageing_time=30000 stp_state=0 priority=32768 vlan_filtering=0 group_fwd_mask=0 ' +
    'root_port=0 root_path_cost=0 topology_change=0 topology_change_detected=0 group_addr=01:80:c2:00:00:00 fdb_n_learned=1 ' +
    'fdb_max_learned=0 mcast_router=1 mcast_snooping=1 mcast_query_use_ifaddr=0 mcast_querier=0 mcast_stats_enabled=0 ' +
    'mcast_hash_elasticity=16 mcast_hash_max=4096 mcast_last_member_cnt=2 mcast_startup_query_cnt=2 mcast_igmp_version=2 ' +
    'mcast_mld_version=1 mcast_last_member_intvl=100 mcast_membership_intvl=26000 mcast_querier_intvl=25500 mcast_query_intvl=12500 ' +
    'mcast_query_response_intvl=1000 mcast_startup_query_intvl=3124 nf_call_iptables=0 nf_call_ip6tables=0 nf_call_arptables=0 ' +
    'no_linklocal_learn=0 mcast_vlan_snooping=0 mst_enabled=0 mdb_offload_fail_notification=0 fdb_local_vlan_0=0'
  )
    .split(' ')
    .map((pair) => pair.split('=')),
);

const VXLAN = {
  dstPort: 4789,
  learning: true,
  proxy: true,
  rsc: false,
  l2miss: true,
  l3miss: true,
  ttl: 0,
  ttlInherit: false,
  tos: 0,
  label: 0,
  df: 'unset',
  ageingSeconds: 300,
  limit: 0,
  srcPortMin: 0,
  srcPortMax: 0,
  udpCsum: true,
  udpZeroCsum6Tx: false,
  udpZeroCsum6Rx: false,
  remcsumTx: false,
  remcsumRx: false,
  external: false,
  localbypass: true,
};

function detail(address, label) {
  const [ip, length] = address.split('/');
  const common = { address: ip, prefixLength: Number(length), flags: ['PERMANENT'] };
  return ip.includes(':')
    ? { family: 'inet6', ...common, scope: ip === '::1' ? 'host' : 'link', protocol: ip === '::1' ? 'kernel_lo' : 'kernel_ll' }
    : { family: 'inet', ...common, scope: ip.startsWith('127.') ? 'host' : 'global', label };
}

/** What every link is made of. @param {{ netnsId: string, ifindex: number, name: string, mac: string, mtu: number, addresses: string[] }} own */
function link(own, more) {
  return { ...COMMON, ...own, addressDetails: own.addresses.map((address) => detail(address, own.name)), ...more };
}

/** An IPv6 link-local address of its MAC address. */
function local(mac) {
  const bytes = mac.split(':').map((byte) => Number.parseInt(byte, 16));
  const groups = [((bytes[0] ^ 2) << 8) | bytes[1], (bytes[2] << 8) | 0xff, 0xfe00 | bytes[3], (bytes[4] << 8) | bytes[5]];
  return `fe80::${groups.map((group) => group.toString(16)).join(':')}/64`;
}

/** The loopback interface. */
export function loopback(netnsId) {
  const own = { netnsId, ifindex: 1, name: 'lo', mac: '00:00:00:00:00:00', mtu: 65536, addresses: ['127.0.0.1/8', '::1/128'] };
  const flags = { flags: ['UP', 'LOOPBACK', 'RUNNING', 'LOWER_UP'], rawFlags: 65609, operState: 'UNKNOWN' };
  return link(own, { linkType: 'loopback', broadcast: '00:00:00:00:00:00', carrierChanges: 0, ...flags });
}

/** A host's own network card. */
export function card(netnsId, { ifindex, mac, address }) {
  const own = { netnsId, ifindex, name: 'eth0', mac, mtu: 1500, addresses: [address, local(mac)] };
  return link(own, { permanentMac: mac, qdisc: 'pfifo_fast', parentDevice: 'virtio2', parentBus: 'virtio' });
}

/** A bridge. */
export function bridge(netnsId, { ifindex, name, mac, mtu, address }) {
  const ids = { bridge_id: `8000.${mac}`, root_id: `8000.${mac}` };
  const own = { netnsId, ifindex, name, mac, mtu, addresses: [address, local(mac)] };
  return link(own, { kind: 'bridge', attributes: { ...BRIDGE, ...ids } });
}

function port(master) {
  const ids = { root_id: `8000.${master.mac}`, bridge_id: `8000.${master.mac}` };
  return {
    masterIfindex: master.ifindex,
    masterName: master.name,
    portKind: 'bridge',
    portAttributes: { ...PORT, ...ids },
    promiscuity: 1,
    allmulti: 1,
  };
}

/** The VXLAN of an overlay, a port of its bridge. */
export function vxlan(netnsId, { ifindex, mac, vni, master }) {
  const own = { netnsId, ifindex, name: 'vxlan0', mac, mtu: 1450, addresses: [local(mac)] };
  const underlay = { linkIfindex: ifindex, linkNsid: 0 };
  return link(own, { kind: 'vxlan', operState: 'UNKNOWN', ...underlay, ...port(master), vxlan: { vni, ...VXLAN } });
}

/**
 * One end of a veth pair; a bridge's port if it has a master.
 * @param {{ ifindex: number, name: string, mac: string, mtu: number, addresses?: string[], master?: object }} end
 * @param {{ netnsId: string, ifindex: number, name: string }} peer
 */
export function veth(netnsId, { ifindex, name, mac, mtu, addresses = [], master }, peer) {
  const own = { netnsId, ifindex, name, mac, mtu, addresses: [...addresses, local(mac)] };
  const far = { linkIfindex: peer.ifindex, linkNsid: 1, linkNetnsId: peer.netnsId, veth: { status: 'PAIRED', peer } };
  return link(own, { kind: 'veth', numTxQueues: 2, numRxQueues: 2, ...far, ...(master && port(master)) });
}
