import { type ClientReadableStream, status } from '@grpc/grpc-js';
import type { WatchEvent } from '../model/types.js';
import { decode } from '../wire/codec.js';

interface FollowOptions {
  readonly onEvent: (event: WatchEvent) => void | Promise<void>;
  readonly signal: AbortSignal;
  /** What the stream ended with, or what was wrong with a message, as it is to be thrown. */
  readonly toError: (cause: unknown) => Promise<Error>;
}

/** Takes the events of a Watch stream one after the other, until the signal is aborted. See AgentClient.watch. */
export async function followStream(
  call: ClientReadableStream<Buffer>,
  { onEvent, signal, toError }: FollowOptions,
): Promise<void> {
  const cancel = (): void => call.cancel();
  signal.addEventListener('abort', cancel, { once: true });
  const callback = new Callback(onEvent);
  try {
    if (signal.aborted) cancel();
    for await (const bytes of call) await callback.run(decode('nsatlas.v1.WatchResponse', bytes as Buffer));
    if (!signal.aborted) throw Object.assign(new Error(), { code: status.UNAVAILABLE, details: 'the stream has ended' });
  } catch (cause) {
    call.cancel();
    if (callback.threw(cause)) throw cause;
    if (!signal.aborted) throw await toError(cause);
  } finally {
    signal.removeEventListener('abort', cancel);
  }
}

/** Tells what a callback threw from everything else. */
class Callback {
  readonly #onEvent: FollowOptions['onEvent'];
  #cause: { readonly thrown: unknown } | undefined;

  constructor(onEvent: FollowOptions['onEvent']) {
    this.#onEvent = onEvent;
  }

  async run(event: WatchEvent): Promise<void> {
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
