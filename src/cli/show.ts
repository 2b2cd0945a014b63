import type { Document } from '../outputs/contract.js';
import { OUTPUTS } from '../outputs/registry.gen.js';
import { UsageError } from './report.js';
import { type Context, paintFor, writeAll } from './terminal.js';

/** Writes a document in the format of `-o`. */
export async function show(document: Document, format: string, { terminal, env }: Context): Promise<void> {
  const output = OUTPUTS.find((known) => known.format === format);
  if (output === undefined) throw new UsageError(`-o ${format}: unknown format`);
  const options = { paint: paintFor(terminal.stdout, env) };
  for (const piece of output.render(document, options)) await writeAll(terminal.stdout, piece);
}
