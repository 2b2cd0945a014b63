import { fromMessage, toMessage, type Fields } from './convert.js';
import { WireError } from './error.js';
import { DECODERS } from './gen/decoders.js';
import { ENCODERS } from './gen/encoders.js';
import { grpc, nsatlas } from './gen/proto.js';
import type { MessageName, Messages } from './messages.js';
import { GivenUp, Reader } from './reader.js';
import { Writer } from './writer.js';

/** What the generated module offers for one message. */
interface MessageClass {
  encode(message: Fields): { readonly len: number; finish(): Uint8Array };
  decode(bytes: Uint8Array): Fields;
}

/** A package of the generated module: messages, and packages within. */
export interface CodecNamespace {
  readonly [name: string]: CodecNamespace | MessageClass;
}

const ROOTS: CodecNamespace = { nsatlas, grpc };

/**
 * A message on the wire.
 * @throws WireError naming the field that is missing or not of its type
 */
export function encode<Name extends MessageName>(name: Name, model: Messages[Name]): Uint8Array {
  return encodeFast(name, model) ?? encodeSlow(name, model);
}

/** One writer for all messages: nothing waits in the middle of one. */
let spare: Writer | undefined;

/** The bytes that the generated encoder writes; undefined where it gave up. */
export function encodeFast(name: MessageName, model: unknown): Buffer | undefined {
  const encoder = ENCODERS[name];
  if (encoder === undefined || typeof model !== 'object' || model === null) return undefined;
  const writer = spare ?? new Writer();
  // A getter of the model may want to encode something itself.
  spare = undefined;
  try {
    encoder(writer, model as Fields);
    return writer.finish();
  } catch {
    // Whatever it is, encodeSlow() comes upon it too and says where.
    return undefined;
  } finally {
    writer.reset();
    spare = writer;
  }
}

/** What encodeFast() is held to: the bytes of protobufjs. @throws WireError naming the field that is missing or not of its type */
export function encodeSlow(name: MessageName, model: unknown): Uint8Array {
  return classOf(name).encode(toMessage(name, model)).finish();
}

/**
 * A message off the wire, as the model has it. Fields of later releases are ignored.
 * @throws WireError when the bytes are no such message
 */
export function decode<Name extends MessageName>(name: Name, bytes: Uint8Array): Messages[Name] {
  // The table and the types come from the same .proto, which test/unit/wire/parity.test.ts holds together.
  return (decodeFast(name, bytes) ?? decodeSlow(name, bytes)) as unknown as Messages[Name];
}

/** The generated decoder's answer; undefined where it gave up. */
export function decodeFast(name: MessageName, bytes: Uint8Array): Fields | undefined {
  const reader = new Reader(bytes);
  try {
    const fields = DECODERS[name]?.(reader, bytes.length);
    reader.mustBeAt(bytes.length);
    return fields;
  } catch (cause) {
    if (cause instanceof GivenUp || cause instanceof WireError) return undefined;
    throw cause;
  }
}

/** What decodeFast() is held to: the answer of protobufjs, converted. @throws WireError when the bytes are no such message */
export function decodeSlow(name: MessageName, bytes: Uint8Array): Fields {
  let message: Fields;
  try {
    message = classOf(name).decode(bytes);
  } catch (cause) {
    throw new WireError(`is no ${name}: ${cause instanceof Error ? cause.message : String(cause)}`, '', { cause });
  }
  return fromMessage(name, message);
}

const classes = new Map<string, MessageClass>();

function classOf(name: MessageName): MessageClass {
  const known = classes.get(name);
  if (known !== undefined) return known;
  let found: CodecNamespace | MessageClass | undefined = ROOTS;
  for (const part of name.split('.')) found = (found as CodecNamespace | undefined)?.[part];
  if (found === undefined) throw new Error(`no message ${name} in proto/`);
  classes.set(name, found as MessageClass);
  return found as MessageClass;
}
