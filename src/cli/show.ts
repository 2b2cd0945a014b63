import type { Document } from '../outputs/contract.js';
import { OUTPUTS } from '../outputs/registry.gen.js';
import { type Context, paintFor, writeAll } from './terminal.js';

/** Writes a document in the format of `-o`, which is one of its choices. */
export async function show(document: Document, format: string, { terminal, env }: Context): Promise<void> {
  const options = { paint: paintFor(terminal.stdout, env) };
  for (const output of OUTPUTS.filter((known) => known.format === format))
    for (const piece of output.render(document, options)) await writeAll(terminal.stdout, piece);
}
