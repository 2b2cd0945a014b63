/**
 * What must not reach a terminal: controls (escape sequences begin with them), characters that reorder or hide text
 * (bidirectional overrides, zero-width characters, tags), line separators, and halves of surrogate pairs.
 */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** Text from strangers, fit for one cell of a table: what would move the cursor or hide is shown as \u{hex}. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`);
}

/**
 * JSON text, fit for a terminal: JSON.stringify leaves DEL, C1 controls and the Unicode controls as they are. They can
 * only stand inside strings, where an escape means the same.
 */
export function printableJson(json: string): string {
  return json.replace(UNPRINTABLE, (character) => (character === '\n' ? character : escapeUnits(character)));
}

/** JSON escapes UTF-16 code units, so a character beyond the basic plane takes two. */
function escapeUnits(character: string): string {
  let escaped = '';
  for (let at = 0; at < character.length; at++) escaped += `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`;
  return escaped;
}
