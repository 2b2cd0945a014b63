import { type ClientReadableStream, status } from '@grpc/grpc-js';
import { trailerOf } from '../rpc/trailer.js';
import { decode } from '../wire/codec.js';
import type { MessageName, Messages } from '../wire/messages.js';

interface FollowOptions<Name extends MessageName> {
  /** Of which message the events are. */
  readonly message: Name;
  readonly onEvent: (event: Messages[Name]) => void | Promise<void>;
  readonly signal: AbortSignal;
  /** What the stream ended with, or what was wrong with a message, as it is to be thrown. */
  readonly toError: (cause: unknown) => Promise<Error>;
  /** Awaited before each message is decoded. */
  readonly turn?: (() => Promise<void>) | undefined;
}

/** Takes the events of a Watch stream one after the other, until the signal is aborted. See AgentClient.watch. */
export async function followStream<Name extends MessageName>(
  call: ClientReadableStream<Buffer>,
  { message, onEvent, signal, toError, turn }: FollowOptions<Name>,
): Promise<void> {
  const cancel = (): void => call.cancel();
  signal.addEventListener('abort', cancel, { once: true });
  // What it throws goes to the caller as it is.
  let isInCallback = false;
  try {
    if (signal.aborted) cancel();
    for await (const bytes of call) {
      await turn?.();
      const event = decode(message, bytes as Buffer);
      isInCallback = true;
      await onEvent(event);
      isInCallback = false;
    }
    // It has no end of its own: whoever ends it in good order goes away.
    const ended = { code: status.UNAVAILABLE, details: 'the stream has ended', metadata: trailerOf('ERR_NSATLAS_STOPPING') };
    if (!signal.aborted) throw Object.assign(new Error(ended.details), ended);
  } catch (cause) {
    call.cancel();
    if (isInCallback) throw cause;
    if (!signal.aborted) throw await toError(cause);
  } finally {
    signal.removeEventListener('abort', cancel);
  }
}
