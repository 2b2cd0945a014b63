import type { AgentState } from '../../model/types.js';
import type { Holder, KnownHost } from './known-host.js';
import type { AgentConnection } from './agent-connection.js';

/** Another one tells of the host that this agent says it is. */
export interface Refused {
  readonly host: KnownHost;
  /** What the agent calls its host. */
  readonly name: string;
  /** Whether it is the same process, by another address. */
  readonly same: boolean;
}

/** The place of one target in the roster. */
export class Seat implements Holder {
  readonly connection: AgentConnection;
  /** The host that it tells of. */
  host: KnownHost | undefined;
  /** Why it tells of none. */
  refused: Refused | undefined;
  /** As they were when somebody was told last. */
  toldState: AgentState | undefined;
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

  /** How well the host is known. Of an agent with two addresses: the state by the one that is used. */
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
