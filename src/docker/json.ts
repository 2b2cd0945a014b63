/** An object of an engine's answer, of which nothing is believed yet. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** The value when it is an object (no array, not null). */
export function asObject(value: unknown): JsonObject | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : undefined;
}

/** The elements of an array that are objects. Go prints an empty list as null, so anything else is empty. */
export function objectsOf(value: unknown): JsonObject[] {
  return Array.isArray(value) ? value.map(asObject).filter((element) => element !== undefined) : [];
}

/** An object within an object. */
export function child(parent: JsonObject | undefined, name: string): JsonObject | undefined {
  return parent === undefined || !Object.hasOwn(parent, name) ? undefined : asObject(parent[name]);
}

/** A string that says something. Engines print "" where they have nothing to say. */
export function text(parent: JsonObject | undefined, name: string): string | undefined {
  if (parent === undefined || !Object.hasOwn(parent, name)) return undefined;
  const value = parent[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** Whether a member is the literal true. */
export function isTrue(parent: JsonObject | undefined, name: string): boolean {
  return parent?.[name] === true;
}

/** The strings of a list of strings. */
export function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((element): element is string => typeof element === 'string' && element !== '') : [];
}

/** Those fields that there are: an optional field that is not is left out. */
export function present<Fields extends object>(fields: Fields): { [Name in keyof Fields]?: Exclude<Fields[Name], undefined> } {
  const known = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(known) as { [Name in keyof Fields]?: Exclude<Fields[Name], undefined> };
}

/** The members of an object whose values are strings: labels, options. */
export function textEntries(value: unknown): [string, string][] {
  return Object.entries(asObject(value) ?? {}).filter((entry): entry is [string, string] => typeof entry[1] === 'string');
}
