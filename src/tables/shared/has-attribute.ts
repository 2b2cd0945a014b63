import { AttributeReader } from '../../netlink/attributes.js';
import type { RowTest } from '../contract.js';

/** Finds the rows that have an attribute. @param headerBytes of the family's header */
export function hasAttribute(headerBytes: number, id: number): RowTest {
  return (view, start, end) => {
    const attributes = new AttributeReader(view, start + headerBytes, end, '');
    while (attributes.next()) if (attributes.type === id) return true;
    return false;
  };
}
