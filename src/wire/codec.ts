import { WireError } from './error.js';
import type { Fields } from './fields.js';
import { DECODERS } from './gen/decoders.js';
import { ENCODERS } from './gen/encoders.js';
import type { MessageName, Messages } from './messages.js';
import { Reader } from './reader.js';
import { wrong } from './scalars.js';
import { inProto } from './schema.js';
import { Writer } from './writer.js';

/** One writer for all messages: nothing waits in the middle of one. */
let spare: Writer | undefined;

/**
 * A message on the wire.
 * @throws WireError naming the field that is missing or not of its type
 */
export function encode<Name extends MessageName>(name: Name, model: Messages[Name]): Buffer {
  const encoder = inProto('message', ENCODERS, name);
  if (typeof model !== 'object' || (model as unknown) === null) wrong('an object', model);
  const writer = spare ?? new Writer();
  // A getter of the model may want to encode something itself.
  spare = undefined;
  try {
    encoder(writer, model as unknown as Fields);
    return writer.finish();
  } finally {
    writer.reset();
    spare = writer;
  }
}

/**
 * A message off the wire, as the model has it. Fields of later releases are ignored.
 * @throws WireError naming the field, when the bytes are no such message
 */
export function decode<Name extends MessageName>(name: Name, bytes: Uint8Array): Messages[Name] {
  const decoder = inProto('message', DECODERS, name);
  const reader = new Reader(bytes);
  try {
    const fields = decoder(reader, bytes.length);
    reader.mustBeAt(bytes.length);
    // The decoders and the types come from the same .proto, which test/unit/wire/parity.test.ts holds together.
    return fields as unknown as Messages[Name];
  } catch (cause) {
    throw cause instanceof WireError && cause.path === '' ? new WireError(`is not a valid ${name}: ${cause.reason}`) : cause;
  }
}
