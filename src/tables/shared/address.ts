import type { AttributeReader } from '../../netlink/attributes.js';
import { ipText } from '../../netlink/text.js';
import * as uapi from '../../netlink/uapi.js';

/** Bytes of an address of a family; undefined where it has no fixed length. @param family AF_* or RTNL_FAMILY_* */
export function addressLength(family: number): number | undefined {
  switch (family) {
    case uapi.AF_INET:
    case uapi.RTNL_FAMILY_IPMR:
      return 4;
    case uapi.AF_INET6:
    case uapi.RTNL_FAMILY_IP6MR:
      return 16;
    default:
      return undefined;
  }
}

/** Text of an address, whose length has to be that of its family. */
export function addressText(attribute: AttributeReader, family: number): string {
  const { view, offset, length } = attribute;
  const wanted = addressLength(family) ?? length;
  if (length === wanted) return ipText(view, offset, length);
  attribute.fail(offset, `${wanted} bytes of address`, `${length} bytes`);
  return '';
}
