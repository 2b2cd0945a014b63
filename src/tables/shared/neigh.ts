import { DecodeError } from '../../netlink/error.js';
import { type AttributeReader, LITTLE_ENDIAN } from '../../netlink/attributes.js';
import * as uapi from '../../netlink/uapi.js';

/** Ticks per second of ages reported by the kernel: USER_HZ, on every architecture that runs Docker. // asm/param.h */
const USER_HZ = 100;

/** A row while its attributes are walked. */
export interface Draft<Row> {
  readonly row: Row;
  /** NTF_EXT_*. */
  extended: number;
}

/** A message of a family that belongs to another table. */
export function wrongFamily(start: number, wanted: string, family: number): DecodeError {
  return new DecodeError({ path: 'RTM_NEWNEIGH', offset: start, wanted, got: `family ${family}` });
}

/** struct nda_cacheinfo: confirmed, used, updated (ticks ago), refcnt (u32 each). Returns seconds since confirmation. // linux/neighbour.h */
export function readAges(row: { usedSeconds?: number; updatedSeconds?: number }, attribute: AttributeReader): number {
  const { view, offset, length } = attribute;
  if (length < uapi.SIZEOF_NDA_CACHEINFO) {
    attribute.fail(offset, `${uapi.SIZEOF_NDA_CACHEINFO} bytes of nda_cacheinfo`, `${length} bytes`);
    return 0;
  }
  row.usedSeconds = view.getUint32(offset + 4, LITTLE_ENDIAN) / USER_HZ;
  row.updatedSeconds = view.getUint32(offset + 8, LITTLE_ENDIAN) / USER_HZ;
  return view.getUint32(offset, LITTLE_ENDIAN) / USER_HZ;
}
