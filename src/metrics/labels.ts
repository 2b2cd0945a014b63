import { createHash } from 'node:crypto';

/** Most characters of a label's value, the mark of one that was cut included. */
export const MAX_LABEL_CHARACTERS = 128;

/** Controls, what reorders or hides text, line separators and halves of surrogate pairs: they would be another text in a terminal, or in UTF-8. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;

/** Digits that tell texts apart that begin with the same characters. */
const MARK_DIGITS = 8;

/**
 * Text from strangers as the value of a label: what cannot be seen is written as \u{hex}, and what is longer than MAX_LABEL_CHARACTERS is cut between two
 * characters and ends with "~" and a hash of the whole, so that two long names stay two.
 */
export function labelValue(text: string): string {
  if (text.length <= MAX_LABEL_CHARACTERS && !UNSEEN.test(text)) return text;
  // A character takes one unit at least: what is behind so many is never shown.
  const shown: string[] = [];
  let characters = 0;
  for (const character of text) {
    const unit = UNSEEN.test(character) ? `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}` : character;
    characters += unit.length > 2 ? unit.length : 1;
    shown.push(unit);
    if (characters > MAX_LABEL_CHARACTERS) return cut(shown, characters, text);
  }
  return shown.join('');
}

function cut(shown: string[], characters: number, text: string): string {
  const room = MAX_LABEL_CHARACTERS - MARK_DIGITS - 1;
  let left = characters;
  while (left > room) {
    const unit = shown.pop() ?? '';
    left -= unit.length > 2 ? unit.length : 1;
  }
  return `${shown.join('')}~${createHash('sha256').update(text).digest('hex').slice(0, MARK_DIGITS)}`;
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
