import { basename } from './ids.js';
import type { Role } from './types.js';

/** What the names of a namespace's files say. */
export interface RoleGuess {
  readonly role: Role;
  /** First characters of the id of the Docker network that it belongs to. */
  readonly networkPrefix?: string;
}

// Docker cuts all names to 12 characters (GenerateKey(), libnetwork/osl/namespace_linux.go). Network ids of a swarm are
// 25 characters of base 36.
const SANDBOX = /^[0-9a-f]{12}$/;
const OVERLAY = /^[0-9]+-([0-9a-z]{7,10})$/;
const LOAD_BALANCER = /^lb_([0-9a-z]{9})$/;

/**
 * The role of a namespace, from names alone, so that it is known without a Docker socket.
 * @param isHost whether it is the namespace of the machine's first process
 */
export function guessRole(paths: readonly string[], isHost: boolean): RoleGuess {
  let best: RoleGuess = { role: isHost ? 'HOST' : 'OTHER' };
  for (const path of paths) {
    const guess = roleOfName(path);
    if (best.role === 'OTHER' || (best.networkPrefix === undefined && guess.networkPrefix !== undefined)) best = guess;
  }
  return isHost ? { ...best, role: 'HOST' } : best;
}

function roleOfName(path: string): RoleGuess {
  const name = basename(path);
  const overlay = OVERLAY.exec(name)?.[1];
  if (overlay !== undefined) return { role: 'OVERLAY', networkPrefix: overlay };
  const loadBalancer = LOAD_BALANCER.exec(name)?.[1];
  if (loadBalancer !== undefined) return { role: 'LOAD_BALANCER', networkPrefix: loadBalancer };
  if (name === 'ingress_sbox') return { role: 'INGRESS' };
  if (SANDBOX.test(name)) return { role: 'CONTAINER' };
  // dockerd's bind of its own namespace, made for the first container on the host network. iproute2's directory is
  // left out: there the name is one that a person chose.
  if (name === 'default' && !/^(\/var)?\/run\/netns\//.test(path)) return { role: 'HOST' };
  return { role: 'OTHER' };
}
