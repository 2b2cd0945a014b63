import { readFileSync, readlinkSync } from 'node:fs';
import { parseMountinfo } from '../discover/mountinfo.js';
import type { EngineView } from '../docker/types.js';
import { type Capability, type Privileges, readPrivileges } from './capabilities.js';
import type { Feature } from './types.js';

/** What works here, what is switched off, why, and what to do about it. */
export function describeFeatures(procRoot: string, view: EngineView): Feature[] {
  const privileges = readPrivileges();
  return [
    capabilityFeature(privileges, {
      name: 'enter',
      capability: 'CAP_SYS_ADMIN',
      worth: 'other network namespaces can be entered and read',
      loss: 'no namespace but this process’s own can be read',
    }),
    capabilityFeature(privileges, {
      name: 'processes',
      capability: 'CAP_SYS_PTRACE',
      worth: 'the namespaces of all processes are found, and containers are proved by their process',
      loss: 'namespaces that only processes refer to are not found, and containers are matched by their sandbox file alone',
    }),
    capabilityFeature(privileges, {
      name: 'closed-directories',
      capability: 'CAP_DAC_READ_SEARCH',
      worth: 'namespace files in directories closed to this user (rootless engines) can be opened',
      loss: 'namespace files in directories closed to this user (rootless engines) are gaps',
    }),
    events(privileges),
    userNamespace(privileges),
    mounts(procRoot),
    ...engines(view),
  ].filter((feature) => feature !== undefined);
}

interface CapabilityNeed {
  readonly name: string;
  readonly capability: Capability;
  readonly worth: string;
  readonly loss: string;
}

function capabilityFeature(privileges: Privileges, { name, capability, worth, loss }: CapabilityNeed): Feature {
  if (privileges.has(capability)) return { name, enabled: true, detail: worth };
  return {
    name,
    enabled: false,
    detail: `${capability} is missing: ${loss}; run as root or add the capability (docs/capabilities.md)`,
  };
}

/** What an agent and `nsatlas watch` need to hear of changes: an observer namespace of their own, with ids for all others in it. */
function events(privileges: Privileges): Feature {
  const needed: readonly Capability[] = ['CAP_SYS_ADMIN', 'CAP_NET_ADMIN', 'CAP_NET_BROADCAST'];
  const missing = needed.filter((capability) => !privileges.has(capability));
  if (missing.length === 0) {
    return {
      name: 'events',
      enabled: true,
      detail: 'an agent hears of every change through the kernel’s events, within milliseconds',
    };
  }
  const detail = `${missing.join(' and ')} ${missing.length === 1 ? 'is' : 'are'} missing: polling only, so an agent reads everything again every few seconds instead of hearing of changes; run as root or add the capability (docs/capabilities.md)`;
  return { name: 'events', enabled: false, detail };
}

function userNamespace(privileges: Privileges): Feature | undefined {
  if (!privileges.inUserNamespace) return undefined;
  const detail =
    'this process is in a user namespace: only network namespaces that it owns can be entered; run in the initial user namespace';
  return { name: 'initial-user-namespace', enabled: false, detail };
}

/**
 * In a container, namespace mounts that do not receive unmounts from the host show only what was there at the start of
 * the container, and keep it alive. In the host's own mount namespace there is nothing to receive.
 */
function mounts(procRoot: string): Feature | undefined {
  const own = readlinkSync('/proc/self/ns/mnt');
  const first = tryRead(() => readlinkSync(`${procRoot}/1/ns/mnt`));
  if (first === undefined || first === own) return undefined;
  const all = parseMountinfo(readFileSync('/proc/self/mountinfo', 'utf8'));
  const stuck = all.filter((mount) => mount.propagatedFrom === undefined);
  if (stuck.length === 0)
    return { name: 'mount-propagation', enabled: true, detail: `${all.length} namespace mounts, all kept up by the host` };
  const detail = `${stuck.length} namespace mounts (first: ${stuck[0]?.mountPoint ?? ''}) are private to this mount namespace: they keep dead namespaces alive and new ones are not seen; bind the directory with propagation rslave`;
  return { name: 'mount-propagation', enabled: false, detail };
}

function engines(view: EngineView): Feature[] {
  const up = view.engines.map((engine) => ({
    name: 'containers',
    enabled: true,
    detail: `names and owners from Docker ${engine.version} at ${engine.socket}`,
  }));
  const down = view.gaps.map((gap) => ({ name: 'containers', enabled: false, detail: gap.message }));
  const none = {
    name: 'containers',
    enabled: false,
    detail: 'no Docker engine was found: namespaces have no owners and no network names; give --docker-socket',
  };
  return up.length + down.length === 0 ? [none] : [...up, ...down];
}

function tryRead<Value>(read: () => Value): Value | undefined {
  try {
    return read();
  } catch {
    // Another user's process: then there is nothing to compare with.
    return undefined;
  }
}
