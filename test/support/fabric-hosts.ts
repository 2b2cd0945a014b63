// Hosts that are made up, as the fabric is made of them: namespaces, overlays, what is attached to them, and forwarding rows.

import { endpointList, type Fabric, type FabricMemory, finish, joinFabric, overlayList } from '../../src/fabric/index.js';
import { noRows } from '../../src/tables/index.js';
import type { FabricHost } from '../../src/fabric/types.js';
import type { Selector } from '../../src/model/select.js';
import type {
  Endpoint,
  Engine,
  FdbEntry,
  Ifindex,
  Interface,
  Netns,
  Network,
  Overlay,
  Owner,
  ReadStatus,
  Role,
} from '../../src/model/types.js';
import type { NetnsView } from '../../src/model/views.js';
import { fakeLink, fakeNetns } from '../unit/agent/fake-host.js';

/** Hosts, made up or not. */
export type Given = readonly (MadeHost | FabricHost)[];

/** The fabric of hosts, joined at once. */
export function fabricOf(hosts: Given, memory?: FabricMemory): Fabric {
  return finish(
    joinFabric(
      hosts.map((host) => (host instanceof MadeHost ? host.fabricHost() : host)),
      memory,
    ),
  );
}

/** The list of overlays that hosts make. */
export function overlaysOf(hosts: Given, selector: Selector = {}, memory?: FabricMemory): Overlay[] {
  return [...overlayList(fabricOf(hosts, memory), selector)].flat();
}

/** The list of endpoints of these. */
export function endpointsOf(hosts: Given, selector: Selector = {}, memory?: FabricMemory): Endpoint[] {
  return [...endpointList(fabricOf(hosts, memory), selector)].flat();
}

/** A host that is being made up. */
export class MadeHost {
  readonly namespaces: Netns[] = [];
  readonly engines: Engine[] = [];
  readonly networks: Network[] = [];
  readonly overlays: MadeOverlay[] = [];
  /** Given to the fabric; without one nothing is kept. */
  revision: string | undefined;
  /** Of namespaces, by id. */
  readonly netnsRevisions = new Map<string, string>();
  /** How often rows of a namespace were taken. */
  taken = 0;
  #next: number;

  constructor(
    readonly id: string,
    readonly address: string,
    readonly name = `node-${id}`,
  ) {
    this.#next = 1000;
    this.netns('HOST', [`/proc/1/ns/net`]);
    this.addAddress('eth0', address, 24);
  }

  get root(): Netns {
    return this.namespaces[0]!;
  }

  netns(role: Role, paths: string[], more: Partial<Netns> = {}): Netns {
    const made = fakeNetns(this.#next++, { role, paths, interfaces: [], ...more });
    this.namespaces.push(made);
    return made;
  }

  /** An interface of the host's own namespace with one address. */
  addAddress(name: string, address: string, prefixLength: number): void {
    const { id, interfaces } = this.root;
    interfaces.push(linkOf(id, interfaces.length + 1, name, [`${address}/${prefixLength}`]));
  }

  /** An engine that is in a swarm. */
  engine(address: string, socket = '/run/docker.sock'): Engine {
    const engine = { socket, id: 'e', name: 'e', version: '29.0.0', apiVersion: '1.52', swarmNodeAddress: address };
    this.engines.push(engine);
    return engine;
  }

  /** What an engine tells of a network. */
  network(id: string, name: string, more: Partial<Network> = {}): void {
    const common = { driver: 'overlay', scope: 'swarm', vnis: [], subnets: [], labels: {}, engine: '/run/docker.sock' };
    this.networks.push({ ...common, id, name, ...more });
  }

  /** The namespace of an overlay, with its bridge and vxlan. The network's id is what the host knows of it. */
  overlay(networkId: string, vni: number, more: { subnet?: string; netns?: Netns; name?: string } = {}): MadeOverlay {
    const made = new MadeOverlay(
      this,
      more.netns ??
        this.netns('OVERLAY', [`/run/docker/netns/1-${networkId.slice(0, 10)}`], {
          networkId,
          ...(more.name !== undefined && { networkName: more.name }),
        }),
      vni,
      more.subnet ?? '10.0.1.1/24',
    );
    this.overlays.push(made);
    return made;
  }

  /** A vxlan that belongs to no network, in the host's own namespace. */
  vxlan(vni: number, more: Partial<NonNullable<Interface['vxlan']>> = {}, netns = this.root): Interface {
    const ifindex = netns.interfaces.length + 1;
    const link = linkOf(netns.id, ifindex, `vx${ifindex}`, [], { kind: 'vxlan', vxlan: { vni, dstPort: 4789, ...more } });
    netns.interfaces.push(link);
    return link;
  }

  /** As the fabric takes it: interfaces and rows in parts of two. */
  fabricHost(more: Partial<FabricHost> = {}): FabricHost {
    return {
      view: { hostId: this.id, namespaces: () => this.namespaces.map((netns) => this.#viewOf(netns)) },
      name: this.name,
      engines: [...this.engines],
      networks: [...this.networks],
      ...(this.revision !== undefined && { revision: this.revision }),
      ...more,
    };
  }

  #viewOf(netns: Netns): NetnsView {
    const revision = this.netnsRevisions.get(netns.id);
    return {
      head: { ...netns, interfaces: [], ...noRows() },
      ...(revision !== undefined && { revision }),
      take: (tables) => {
        this.taken++;
        const parts = [];
        for (let at = 0; at < Math.max(netns.interfaces.length, netns.fdb.length, netns.neighbors.length, 1); at += 2) {
          const part = { interfaces: [] as Interface[], ...noRows() };
          if (tables.includes('LINKS')) part.interfaces = netns.interfaces.slice(at, at + 2);
          if (tables.includes('FDB')) part.fdb = netns.fdb.slice(at, at + 2);
          if (tables.includes('NEXTHOPS') && at === 0) part.nexthops = netns.nexthops;
          if (tables.includes('NEIGHBORS')) part.neighbors = netns.neighbors.slice(at, at + 2);
          parts.push(part);
        }
        return parts;
      },
    };
  }
}

/** An overlay's namespace on one host. */
export class MadeOverlay {
  readonly bridge: Interface;
  readonly vxlan: Interface;
  /** MAC addresses of what is attached. */
  readonly macs: string[] = [];

  constructor(
    readonly host: MadeHost,
    readonly netns: Netns,
    readonly vni: number,
    subnet: string,
  ) {
    const number = netns.interfaces.filter(({ kind }) => kind === 'bridge').length;
    this.bridge = this.#link(`br${number}`, { kind: 'bridge' }, [subnet]);
    this.vxlan = this.#link(`vxlan${number}`, {
      kind: 'vxlan',
      masterIfindex: this.bridge.ifindex,
      vxlan: { vni, dstPort: 4789 },
      operState: 'UNKNOWN',
    });
  }

  /** Attaches a namespace of its own with a veth pair, as the kernel would tell of it. */
  attach(ip: string, more: { role?: Role; owner?: Partial<Owner>; ips?: string[]; mac?: string } = {}): Netns {
    const role = more.role ?? 'CONTAINER';
    const owner = role === 'CONTAINER' ? ownerOf(more.owner?.containerName ?? `task-${ip}`, more.owner) : undefined;
    const inside = this.host.netns(role, [`/run/docker/netns/${role === 'INGRESS' ? 'ingress_sbox' : `c-${ip}`}`], {
      ...(owner !== undefined && { owner }),
    });
    const mac = more.mac ?? macOf(ip);
    this.macs.push(mac);
    const port = this.#link(`veth${this.netns.interfaces.length}`, { masterIfindex: this.bridge.ifindex });
    const eth = linkOf(inside.id, port.ifindex, 'eth0', [`${ip}/24`, ...(more.ips ?? [])], { mac });
    port.veth = { status: 'PAIRED', peer: { netnsId: inside.id, ifindex: eth.ifindex, name: 'eth0' } };
    eth.veth = { status: 'PAIRED', peer: { netnsId: this.netns.id, ifindex: port.ifindex, name: port.name } };
    inside.interfaces.push(linkOf(inside.id, 1, 'lo', ['127.0.0.1/8']), eth);
    return inside;
  }

  /** A port whose other end nobody knows. */
  blindPort(): Interface {
    return this.#link(`veth${this.netns.interfaces.length}`, {
      masterIfindex: this.bridge.ifindex,
      veth: { status: 'PEER_NOT_VISIBLE' },
    });
  }

  /** A row of the vxlan. */
  row(mac: string, dst: string): void {
    this.netns.fdb.push(fdbRow(this.vxlan, mac, dst));
  }

  /** A neighbour on the vxlan, as Docker writes it. */
  neighbor(ip: string, mac: string): void {
    const { netnsId, ifindex } = this.vxlan;
    this.netns.neighbors.push({ netnsId, ifindex, ip, mac, state: 'PERMANENT', rawState: 0x80, flags: [] });
  }

  #link(name: string, more: Partial<Interface>, addresses: string[] = []): Interface {
    const made = linkOf(this.netns.id, this.netns.interfaces.length + 1, name, addresses, more);
    this.netns.interfaces.push(made);
    return made;
  }
}

/** Gives every overlay of a VNI the rows for what is attached on the other hosts, as a healthy swarm has them. */
export function connect(overlays: readonly MadeOverlay[]): void {
  for (const from of overlays)
    for (const to of overlays) if (from.host !== to.host) for (const mac of to.macs) from.row(mac, to.host.address);
}

/** A row that leads to a VTEP. */
export function fdbRow({ netnsId, ifindex }: Interface, mac: string, dst: string): FdbEntry {
  return { netnsId, ifindex, mac, dst, state: 'PERMANENT', rawState: 0x80, flags: ['SELF'] };
}

/** As Docker makes MAC addresses of addresses. */
export function macOf(ip: string): string {
  return `02:42:${ip
    .split('.')
    .map((part) => Number(part).toString(16).padStart(2, '0'))
    .join(':')}`;
}

/** A namespace's interfaces could not be read. */
export function unread(netns: Netns, status: ReadStatus = 'DENIED'): void {
  netns.interfaces.length = 0;
  netns.status = status;
}

function ownerOf(containerName: string, more: Partial<Owner> = {}): Owner {
  return {
    containerId: Buffer.from(containerName).toString('hex').padEnd(64, '0').slice(0, 64),
    containerName,
    image: 'localhost:1/web:1',
    labels: {},
    networkMode: 'overlay',
    networkModeRaw: 'net',
    networks: [],
    engine: '/run/docker.sock',
    ...more,
  };
}

function linkOf(netnsId: string, ifindex: number, name: string, cidrs: string[], more: Partial<Interface> = {}): Interface {
  const addressDetails = cidrs.map((cidr) => {
    const [address = '', length = '32'] = cidr.split('/');
    const family = address.includes(':') ? 'inet6' : 'inet';
    const scope = address.startsWith('fe80:') ? 'link' : 'global';
    return { family, address, prefixLength: Number(length), scope, flags: [] };
  });
  return fakeLink(netnsId, ifindex, { ifindex: ifindex as Ifindex, name, addresses: cidrs, addressDetails, ...more });
}
