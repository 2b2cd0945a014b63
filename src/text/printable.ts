/**
 * Characters that must not reach a terminal, a log or another format: controls (escape sequences start with them), those that reorder or hide text (bidirectional
 * overrides, zero-width characters, tags, variation selectors, fillers), line and paragraph separators, halves of surrogate pairs, and code points that
 * are unassigned or for private use.
 */
const UNPRINTABLE = /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]/gu;

/** Matches most texts: none of these characters is unprintable. */
const ASCII = /^[ -~]*$/;

/** Limit of an untrusted name in a message or a log, in characters. */
export const NAME_LENGTH = 200;

/**
 * Untrusted text, made safe for one line of a table, a message or a log: unprintable characters are escaped as \u{hex}. Printable text is unchanged,
 * so that repeating this does no harm.
 */
export function printable(text: string): string {
  return ASCII.test(text) ? text : text.replace(UNPRINTABLE, escaped);
}

/** As printable(); a text longer than `most` characters is cut and ends with "…". */
export function clipped(text: string, most: number): string {
  const start = printableStart(text, most);
  return start.isCut ? `${start.text}…` : start.text;
}

/** The first characters of a text, made printable, at most `most`. An escape is never cut. */
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
 * JSON text, made safe for a terminal: JSON.stringify does not escape DEL, C1 controls and the Unicode controls. They can
 * occur only inside strings, where an escape means the same.
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
