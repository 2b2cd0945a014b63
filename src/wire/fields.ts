/** An object by field name: a message, as the model has it. */
export type Fields = Record<string, unknown>;

/** Sets a property whose name a stranger chose: a label named "__proto__" is one like any other. */
export function setKey(map: Fields, key: string, value: unknown): void {
  if (key === '__proto__') Object.defineProperty(map, key, { value, enumerable: true, configurable: true, writable: true });
  else map[key] = value;
}
