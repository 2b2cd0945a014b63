import { completeInterface } from '../../src/model/complete.js';
import type { HostSnapshot, Ifindex, Netns, Owner, Section, SectionRows } from '../../src/model/types.js';
import { completeRow, noRows, tableOf } from '../../src/tables/index.js';
import type { AddressRecord, ReferringLink } from '../../src/tables/shared/records.js';
import { address, link, veth } from './records.js';

const OK_TABLES = (['LINKS', 'ADDRESSES', 'FDB', 'NEIGHBORS', 'ROUTES'] as const).map((table) => ({
  table,
  status: 'OK' as const,
  rows: 1,
  attempts: 1,
}));

const VXLAN = { vni: 4097, dstPort: 4789, learning: true, proxy: true, l2miss: true, l3miss: true };

/** The owner of the sample's container. */
export const WEB: Owner = {
  containerId: 'c0ffee0123456789c0ffee0123456789c0ffee0123456789c0ffee0123456789',
  containerName: 'app_web.1.x',
  image: 'localhost:1/web:1',
  labels: { 'com.docker.swarm.service.name': 'app_web' },
  networkMode: 'overlay',
  networkModeRaw: 'app_net',
  serviceId: 'srv1',
  serviceName: 'app_web',
  networks: [{ name: 'app_net', id: 'x8sn2ys3vdabcdefghijklmno', aliases: [] }],
  engine: '/var/run/docker.sock',
  pid: 4711,
};

const OVERLAY = { networkId: 'x8sn2ys3vdabcdefghijklmno', networkName: 'app_net' };

/** One host, one overlay, one container on it: the ends of two veth pairs and one vxlan. */
export function sampleSnapshot(): HostSnapshot {
  const host = netns(1, 'HOST', { pids: [1, 2] }, [
    [link(1, 'lo')],
    [link(3, 'docker_gwbridge', { kind: 'bridge' })],
    [veth(9, 'veth9', 4, 7, { masterIfindex: 3 as Ifindex }), { peer: [30, 4, 'eth1'] }],
  ]);
  host.neighbors.push(
    row(host, 'neighbors', { ifindex: 3, ip: '172.18.0.3', mac: '02:42:ac:12:00:03', state: 'STALE', rawState: 4, flags: [] }),
  );
  const overlay = netns(20, 'OVERLAY', { paths: ['/run/docker/netns/1-x8sn2ys3vd'], ...OVERLAY }, [
    [link(2, 'br0', { kind: 'bridge' }), { addresses: [address(2, '10.0.1.1', 24)] }],
    [link(5, 'vxlan0', { kind: 'vxlan', masterIfindex: 2 as Ifindex, vxlan: VXLAN, operState: 'UNKNOWN' })],
    [veth(8, 'veth0', 6, 1, { masterIfindex: 2 as Ifindex }), { peer: [30, 6, 'eth0'] }],
  ]);
  const remote = { ifindex: 5, mac: '02:42:0a:00:01:07', state: 'PERMANENT', rawState: 0x80 };
  const local = { ifindex: 8, mac: '02:42:0a:00:01:02', state: 'REACHABLE', rawState: 2, flags: [], masterIfindex: 2 };
  overlay.fdb.push(row(overlay, 'fdb', { ...remote, dst: '192.168.0.2', flags: ['SELF'] }), row(overlay, 'fdb', local));
  overlay.neighbors.push(row(overlay, 'neighbors', { ...remote, ip: '10.0.1.7', flags: [] }));
  const container = netns(30, 'CONTAINER', { paths: ['/run/docker/netns/4d6dee9fdc0a'], pids: [4711], owner: WEB }, [
    [link(1, 'lo')],
    [veth(4, 'eth1', 9, 0), { addresses: [address(4, '172.18.0.3', 16)], peer: [1, 9, 'veth9'] }],
    [veth(6, 'eth0', 8, 1), { addresses: [address(6, '10.0.1.2', 24)], peer: [20, 8, 'veth0'] }],
  ]);
  return {
    host: {
      id: 'host-1',
      name: 'h1',
      bootId: 'b',
      kernel: '6.18.0',
      agentVersion: '0.1.0',
      engines: [],
      readAt: '2026-11-21T06:00:00.000Z',
    },
    namespaces: [host, overlay, container],
    gaps: [],
    networks: [],
  };
}

interface LinkMore {
  readonly addresses?: readonly AddressRecord[];
  /** Inode of its namespace, ifindex and name. */
  readonly peer?: readonly [ino: number, ifindex: number, name: string];
}

function netns(
  ino: number,
  role: Netns['role'],
  more: Partial<Netns>,
  links: readonly (readonly [ReferringLink, LinkMore?])[],
): Netns {
  const id = `net:[${ino}]`;
  const interfaces = links.map(([{ refs, ...record }, { addresses = [], peer } = {}]) =>
    completeInterface(record, addresses, {
      netnsId: id,
      masterName: links.find(([{ ifindex }]) => ifindex === record.masterIfindex)?.[0].name,
      linkNetnsId: peer === undefined || refs[0]?.nsid === undefined ? undefined : `net:[${peer[0]}]`,
      veth:
        peer === undefined
          ? undefined
          : { status: 'PAIRED', peer: { netnsId: `net:[${peer[0]}]`, ifindex: peer[1] as Ifindex, name: peer[2] } },
    }),
  );
  const known = { dev: 4, paths: [], pids: [], joined: [], status: 'OK' as const, tables: [...OK_TABLES] };
  return { id, role, ...known, interfaces, ...noRows(), ...more };
}

function row<Name extends Section>({ id, interfaces }: Netns, section: Name, record: object): SectionRows[Name] {
  const nameOf = (ifindex: number): string | undefined => interfaces.find((link) => link.ifindex === ifindex)?.name;
  return completeRow(tableOf(section), { ...record }, { netnsId: id, nameOf }) as SectionRows[Name];
}
