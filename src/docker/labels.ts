import { textEntries } from './json.js';

/**
 * Length up to which a label's value is kept, in characters. Owners are repeated in every row that speaks of them, and
 * tools put entire documents into labels.
 */
export const LABEL_VALUE_LIMIT = 4096;

/** Length of all names and values of one object up to which labels are kept, in characters. */
export const LABELS_LIMIT = 65536;

/**
 * Labels as they are, within limits: a value that is too long ends with how much of it was cut, and labels over the
 * limit for one object are left out and counted.
 */
export function parseLabels(value: unknown): { labels: Record<string, string>; leftOut: number } {
  const kept: [string, string][] = [];
  let length = 0;
  let leftOut = 0;
  for (const [name, whole] of textEntries(value)) {
    const short = cut(whole);
    if (length + name.length + short.length > LABELS_LIMIT) {
      leftOut++;
      continue;
    }
    length += name.length + short.length;
    kept.push([name, short]);
  }
  // fromEntries() defines properties: a label that is called __proto__ stays a label.
  return { labels: Object.fromEntries(kept), leftOut };
}

function cut(value: string): string {
  if (value.length <= LABEL_VALUE_LIMIT) return value;
  return `${value.slice(0, LABEL_VALUE_LIMIT).replace(/[\ud800-\udbff]$/, '')}… (${value.length} characters)`;
}
