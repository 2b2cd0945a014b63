import type { AttributeReader } from '../../netlink/attributes.js';
import { struct } from '../codecs.js';
import type { Codec } from '../contract.js';

const bytes = struct(8);

/**
 * struct ifla_bridge_id { __u8 prio[2], addr[6]; } as iproute2 prints it: four digits of priority, a dot, and the MAC
 * with no leading zeros, for it uses ether_ntoa(3): "8000.2:42:ac:11:0:2".
 */
export const bridgeId: Codec = (attribute: AttributeReader) => {
  const value = bytes(attribute);
  if (!(value instanceof Uint8Array) || value.length !== 8) return '';
  const digits = Array.from(value, (byte) => byte.toString(16));
  const priority = digits.slice(0, 2).map((digit) => digit.padStart(2, '0'));
  return `${priority.join('')}.${digits.slice(2).join(':')}`;
};
