import type { EngineView } from '../docker/types.js';
import type { Feature } from '../model/types.js';
import { type Capability, missingForEvents, type Privileges, readPrivileges } from './capabilities.js';
import { ownMounts } from './own-mounts.js';

/** What works here, what is off, why, and how to fix it. */
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
    ownMounts(procRoot),
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

function events(privileges: Privileges): Feature {
  const missing = missingForEvents(privileges);
  if (missing === undefined)
    return { name: 'events', enabled: true, detail: 'agents receive every change as a kernel event, within milliseconds' };
  const detail = `${missing}: agents poll every few seconds instead of following the kernel’s events; run as root or add the capability (docs/capabilities.md)`;
  return { name: 'events', enabled: false, detail };
}

function userNamespace(privileges: Privileges): Feature | undefined {
  if (!privileges.inUserNamespace) return undefined;
  const detail =
    'this process is in a user namespace: only network namespaces that it owns can be entered; run in the initial user namespace';
  return { name: 'initial-user-namespace', enabled: false, detail };
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
