import { createHash } from 'node:crypto';
import { printableStart } from '../text/printable.js';

/** Limit of a label's value, in characters, including the mark of a cut one. */
export const MAX_LABEL_CHARACTERS = 128;

/** Digits of the hash that distinguishes texts that start with the same characters. */
const MARK_DIGITS = 8;

/**
 * Untrusted text as the value of a label: invisible characters are escaped as \u{hex}, and a text longer than MAX_LABEL_CHARACTERS is cut between two
 * characters and ends with "~" and a hash of the full text, so that two long names stay distinct.
 */
export function labelValue(text: string): string {
  const { text: shown, isCut } = printableStart(text, MAX_LABEL_CHARACTERS);
  if (!isCut) return shown;
  const start = printableStart(text, MAX_LABEL_CHARACTERS - MARK_DIGITS - 1).text;
  return `${start}~${createHash('sha256').update(text).digest('hex').slice(0, MARK_DIGITS)}`;
}

/**
 * Labels in the text format, `{host="a",netns="b"}`, each value passed through labelValue(). Empty ones are omitted: to Prometheus they are
 * the same as absent.
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
