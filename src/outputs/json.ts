import { jsonPieces } from '../wire/json.js';
import type { Document, Output } from './contract.js';
import { printableJson } from '../text/printable.js';

/** The proto3 JSON of the same messages that the agent serves. */
export const output: Output = {
  format: 'json',
  help: 'proto3 JSON of nsatlas.v1, for programs',
  render,
};

/** In pieces of about 64 KiB: neither memory nor the event loop has to hold all of it. */
function* render(document: Document): Generator<string, void, undefined> {
  switch (document.name) {
    case 'snapshot':
      yield* jsonPieces(document.snapshot, printableJson);
      break;
    case 'doctor':
      yield printableJson(JSON.stringify(document.report, undefined, 2));
      break;
    default:
      yield* jsonPieces(document.listing, printableJson);
  }
  yield '\n';
}
