import { AttributeReader } from '../../netlink/attributes.js';

/**
 * Makes `namesInterface` of a table whose rows have their ifindex (u32) in an attribute.
 * @param headerBytes of the family's header @param whole attributes in which there may be any
 */
export function inAttribute(
  headerBytes: number,
  id: number,
  whole?: number,
): (view: DataView, start: number, end: number, ifindexes: ReadonlySet<number>) => boolean {
  return (view, start, end, ifindexes) => {
    const attributes = new AttributeReader(view, start + headerBytes, end, '');
    while (attributes.next()) {
      if (attributes.type === whole) return true;
      if (attributes.type === id) return ifindexes.has(attributes.u32());
    }
    return false;
  };
}
