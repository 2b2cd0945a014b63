import assert from 'node:assert/strict';
import t from 'tap';
import type { Overlay } from '../../../src/model/types.js';
import { joinOverlays, overlayParts } from '../../../src/wire/overlay-parts.js';
import { overlay } from './maximal-fabric.js';

/** On so many hosts, each with rows that lead to all others. */
function large(hosts: number): Overlay {
  const [member] = overlay.members;
  assert.ok(member !== undefined);
  const remotes = Array.from({ length: hosts - 1 }, (_, at) => ({ vtep: `192.0.2.${at}`, fdbEntries: 1 }));
  return { ...overlay, members: Array.from({ length: hosts }, (_, at) => ({ ...member, host: `h${at}`, remotes })) };
}

t.test('an overlay of very many hosts', async (t) => {
  t.test('comes in parts of some thousand rows, which make it whole again', async (t) => {
    const whole = large(200);
    const parts = [...overlayParts(whole)];
    t.ok(parts.length > 20, `${parts.length}`);
    for (const { id, vni, members } of parts) {
      t.strictSame([id, vni], [whole.id, whole.vni]);
      t.ok(members.length > 0);
      t.ok(members.reduce((sum, { remotes }) => sum + 1 + remotes.length, 0) <= 1000);
    }
    t.strictSame(joinOverlays([...parts, overlay]), [{ ...whole, members: [...whole.members, ...overlay.members] }]);
    t.strictSame(joinOverlays(parts), [whole]);
  });

  t.test('has a part for a member that alone is larger, and one when it has no members', async (t) => {
    t.equal([...overlayParts(large(1002))].length, 1002);
    t.strictSame([...overlayParts({ ...overlay, members: [] })], [{ ...overlay, members: [] }]);
  });
});
