/**
 * Whether two values of the data model are the same: plain objects, arrays, byte strings and what JSON and bigint know. A property that is
 * undefined is as good as none. Five times as quick as util.isDeepStrictEqual, which has to know every kind of object and cycles; asked for
 * each message of each agent.
 */
export function isSame(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a)) return Array.isArray(b) && areSameItems(a, b);
  if (a instanceof Uint8Array) return b instanceof Uint8Array && areSameItems(a, b);
  if (Array.isArray(b) || b instanceof Uint8Array) return false;
  return hasSameProperties(a as Properties, b as Properties) && hasNoOthers(b as Properties, a as Properties);
}

type Properties = Readonly<Record<string, unknown>>;

function areSameItems(a: ArrayLike<unknown>, b: ArrayLike<unknown>): boolean {
  if (a.length !== b.length) return false;
  for (let at = 0; at < a.length; at++) if (!isSame(a[at], b[at])) return false;
  return true;
}

function hasSameProperties(a: Properties, b: Properties): boolean {
  for (const name in a) {
    const value = a[name];
    // A name of Object.prototype, "constructor", is no property of its own.
    if (!isSame(value, Object.hasOwn(b, name) ? b[name] : undefined)) return false;
  }
  return true;
}

function hasNoOthers(a: Properties, b: Properties): boolean {
  for (const name in a) if (a[name] !== undefined && !Object.hasOwn(b, name)) return false;
  return true;
}
