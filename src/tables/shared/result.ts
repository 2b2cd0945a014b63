import type { DecodeError } from '../../netlink/error.js';

/** What decoding one message gives: the record, or what was wrong with the bytes. Decoders never throw on bad bytes. */
export type Decoded<Row> = Row | DecodeError;
