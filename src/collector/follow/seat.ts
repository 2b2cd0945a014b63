import type { AgentState } from '../../model/types.js';
import type { Holder, KnownHost } from './known-host.js';
import type { AgentConnection } from './agent-connection.js';

/** Another agent already reports the host that this agent claims to be. */
export interface Refused {
  readonly host: KnownHost;
  /** The agent's name for its host. */
  readonly name: string;
  /** Whether it is the same process at another address. */
  readonly same: boolean;
}

/** The place of one target in the roster. */
export class Seat implements Holder {
  readonly connection: AgentConnection;
  /** The host that its agent reports. */
  host: KnownHost | undefined;
  /** Why its agent is not used. */
  refused: Refused | undefined;
  /** As of the last notification. */
  notifiedState: AgentState | undefined;
  wasConnected = false;

  constructor(connection: AgentConnection) {
    this.connection = connection;
  }

  get address(): string {
    return this.connection.target.address;
  }

  get source(): string {
    return this.connection.target.source;
  }

  get connected(): boolean {
    return this.connection.connected && this.host !== undefined;
  }

  get heardAt(): number | undefined {
    return this.connection.heardAt;
  }

  /** How current the host's state is. For an agent with two addresses: by the one that is used. */
  get state(): AgentState {
    if (this.refused !== undefined) return this.refused.same ? stateBy(this.refused.host.holder) : 'CONFLICT';
    if (this.host === undefined) return 'UNREACHABLE';
    if (this.connection.phase === 'live') return 'LIVE';
    return this.connection.phase === 'syncing' ? 'SYNCING' : 'STALE';
  }
}

function stateBy(holder: Holder | undefined): AgentState {
  if (holder instanceof Seat) return holder.refused === undefined ? holder.state : 'STALE';
  return holder === undefined ? 'STALE' : 'LIVE';
}
