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
  const callback = new Callback(onEvent);
  try {
    if (signal.aborted) cancel();
    for await (const bytes of call) {
      await turn?.();
      await callback.run(decode(message, bytes as Buffer));
    }
    // It has no end of its own: whoever ends it in good order goes away.
    const ended = { code: status.UNAVAILABLE, details: 'the stream has ended', metadata: trailerOf('ERR_NSATLAS_STOPPING') };
    if (!signal.aborted) throw Object.assign(new Error(ended.details), ended);
  } catch (cause) {
    call.cancel();
    if (callback.threw(cause)) throw cause;
    if (!signal.aborted) throw await toError(cause);
  } finally {
    signal.removeEventListener('abort', cancel);
  }
}

/** Distinguishes errors thrown by a callback from all others. */
class Callback<Event> {
  readonly #onEvent: (event: Event) => void | Promise<void>;
  #cause: { readonly thrown: unknown } | undefined;

  constructor(onEvent: (event: Event) => void | Promise<void>) {
    this.#onEvent = onEvent;
  }

  async run(event: Event): Promise<void> {
    try {
      await this.#onEvent(event);
    } catch (thrown) {
      this.#cause = { thrown };
      throw thrown;
    }
  }

  threw(cause: unknown): boolean {
    return this.#cause !== undefined && this.#cause.thrown === cause;
  }
}
