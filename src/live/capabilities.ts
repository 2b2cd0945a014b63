import { readFileSync } from 'node:fs';

// linux/capability.h
const CAPABILITY_BITS = {
  CAP_DAC_READ_SEARCH: 2,
  CAP_NET_BROADCAST: 11,
  CAP_NET_ADMIN: 12,
  CAP_SYS_PTRACE: 19,
  CAP_SYS_ADMIN: 21,
} as const;

/** A capability that some feature needs. */
export type Capability = keyof typeof CAPABILITY_BITS;

/** What this process may do. */
export interface Privileges {
  readonly uid: number;
  readonly has: (capability: Capability) => boolean;
  /** Inside a user namespace capabilities count only for what that namespace owns. */
  readonly inUserNamespace: boolean;
}

/** What receiving events takes: an observer namespace of one's own, with nsids for all others. */
const FOR_EVENTS: readonly Capability[] = ['CAP_SYS_ADMIN', 'CAP_NET_ADMIN', 'CAP_NET_BROADCAST'];

/** "CAP_NET_ADMIN is missing": what the kernel's events cannot be received without. undefined: nothing. */
export function missingForEvents({ has }: Privileges): string | undefined {
  const missing = FOR_EVENTS.filter((capability) => !has(capability));
  return missing.length === 0 ? undefined : `${missing.join(' and ')} ${missing.length === 1 ? 'is' : 'are'} missing`;
}

/** Reads /proc/self/status (CapEff) and /proc/self/uid_map. */
export function readPrivileges(): Privileges {
  const effective = /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0';
  const bits = BigInt(`0x${effective}`);
  const uidMap = readFileSync('/proc/self/uid_map', 'utf8').trim().split(/\s+/).join(' ');
  return {
    uid: process.getuid?.() ?? 0,
    has: (capability) => ((bits >> BigInt(CAPABILITY_BITS[capability])) & 1n) === 1n,
    inUserNamespace: uidMap !== '0 0 4294967295',
  };
}
