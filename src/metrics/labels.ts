import { createHash } from 'node:crypto';
import { printableStart } from '../text/printable.js';

/** Most characters of a label's value, the mark of one that was cut included. */
export const MAX_LABEL_CHARACTERS = 128;

/** Digits that tell texts apart that begin with the same characters. */
const MARK_DIGITS = 8;

/**
 * Text from strangers as the value of a label: what cannot be seen is written as \u{hex}, and what is longer than MAX_LABEL_CHARACTERS is cut between two
 * characters and ends with "~" and a hash of the whole, so that two long names stay two.
 */
export function labelValue(text: string): string {
  const { text: shown, isCut } = printableStart(text, MAX_LABEL_CHARACTERS);
  if (!isCut) return shown;
  const start = printableStart(text, MAX_LABEL_CHARACTERS - MARK_DIGITS - 1).text;
  return `${start}~${createHash('sha256').update(text).digest('hex').slice(0, MARK_DIGITS)}`;
}

/**
 * Labels as they stand in the text format, `{host="a",netns="b"}`, each value made fit by labelValue(). Empty ones are left out, for Prometheus takes them
 * as absent.
 */
export function formatLabels(labels: Readonly<Record<string, string | undefined>>): string {
  let text = '';
  for (const [name, value] of Object.entries(labels)) {
    if (value === undefined || value === '') continue;
    text += `${text === '' ? '' : ','}${name}="${escaped(labelValue(value))}"`;
  }
  return text === '' ? '' : `{${text}}`;
}

/** // Prometheus, docs/instrumenting/exposition_formats.md: backslash, double quote and line feed (which labelValue() has none of) are escaped. */
function escaped(value: string): string {
  return /[\\"]/.test(value) ? value.replace(/[\\"]/g, (character) => `\\${character}`) : value;
}
