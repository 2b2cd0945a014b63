// Writes event rules as the bytes that native/observer/event_rules.cc reads.
import { checked, ImageWriter } from './image-writer.js';
import type { EventRule, FieldTest } from './types.js';

const NO_IFINDEX = 0xffffffff;

/**
 * Encodes the rules of an observer.
 * @throws ArgumentError for what can be seen to be wrong here; the addon checks the rest (how many, and how far behind)
 */
export function encodeEventRules(rules: readonly EventRule[]): Uint8Array {
  const groups = [...new Set(rules.flatMap((rule) => rule.groups))];
  const writer = new ImageWriter();
  writer.u32(groups.length);
  writer.u32(rules.length);
  for (const group of groups) writer.u32(checked('a multicast group', group));
  for (const { table, types, family, unless = [], ifindexAt } of rules) {
    const when: readonly FieldTest[] = family === undefined ? [] : [{ at: 0, bytes: 1, equals: family }];
    writer.u32(checked('a table', table));
    writer.u32(ifindexAt === undefined ? NO_IFINDEX : checked('ifindexAt', ifindexAt));
    writer.u32(types.length);
    writer.u32(when.length);
    writer.u32(unless.length);
    for (const type of types) writer.u32(checked('a message type', type));
    for (const { at, bytes, equals } of [...when, ...unless]) {
      writer.u32(checked('the offset of a field', at));
      writer.u32(checked('the width of a field', bytes));
      writer.u32(checked('the value of a field', equals));
    }
  }
  return writer.finish();
}
