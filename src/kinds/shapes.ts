// Records whose names are only known at run time, but which nearly always have the same ones. Adding 40 properties one after the other to an
// empty object costs V8 twice as much time as copying a template that has them and overwriting each, and more memory.

/** Sets of names that are remembered of one table; links of one kind have one or two. */
const maxShapes = 8;

interface Shape {
  readonly names: readonly string[];
  /** Has the names, in order. */
  readonly template: Readonly<Record<string, unknown>>;
}

/** Makes records of the attributes of one table. */
export class Shapes {
  readonly #known: Shape[] = [];
  #oldest = 0;

  /** A new record of names and their values, in this order. A name that comes twice has its last value. */
  record<Value>(names: readonly string[], values: readonly Value[]): Record<string, Value> {
    const record = { ...this.#template(names) } as Record<string, Value>;
    for (let at = 0; at < names.length; at++) record[names[at] as string] = values[at] as Value;
    return record;
  }

  #template(names: readonly string[]): Shape['template'] {
    for (const shape of this.#known) if (areSame(shape.names, names)) return shape.template;
    // JSON.parse() makes an object that has room for all its properties from the start.
    const template = JSON.parse(JSON.stringify(Object.fromEntries(names.map((name) => [name, ''])))) as Shape['template'];
    this.#known[this.#oldest] = { names: [...names], template };
    this.#oldest = (this.#oldest + 1) % maxShapes;
    return template;
  }
}

function areSame(a: readonly string[], b: readonly string[]): boolean {
  if (a.length !== b.length) return false;
  for (let at = 0; at < a.length; at++) if (a[at] !== b[at]) return false;
  return true;
}
