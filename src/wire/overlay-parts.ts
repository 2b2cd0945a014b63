import type { Overlay, OverlayMember } from '../model/types.js';

/** Most members and addresses that their rows lead to, together, of one part: an overlay on 200 hosts has 40,000 of them. */
const MOST_OF_A_PART = 1000;

/** An overlay as parts that are small enough for a message each: all have what is said of the overlay, and each some of its members. */
export function* overlayParts(overlay: Overlay): Generator<Overlay> {
  let members: OverlayMember[] = [];
  let size = 0;
  for (const member of overlay.members) {
    const own = 1 + member.remotes.length;
    if (members.length > 0 && size + own > MOST_OF_A_PART) {
      yield { ...overlay, members };
      members = [];
      size = 0;
    }
    members.push(member);
    size += own;
  }
  yield { ...overlay, members };
}

/** Overlays of their parts, which follow one another. */
export function joinOverlays(parts: readonly Overlay[]): Overlay[] {
  const overlays = new Map<string, Overlay>();
  for (const part of parts) {
    const known = overlays.get(part.id);
    if (known === undefined) overlays.set(part.id, { ...part, members: [...part.members] });
    else for (const member of part.members) known.members.push(member);
  }
  return [...overlays.values()];
}
