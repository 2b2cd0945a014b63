import { isIP } from 'node:net';
import { EngineClient } from '../../../docker/client.js';
import type { SwarmNode } from '../../../docker/nodes.js';
import { Patience } from '../../../docker/patience.js';
import { isUnspecified } from '../../../fabric/ip.js';
import { parseHostPort } from '../../../rpc/address.js';
import { type Clock, SYSTEM_CLOCK } from '../clock.js';
import { codeOf } from '../../../text/error.js';
import { clipped } from '../../../text/printable.js';
import { addressOf } from './address.js';
import { askAgain, reasonOf } from './asking.js';
import type { AgentSource, Target } from './types.js';

interface SwarmOptions {
  readonly clock?: Clock;
  /** Patience with the engine, in milliseconds; 5000. */
  readonly timeLimitMs?: number;
}

/** Between two questions, in milliseconds. */
const PAUSE_MS = 10_000;

/**
 * Agents on all nodes of a Swarm, as one of its managers lists them: also those that are down, so that they are missed, and until they are
 * removed from the Swarm (`docker node rm`). While the manager does not answer, its last known nodes are kept.
 * @param socket path of the manager's unix socket
 */
export function swarmSource(socket: string, port: number, options: SwarmOptions = {}): AgentSource {
  const { clock = SYSTEM_CLOCK, timeLimitMs = 5000 } = options;
  const name = `swarm:${socket}:${port}`;
  return {
    name,
    follow: (onTargets, onProblem) => {
      const round = async (signal: AbortSignal): Promise<void> => {
        const patience = new Patience(socket, timeLimitMs, () => clock.date(), signal);
        const client = new EngineClient(socket);
        try {
          await client.version(patience);
          const nodes = await client.nodes(patience);
          if (signal.aborted) return;
          const { targets, problem } = targetsOf(nodes, port, name);
          onTargets(targets);
          onProblem(problem);
        } catch (cause) {
          const problem = await explain(cause, client, patience);
          if (!signal.aborted) onProblem(problem);
        } finally {
          patience.end();
        }
      };
      return askAgain(round, () => PAUSE_MS, clock);
    },
  };
}

/** The agents on nodes, those in good order first: where a node has come back as another one, both have the same address. */
function targetsOf(
  nodes: readonly SwarmNode[],
  port: number,
  source: string,
): { targets: Target[]; problem: string | undefined } {
  const targets = new Map<string, Target>();
  const nowhere: string[] = [];
  const isReady = ({ state }: SwarmNode): boolean => state === 'ready';
  for (const node of [...nodes.filter(isReady), ...nodes.filter((each) => !isReady(each))]) {
    const host = hostOf(node);
    if (host === undefined) {
      nowhere.push(clipped(node.hostname || node.id, 64));
      continue;
    }
    const address = addressOf(host, port);
    const note = noteOf(node);
    if (!targets.has(address)) targets.set(address, { address, source, ...(note !== undefined && { note }) });
  }
  const problem =
    nowhere.length === 0
      ? undefined
      : `the manager knows no address of ${nowhere.slice(0, 5).join(', ')}${nowhere.length > 5 ? ', …' : ''}`;
  return { targets: [...targets.values()], problem };
}

/** A manager may see itself at an invalid address, or one that no other host can reach; the one that it advertises to other managers is better. */
function hostOf({ address, managerAddress }: SwarmNode): string | undefined {
  const asManager = managerAddress === undefined ? undefined : parseHostPort(managerAddress)?.host;
  const candidates = address !== undefined && isReachable(address) ? [address] : [asManager, address];
  return candidates.find((host) => host !== undefined && isIP(host) !== 0 && !isUnspecified(host));
}

function isReachable(address: string): boolean {
  return !isUnspecified(address) && !address.startsWith('127.') && address !== '::1';
}

function noteOf({ hostname, id, state, availability }: SwarmNode): string | undefined {
  const node = `the Swarm's node ${clipped(hostname || id, 64)} is`;
  if (state !== 'ready') return `${node} ${clipped(state || 'in no known state', 32)}`;
  return availability === 'active' || availability === '' ? undefined : `${node} set to ${clipped(availability, 32)}`;
}

/** An engine that refuses to list nodes says of itself whether it could: its refusal has no code of its own. */
async function explain(cause: unknown, client: EngineClient, patience: Patience): Promise<string> {
  const reason = reasonOf(cause);
  if (codeOf(cause) !== 'ERR_NSATLAS_ENGINE_REFUSED') return reason;
  const info = await client.info(patience).catch(() => undefined);
  if (info === undefined || info.swarmManager === true) return reason;
  return `this engine is not a Swarm manager; give the socket of one that is (\`docker node ls\` works there): ${reason}`;
}
