import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
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

describe('an overlay of very many hosts', () => {
  it('comes in parts of some thousand rows, which make it whole again', () => {
    const whole = large(200);
    const parts = [...overlayParts(whole)];
    assert.ok(parts.length > 20, `${parts.length}`);
    for (const { id, vni, members } of parts) {
      assert.deepEqual([id, vni], [whole.id, whole.vni]);
      assert.ok(members.length > 0);
      assert.ok(members.reduce((sum, { remotes }) => sum + 1 + remotes.length, 0) <= 1000);
    }
    assert.deepEqual(joinOverlays([...parts, overlay]), [{ ...whole, members: [...whole.members, ...overlay.members] }]);
    assert.deepEqual(joinOverlays(parts), [whole]);
  });

  it('has a part for a member that alone is larger, and one when it has no members', () => {
    assert.equal([...overlayParts(large(1002))].length, 1002);
    assert.deepEqual([...overlayParts({ ...overlay, members: [] })], [{ ...overlay, members: [] }]);
  });
});
