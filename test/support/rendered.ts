import type { Document, Output, RenderOptions } from '../../src/outputs/contract.js';

/** The complete text of a document. */
export function rendered(output: Output, document: Document, options: RenderOptions = {}): string {
  return [...output.render(document, options)].join('');
}
