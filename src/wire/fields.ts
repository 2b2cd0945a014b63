import { wellFormed } from './scalars.js';

/** An object by field name: a message, as the model has it. */
export type Fields = Record<string, unknown>;

/** Sets a property whose name a stranger chose: a label named "__proto__" is one like any other. */
export function setKey(map: Fields, key: string, value: unknown): void {
  if (key === '__proto__') Object.defineProperty(map, key, { value, enumerable: true, configurable: true, writable: true });
  else map[key] = value;
}

/**
 * Names that are not well-formed may become the same once they are; then the last value counts, in the place of the first.
 * @param isLeftOut values that do not count
 */
export function withValidKeys(map: Fields, isLeftOut: (value: unknown) => boolean = () => false): Fields {
  const keys = Object.keys(map);
  if (keys.every((key) => key.isWellFormed())) return map;
  const valid: Fields = {};
  for (const key of keys) if (!isLeftOut(map[key])) setKey(valid, wellFormed(key), map[key]);
  return valid;
}
