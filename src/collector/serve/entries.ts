import { selectsHost, type Selector } from '../../model/select.js';
import type { FabricAge, HostEntry } from '../../model/types.js';
import type { Member, Members } from '../types.js';

/** Entries that fit; one whose host is not known yet fits when no host is asked for. */
export function entriesThatFit(members: Members, selector: Selector): HostEntry[] {
  return members
    .entries()
    .filter(({ host, hostName, agent }) => selectsHost({ id: host ?? agent, name: hostName ?? agent }, selector));
}

/** The hosts of which something is known and that fit. */
export function membersThatFit(members: Members, selector: Selector): Member[] {
  return members.members().filter((member) => selectsHost({ id: member.hostId, name: nameOf(member) }, selector));
}

/** How old each host's part of an answer is. */
export function agesOf(hosts: readonly Member[]): FabricAge {
  const ages = hosts.map((member) => {
    const { state, ageMs } = member.entry();
    return { host: member.hostId, hostName: nameOf(member), state, ...(ageMs !== undefined && { ageMs }) };
  });
  return { hosts: ages };
}

function nameOf({ live, hostId }: Member): string {
  return live.host()?.name ?? hostId;
}
