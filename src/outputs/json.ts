import { toJson } from '../wire/json.js';
import type { Document, Output } from './contract.js';
import { printableJson } from './printable.js';

/** The proto3 JSON of the same messages that the agent serves. */
export const output: Output = {
  format: 'json',
  mediaType: 'application/json',
  help: 'proto3 JSON of nsatlas.v1, for programs',
  render: (document) => `${printableJson(documentJson(document))}\n`,
};

function documentJson(document: Document): string {
  switch (document.name) {
    case 'snapshot':
      return toJson(document.snapshot);
    case 'doctor':
      return JSON.stringify(document.report, undefined, 2);
    default:
      return toJson(document.listing);
  }
}
