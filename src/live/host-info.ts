import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { hostname, release } from 'node:os';
import type { Engine, Host } from '../model/types.js';

export interface HostInfoOptions {
  /** --host-id */
  readonly hostId?: string;
  /** --host-name */
  readonly hostName?: string;
  readonly agentVersion: string;
}

/** The machine, as every answer names it. */
export function describeHost(options: HostInfoOptions, engines: readonly Engine[], readAt: Date, durationMs: number): Host {
  return {
    id: options.hostId ?? engineId(engines) ?? machineId(),
    name: options.hostName ?? hostname(),
    bootId: readLine('/proc/sys/kernel/random/boot_id') ?? '',
    kernel: release(),
    agentVersion: options.agentVersion,
    engines: [...engines],
    readAt: readAt.toISOString(),
    durationMs,
  };
}

/** The Swarm node's id, else the engine's; with several engines the first that has one, in the order of their sockets. */
function engineId(engines: readonly Engine[]): string | undefined {
  const inSwarm = engines.find((engine) => engine.swarmNodeId !== undefined);
  return inSwarm?.swarmNodeId ?? engines.find((engine) => engine.id !== '')?.id;
}

/** The machine id is confidential (machine-id(5)), so a keyed hash of it stands for it. */
function machineId(): string {
  const secret = readLine('/etc/machine-id') ?? readLine('/var/lib/dbus/machine-id') ?? hostname();
  return createHmac('sha256', secret).update('nsatlas.v1 host id').digest('hex').slice(0, 32);
}

function readLine(path: string): string | undefined {
  try {
    const text = readFileSync(path, 'utf8').trim();
    return text === '' ? undefined : text;
  } catch {
    // Containers and minimal systems lack some of these files; there is another source for each.
    return undefined;
  }
}
