import type { AttributeReader } from '../../netlink/attributes.js';
import { wrongLength } from '../codecs.js';

const bridgeIdLength = 8;

const DIGITS: readonly string[] = Array.from({ length: 256 }, (_, byte) => byte.toString(16));
const TWO_DIGITS: readonly string[] = DIGITS.map((digits) => digits.padStart(2, '0'));

/**
 * struct ifla_bridge_id { __u8 prio[2], addr[6]; } as iproute2 prints it: four digits of priority, a dot, and the MAC
 * with no leading zeros, for it uses ether_ntoa(3): "8000.2:42:ac:11:0:2".
 */
export const bridgeId = (attribute: AttributeReader): string => {
  if (attribute.length !== bridgeIdLength) {
    wrongLength(attribute, `${bridgeIdLength} bytes`);
    return '';
  }
  const { view, offset } = attribute;
  const digits = (at: number): string => DIGITS[view.getUint8(offset + at)] as string;
  const priority = (TWO_DIGITS[view.getUint8(offset)] as string) + (TWO_DIGITS[view.getUint8(offset + 1)] as string);
  let text = `${priority}.${digits(2)}`;
  for (let at = 3; at < bridgeIdLength; at++) text += `:${digits(at)}`;
  return text;
};
