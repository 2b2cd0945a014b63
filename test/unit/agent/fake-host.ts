// A host that is made up: what it reads, how long that takes and how it fails is the test's to say.

import { noRows } from '../../../src/tables/index.js';
import type { HostSnapshot, Ifindex, Interface, Netns, Table } from '../../../src/model/types.js';
import type { Log } from '../../../src/rpc/types.js';

export const HOST: NonNullable<HostSnapshot['host']> = {
  id: 'h1',
  name: 'node-1',
  bootId: 'b',
  kernel: '6.12.0',
  agentVersion: '0.1.0',
  engines: [],
  readAt: '2026-11-21T05:58:35.123Z',
};

export function fakeLink(netnsId: string, ifindex: number, more: Partial<Interface> = {}): Interface {
  return {
    netnsId,
    ifindex: ifindex as Ifindex,
    name: `eth${ifindex}`,
    altnames: [],
    kind: 'veth',
    linkType: 'ether',
    mac: '02:42:0a:00:01:02',
    mtu: 1500,
    flags: ['UP'],
    rawFlags: 1,
    operState: 'UP',
    attributes: {},
    portAttributes: {},
    unknownAttributes: {},
    addresses: ['10.0.1.2/24'],
    addressDetails: [{ family: 'inet', address: '10.0.1.2', prefixLength: 24, scope: 'global', flags: [] }],
    ...more,
  };
}

const TABLES: readonly Table[] = ['LINKS', 'ADDRESSES', 'NSIDS', 'FDB', 'NEIGHBORS', 'ROUTES'];

/** A namespace of which every table was read. */
export function fakeNetns(number: number, more: Partial<Netns> = {}): Netns {
  const id = `net:[${number}]`;
  return {
    id,
    dev: 4,
    paths: [`/run/docker/netns/${number}`],
    pids: [],
    role: 'OTHER',
    joined: [],
    status: 'OK',
    tables: TABLES.map((table) => ({ table, status: 'OK', rows: 1, attempts: 1 })),
    interfaces: [fakeLink(id, 1)],
    ...noRows(),
    ...more,
  };
}

export function fakeSnapshot(namespaces: Netns[]): HostSnapshot {
  return { host: HOST, namespaces, gaps: [], networks: [] };
}

/** A namespace with this many FDB rows. */
export function withFdb(number: number, rows: number): Netns {
  const id = `net:[${number}]`;
  const fdb = Array.from({ length: rows }, (_, at) => ({
    netnsId: id,
    ifindex: 1 as Ifindex,
    ifname: 'vxlan0',
    mac: `02:42:${[at >> 24, at >> 16, at >> 8, at].map((byte) => (byte & 255).toString(16).padStart(2, '0')).join(':')}`,
    dst: '192.0.2.17',
    state: 'PERMANENT',
    rawState: 0x80,
    flags: ['SELF'],
  }));
  return fakeNetns(number, { fdb });
}

/** A log that only remembers. */
export function fakeLog(): Log & { readonly lines: { level: string; fields: object; message: string }[] } {
  const lines: { level: string; fields: object; message: string }[] = [];
  const at =
    (level: string) =>
    (fields: object, message: string): void => {
      lines.push({ level, fields, message });
    };
  return { lines, debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}
