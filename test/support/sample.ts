import type { Ifindex, NeighborRecord } from '../../src/tables/shared/records.js';
import { buildNamespaces, type NamespaceRead } from '../../src/model/build.js';
import { NsidResolver } from '../../src/model/references.js';
import type { HostSnapshot, Owner } from '../../src/model/types.js';
import { address, link, namespace, veth } from './records.js';

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

/** One host, one overlay, one container on it: the ends of two veth pairs and one vxlan. */
export function sampleSnapshot(): HostSnapshot {
  const reads: NamespaceRead[] = [
    namespace(
      1,
      [link(1, 'lo'), link(3, 'docker_gwbridge', { kind: 'bridge' }), veth(9, 'veth9', 4, 7, { masterIfindex: 3 as Ifindex })],
      {
        isHost: true,
        pids: [1, 2],
        tables: OK_TABLES,
        neighbors: [
          { ifindex: 3 as Ifindex, ip: '172.18.0.3', mac: '02:42:ac:12:00:03', state: 'STALE', rawState: 4, flags: [] },
        ],
      },
    ),
    namespace(
      20,
      [
        link(2, 'br0', { kind: 'bridge' }),
        link(5, 'vxlan0', { kind: 'vxlan', masterIfindex: 2 as Ifindex, vxlan: VXLAN, operState: 'UNKNOWN' }),
        veth(8, 'veth0', 6, 1, { masterIfindex: 2 as Ifindex }),
      ],
      {
        paths: ['/run/docker/netns/1-x8sn2ys3vd'],
        tables: OK_TABLES,
        addresses: [address(2, '10.0.1.1', 24)],
        fdb: [
          {
            ifindex: 5 as Ifindex,
            mac: '02:42:0a:00:01:07',
            dst: '192.168.0.2',
            state: 'PERMANENT',
            rawState: 0x80,
            flags: ['SELF'],
          },
          {
            ifindex: 8 as Ifindex,
            mac: '02:42:0a:00:01:02',
            state: 'REACHABLE',
            rawState: 2,
            flags: [],
            masterIfindex: 2 as Ifindex,
          },
        ],
        neighbors: [neighbor(5, '10.0.1.7', '02:42:0a:00:01:07')],
      },
    ),
    namespace(30, [link(1, 'lo'), veth(4, 'eth1', 9, 0), veth(6, 'eth0', 8, 1)], {
      paths: ['/run/docker/netns/4d6dee9fdc0a'],
      pids: [4711],
      tables: OK_TABLES,
      addresses: [address(6, '10.0.1.2', 24), address(4, '172.18.0.3', 16)],
    }),
  ];
  const resolver = new NsidResolver(reads);
  const ids = [
    new Map([[2, 7]]),
    new Map([[2, 1]]),
    new Map([
      [0, 0],
      [1, 1],
    ]),
  ];
  for (let questions = resolver.questions(); questions.length > 0; questions = resolver.questions()) {
    for (const { asker, candidates } of questions)
      for (const candidate of candidates) resolver.answer(asker, candidate, ids[asker]?.get(candidate));
  }
  const namespaces = buildNamespaces(reads, resolver);
  const [, overlay, container] = namespaces;
  if (overlay !== undefined) Object.assign(overlay, { networkId: 'x8sn2ys3vdabcdefghijklmno', networkName: 'app_net' });
  if (container !== undefined) container.owner = WEB;
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
    namespaces,
    gaps: [],
    networks: [],
  };
}

function neighbor(ifindex: number, ip: string, mac: string): NeighborRecord {
  return { ifindex: ifindex as Ifindex, ip, mac, state: 'PERMANENT', rawState: 0x80, flags: [] };
}
