import { asObject, child, present, text } from './json.js';

/** A node as a Swarm manager lists it. */
export interface SwarmNode {
  readonly id: string;
  readonly hostname: string;
  /** "ready", "down", "unknown", "disconnected". */
  readonly state: string;
  /** "active", "pause", "drain". */
  readonly availability: string;
  /** Status.Addr: as the manager sees the node. Of a manager itself it may be 0.0.0.0 or 127.0.0.1. */
  readonly address?: string;
  /** ManagerStatus.Addr, HOST:PORT; only of managers. */
  readonly managerAddress?: string;
}

/** A node of GET /nodes; undefined when it has no id and so is no node. */
export function parseNode(value: unknown): SwarmNode | undefined {
  const raw = asObject(value);
  const id = text(raw, 'ID');
  if (id === undefined) return undefined;
  const status = child(raw, 'Status');
  return {
    id,
    hostname: text(child(raw, 'Description'), 'Hostname') ?? '',
    state: text(status, 'State') ?? '',
    availability: text(child(raw, 'Spec'), 'Availability') ?? '',
    ...present({ address: text(status, 'Addr'), managerAddress: text(child(raw, 'ManagerStatus'), 'Addr') }),
  };
}
