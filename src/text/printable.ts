/**
 * What must not reach a terminal, a log or another format: controls (escape sequences begin with them), what reorders or hides text (bidirectional
 * overrides, zero-width characters, tags, variation selectors, fillers), line and paragraph separators, halves of surrogate pairs, and code points that
 * mean nothing or nothing that is agreed on.
 */
const UNPRINTABLE = /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]/gu;

/** Most texts: nothing of this is unprintable. */
const ASCII = /^[ -~]*$/;

/** Most characters of a stranger's name in a message or a log. */
export const NAME_LENGTH = 200;

/**
 * Text from strangers, fit for one line of a table, a message or a log: what would move the cursor or hide is shown as \u{hex}. Printable text stays as it
 * is, so that doing this twice does no harm.
 */
export function printable(text: string): string {
  return ASCII.test(text) ? text : text.replace(UNPRINTABLE, escaped);
}

/** As printable(); what is longer than `most` characters is cut and ends with "…". */
export function clipped(text: string, most: number): string {
  const start = printableStart(text, most);
  return start.isCut ? `${start.text}…` : start.text;
}

/** The beginning of a text, made printable, of `most` characters at most. An escape is shown as one or not at all. */
export function printableStart(text: string, most: number): { readonly text: string; readonly isCut: boolean } {
  if (ASCII.test(text)) return text.length <= most ? { text, isCut: false } : { text: text.slice(0, most), isCut: true };
  let start = '';
  let length = 0;
  for (const character of text) {
    const shown = character.replace(UNPRINTABLE, escaped);
    length += shown === character ? 1 : shown.length;
    if (length > most) return { text: start, isCut: true };
    start += shown;
  }
  return { text: start, isCut: false };
}

function escaped(character: string): string {
  return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
}

/**
 * JSON text, fit for a terminal: JSON.stringify leaves DEL, C1 controls and the Unicode controls as they are. They can
 * only stand inside strings, where an escape means the same.
 */
export function printableJson(json: string): string {
  return json.replace(UNPRINTABLE, (character) => (character === '\n' ? character : escapedUnits(character)));
}

/** JSON escapes UTF-16 code units, so a character beyond the basic plane takes two. */
function escapedUnits(character: string): string {
  let units = '';
  for (let at = 0; at < character.length; at++) units += `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`;
  return units;
}
