// Written by scripts/registry.mjs. Do not edit: add a file to src/outputs and run it.
import type { Output } from './contract.js';
import { output as output_json } from './json.js';
import { output as output_table } from './table.js';

/** Every format of -o. */
export const OUTPUTS: readonly Output[] = [output_json, output_table];
