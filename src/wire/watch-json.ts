import type { FabricEvent, WatchEvent } from '../model/types.js';
import { toBuffer, wellFormed } from './scalars.js';

/** An event as the proto3 JSON of WatchResponse or CollectorWatchResponse in one line, with the rules of toJson. No line break at the end. */
export function watchJson(event: WatchEvent | FabricEvent): string {
  return JSON.stringify(event, (_key, value: unknown) => jsonValue(value));
}

/** undefined for what is left out. */
function jsonValue(value: unknown): unknown {
  switch (typeof value) {
    case 'string':
      return wellFormed(value);
    case 'bigint':
      return value.toString();
    case 'number':
      return Number.isFinite(value) ? value : String(value);
    case 'object':
      if (value instanceof Uint8Array) return toBuffer(value).toString('base64');
      return value === null || isEmpty(value) ? undefined : value;
    default:
      return value;
  }
}

/** Lists and maps without anything in them are left out; so is a message of which nothing is left. */
function isEmpty(value: object): boolean {
  return Array.isArray(value) ? value.length === 0 : Object.keys(value).length === 0;
}
