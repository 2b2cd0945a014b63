import { MacTable } from './mac-table.js';
import { areSame } from '../text/lists.js';
import { hasVxlan, type MemberFacts, type VxlanMember } from './members.js';
import type { OverlayGroup } from './overlay-groups.js';
import { macNumber, type RemoteRows } from './remote-rows.js';
import { BREATH, Steps, type Work } from './steps.js';

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

/** What the rows of one overlay say, and what makes counting them again cheap. */
export interface Tally {
  /** Members that have no address of their own. */
  readonly asked: readonly VxlanMember[];
  readonly voters: readonly VxlanMember[];
  /** For the asked members, in their order. */
  readonly votes: readonly Votes[];
  readonly owners: MacTable;
  /** What rowsFor() found, by the rows of a voter. */
  readonly counted: ReadonlyMap<RemoteRows, Uint32Array>;
}

const NO_VOTES: Votes = new Box();

/**
 * Counts the rows of one overlay. Only rows that changed are counted again, and all of them when MAC addresses of endpoints did.
 * undefined: there is no voter, or there are no rows of others.
 */
export function* tallyOf(group: OverlayGroup, last: Tally | undefined): Work<Tally | undefined> {
  const voters = group.members.filter(hasVxlan);
  const asked = voters.filter(({ vxlan }) => vxlan.vxlan.local === undefined);
  if (asked.length === 0 || voters.length < 2) return undefined;
  if (last !== undefined && areSame(voters, last.voters)) return last;
  const kept = last !== undefined && haveSameMacs(asked, last.asked) ? last : undefined;
  const owners = kept?.owners ?? (yield* ownersOf(asked));
  const counted = new Map<RemoteRows, Uint32Array>();
  const votes = asked.map(() => new Box());
  const steps = new Steps();
  for (const { host, vxlan } of voters) {
    const { rows } = vxlan;
    if (rows === undefined) continue;
    const found = kept?.counted.get(rows) ?? (yield* rowsFor(rows, owners, asked.length));
    counted.set(rows, found);
    for (let at = 0; at < found.length; at += FIELDS) {
      const owner = found[at] ?? 0;
      if (asked[owner]?.host.id !== host.id) votes[owner]?.add(rows.vteps[found[at + 1] ?? 0] ?? '', found[at + 2] ?? 0);
    }
    if (steps.spent(found.length)) yield BREATH;
  }
  return { asked, voters, votes, owners, counted };
}

/** Whether ownersOf() would say the same of two lists. */
function haveSameMacs(a: readonly VxlanMember[], b: readonly VxlanMember[]): boolean {
  const isSame = (one: VxlanMember, other: VxlanMember | undefined): boolean =>
    one === other ||
    (one.host.id === other?.host.id &&
      one.attached.length === other.attached.length &&
      one.attached.every(({ end }, at) => end?.mac === other.attached[at]?.end?.mac));
  return a.length === b.length && a.every((one, at) => isSame(one, b[at]));
}

/**
 * The votes for every member, of the tallies of all overlays. The VTEP of an engine is the same for all of its networks, so what rows say
 * of it is counted together: a single wrong row in a small network decides nothing.
 */
export class Ballot {
  readonly #ofHost = new Map<string, Box>();
  readonly #ofMember = new Map<MemberFacts, Votes>();

  /** Adds what was counted in one overlay. */
  add({ networkId }: OverlayGroup, { asked, votes }: Tally): void {
    for (const [at, member] of asked.entries()) {
      const own = votes[at] ?? NO_VOTES;
      if (!isCountedTogether(member, networkId)) {
        this.#ofMember.set(member, own);
        continue;
      }
      const box = this.#ofHost.get(member.host.id) ?? new Box();
      this.#ofHost.set(member.host.id, box);
      for (const [vtep, rows] of own.rows) box.add(vtep, rows);
    }
  }

  votesFor(member: MemberFacts, networkId: string | undefined): Votes {
    const votes = isCountedTogether(member, networkId) ? this.#ofHost.get(member.host.id) : this.#ofMember.get(member);
    return votes ?? NO_VOTES;
  }
}

/** Of several engines on one host it is not known whose a member is. */
function isCountedTogether({ host }: MemberFacts, networkId: string | undefined): boolean {
  return networkId !== undefined && host.advertised.length <= 1;
}

/** Which of the members (by position) has the endpoint with a MAC address. One that several hosts have (it moves, or is there twice) is nobody's. */
function* ownersOf(members: readonly VxlanMember[]): Work<MacTable> {
  const owners = new MacTable(members.reduce((sum, { attached }) => sum + attached.length, 0));
  const steps = new Steps();
  for (const [at, { host, attached }] of members.entries()) {
    for (const { end } of attached) {
      const mac = macNumber(end?.mac ?? '');
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
/** Numbers of one thing that rowsFor() finds. */
const FIELDS = 3;

/** How many rows of a voter lead where for the endpoints of which member: member, VTEP (both by position), rows; and so on. */
function* rowsFor(rows: RemoteRows, owners: MacTable, members: number): Work<Uint32Array> {
  // Nearly all rows for the endpoints of a member lead to one VTEP: that one needs no Map.
  const usual = new Uint16Array(members);
  const usualRows = new Uint32Array(members);
  const others = new Map<number, number>();
  for (const { macs, vteps } of rows.pieces()) {
    for (let at = 0; at < macs.length; at++) {
      const owner = owners.get(macs[at] ?? 0);
      if (owner === undefined) continue;
      const vtep = vteps[at] ?? 0;
      const known = usualRows[owner] ?? 0;
      if (known === 0) usual[owner] = vtep;
      if (usual[owner] === vtep) usualRows[owner] = known + 1;
      else others.set(owner * FACTOR + vtep, (others.get(owner * FACTOR + vtep) ?? 0) + 1);
    }
    yield BREATH;
  }
  const found: number[] = [];
  for (const [owner, number] of usualRows.entries()) if (number > 0) found.push(owner, usual[owner] ?? 0, number);
  for (const [key, number] of others) found.push(Math.floor(key / FACTOR), key % FACTOR, number);
  return Uint32Array.from(found);
}
