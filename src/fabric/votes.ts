import { MacTable } from './mac-table.js';
import { attachedTo, hasVxlan, type MemberFacts, type VxlanMember } from './members.js';
import type { OverlayGroup } from './overlay-groups.js';
import { macNumber } from './remote-rows.js';
import { BREATH, Steps, type Work } from './steps.js';
import { advertised } from './vtep-hosts.js';

/** Where forwarding rows of other hosts lead for the endpoints of one member, or of all members of one engine. */
export interface Votes {
  /** Rows by the VTEP that they lead to. */
  readonly rows: ReadonlyMap<string, number>;
  /** All of them. */
  readonly total: number;
}

class Box implements Votes {
  readonly rows = new Map<string, number>();
  total = 0;

  add(vtep: string, rows: number): void {
    this.rows.set(vtep, (this.rows.get(vtep) ?? 0) + rows);
    this.total += rows;
  }
}

/** The VTEP of an engine is the same for all of its networks, so what rows say of it is counted together: a single wrong row in a small network decides nothing. */
class Ballot {
  readonly #ofHost = new Map<string, Box>();
  readonly #ofMember = new Map<MemberFacts, Box>();

  boxOf(member: MemberFacts, isNetwork: boolean): Box {
    // Of several engines on one host it is not known whose a member is.
    const isOne = isNetwork && new Set(advertised(member.host)).size <= 1;
    return isOne ? boxIn(this.#ofHost, member.host.id) : boxIn(this.#ofMember, member);
  }
}

function boxIn<Key>(boxes: Map<Key, Box>, key: Key): Box {
  const box = boxes.get(key) ?? new Box();
  boxes.set(key, box);
  return box;
}

/** Counts the rows of all overlays. A member with an address of its own needs none. */
export function* countVotes(groups: readonly OverlayGroup[]): Work<(member: MemberFacts, isNetwork: boolean) => Votes> {
  const ballot = new Ballot();
  for (const { networkId, members } of groups) {
    const read = members.filter(hasVxlan);
    const asked = read.filter(({ vxlan }) => vxlan.vxlan.local === undefined);
    if (asked.length === 0 || read.length < 2) continue;
    const owners = yield* ownersOf(asked);
    const boxes = asked.map((member) => ballot.boxOf(member, networkId !== undefined));
    for (const voter of read) {
      const hosts = asked.map(({ host }) => host.id !== voter.host.id);
      for (const [owner, vtep, rows] of yield* rowsFor(voter, owners, asked.length)) {
        if (hosts[owner] === true) boxes[owner]?.add(vtep, rows);
      }
    }
  }
  return (member, isNetwork) => ballot.boxOf(member, isNetwork);
}

/** Which of the members (by position) has the endpoint with a MAC address. One that several hosts have (it moves, or is there twice) is nobody's. */
function* ownersOf(members: readonly VxlanMember[]): Work<MacTable> {
  const owners = new MacTable(members.reduce((sum, { vxlan }) => sum + vxlan.ports.length, 0));
  const steps = new Steps();
  for (const [at, { host, vxlan }] of members.entries()) {
    for (const port of vxlan.ports) {
      const mac = macNumber(attachedTo(host, port).end?.mac ?? '');
      if (steps.spent()) yield BREATH;
      if (mac === undefined || mac === 0) continue;
      const other = owners.get(mac);
      if (!owners.has(mac)) owners.set(mac, at);
      else if (other === undefined || members[other]?.host.id !== host.id) owners.set(mac, undefined);
    }
  }
  return owners;
}

/** Most VTEPs of one vxlan, so that a pair of numbers is one number. */
const FACTOR = 1024;

/** How many rows of a voter lead where for the endpoints of which member: [member, VTEP, rows]. */
function* rowsFor({ vxlan }: VxlanMember, owners: MacTable, members: number): Work<[number, string, number][]> {
  if (vxlan.rows === undefined) return [];
  // Nearly all rows for the endpoints of a member lead to one VTEP: that one needs no Map.
  const usual = new Uint16Array(members);
  const usualRows = new Uint32Array(members);
  const others = new Map<number, number>();
  for (const { macs, vteps } of vxlan.rows.pieces()) {
    for (let at = 0; at < macs.length; at++) {
      const owner = owners.get(macs[at] ?? 0);
      if (owner === undefined) continue;
      const vtep = vteps[at] ?? 0;
      const rows = usualRows[owner] ?? 0;
      if (rows === 0) usual[owner] = vtep;
      if (usual[owner] === vtep) usualRows[owner] = rows + 1;
      else others.set(owner * FACTOR + vtep, (others.get(owner * FACTOR + vtep) ?? 0) + 1);
    }
    yield BREATH;
  }
  const found: [number, string, number][] = [];
  const add = (owner: number, vtep: number, rows: number): number => found.push([owner, vxlan.rows?.vteps[vtep] ?? '', rows]);
  for (const [owner, rows] of usualRows.entries()) if (rows > 0) add(owner, usual[owner] ?? 0, rows);
  for (const [key, rows] of others) add(Math.floor(key / FACTOR), key % FACTOR, rows);
  return found;
}
