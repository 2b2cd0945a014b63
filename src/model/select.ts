import type { Role } from './types.js';

/**
 * Narrows a list. Each field that is set must match; within a field any value may match
 * (proto/nsatlas/v1/agent.proto, message Selector).
 */
export interface Selector {
  netns?: readonly string[];
  roles?: readonly Role[];
  networks?: readonly string[];
  containers?: readonly string[];
  services?: readonly string[];
  kinds?: readonly string[];
  interfaces?: readonly string[];
  vnis?: readonly number[];
  macs?: readonly string[];
  ips?: readonly string[];
}
