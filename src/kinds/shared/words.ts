import type { Detail, DetailValue } from '../contract.js';
import { formatValue } from '../codecs.js';

/** "port 4789" for each name that the detail has, in the order given; a label other than the name goes after "=". */
export function words(detail: Detail, ...names: readonly string[]): string {
  const parts: string[] = [];
  for (const spec of names) {
    const [name = spec, label = name] = spec.split('=');
    const value = detail[name];
    if (value === undefined || value === 'any') continue;
    parts.push(`${label} ${formatValue(value)}`);
  }
  return parts.join(' ');
}

/** Joins what is not empty with a space. */
export function phrase(...parts: readonly (string | false | undefined)[]): string {
  return parts.filter((part) => part !== undefined && part !== false && part !== '').join(' ');
}

/** The value when it is text, else "". */
export function textOf(value: DetailValue | undefined): string {
  return typeof value === 'string' ? value : '';
}
