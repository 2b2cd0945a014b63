import type { Selector } from '../model/select.js';
import type { SelectorMessage } from './messages.js';
import { fieldsOf } from './schema.js';

/** All its fields are lists. */
const NONE = Object.fromEntries(fieldsOf('nsatlas.v1.Selector').map(({ name }) => [name, []])) as unknown as SelectorMessage;

/** A selector as the message of a request. */
export function selectorMessage(selector: Selector): SelectorMessage {
  return { ...NONE, ...selector };
}
