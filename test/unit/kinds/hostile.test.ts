// The corpus is test/fixtures/kinds.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import { DecodeError } from '../../../src/netlink/error.js';
import { decodeInfo, decodeInfoIn, type FixtureCase, fixtureCases, fixtureKinds, viewOf } from '../../support/kinds.js';

const corpus: FixtureCase[] = fixtureKinds().flatMap((kind) => fixtureCases(kind).cases);

/** Bytes that would show: neither zero nor a plausible length. */
const POISON = 0xa5;
const GUARD = 64;

/** Decodes the bytes in the middle of others. Anything read outside changes the result with the poison. */
function decodeAmid(bytes: Uint8Array, poison: number, face: FixtureCase['face']): unknown {
  const amid = new Uint8Array(bytes.length + 2 * GUARD).fill(poison);
  amid.set(bytes, GUARD);
  const { error, ...info } = decodeInfoIn(viewOf(amid), GUARD, GUARD + bytes.length, face);
  if (error !== undefined) assert.ok(error instanceof DecodeError);
  return { info, error: error?.detail };
}

t.test('a payload that is cut off anywhere is an error or a shorter payload, and nothing after it is read', async (t) => {
  for (const { linkinfo, face, kind, name } of corpus) {
    for (let length = 0; length < linkinfo.length; length++) {
      const cut = linkinfo.subarray(0, length);
      t.strictSame(decodeAmid(cut, POISON, face), decodeAmid(cut, 0, face), `${kind}/${name} cut at ${length}`);
    }
  }
});

t.test('an attribute that is cut short inside is always reported', async (t) => {
  for (const { linkinfo, face, kind, name } of corpus) {
    const { error } = decodeInfo(linkinfo.subarray(0, linkinfo.length - 5), face);
    t.not(error, undefined, `${kind}/${name}`);
  }
});

t.test('bytes that were changed at random never throw and never read outside', async () => {
  const edit = fc.record({ at: fc.nat(), value: fc.integer({ min: 0, max: 255 }) });
  fc.assert(
    fc.property(fc.nat(corpus.length - 1), fc.array(edit, { minLength: 1, maxLength: 12 }), (which, edits) => {
      const { linkinfo, face } = corpus[which] as FixtureCase;
      const bytes = linkinfo.slice();
      for (const { at, value } of edits) bytes[at % bytes.length] = value;
      assert.deepEqual(decodeAmid(bytes, POISON, face), decodeAmid(bytes, 0x5a, face));
    }),
    { numRuns: 3000, seed: 20261121 },
  );
});

t.test('every attribute of every length from 0 to 40 is a value or an error', async (t) => {
  for (const { linkinfo, face } of corpus) {
    const { kind, portKind } = decodeInfo(linkinfo, face);
    for (const nested of [
      { outer: 2, name: kind, nameType: 1 },
      { outer: 5, name: portKind, nameType: 4 },
    ]) {
      if (nested.name === undefined) continue;
      for (let id = 0; id < 52; id++) {
        for (const length of [0, 1, 2, 3, 4, 6, 7, 8, 9, 16, 17, 33, 40]) {
          const info = decodeInfo(oneAttribute(nested.nameType, nested.name, nested.outer, id, length), face);
          for (const value of [...Object.values(info.attributes), ...Object.values(info.portAttributes)]) {
            t.equal(typeof value, 'string');
          }
        }
      }
    }
  }
});

/** IFLA_LINKINFO's payload: a kind, and data with one attribute of 0xff bytes. */
function oneAttribute(nameType: number, name: string, outer: number, id: number, length: number): Uint8Array {
  const attribute = (type: number, payload: Buffer): Buffer => {
    const header = Buffer.from(new Uint16Array([payload.length + 4, type]).buffer);
    return Buffer.concat([header, payload, Buffer.alloc((4 - (payload.length % 4)) % 4)]);
  };
  const data = attribute(outer, attribute(id, Buffer.alloc(length, 0xff)));
  return new Uint8Array(Buffer.concat([attribute(nameType, Buffer.from(`${name}\0`)), data]));
}
