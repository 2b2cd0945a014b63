import { constants, type ServerHttp2Stream } from 'node:http2';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ServerWritableStream } from '@grpc/grpc-js';
import { duration } from '../text/duration.js';
import { CallError } from './error.js';

/** A server-streaming call whose responses are handed over encoded. */
export type ByteStream = ServerWritableStream<unknown, Uint8Array>;

/** A message, or undefined where the maker of messages has nothing yet and lets others have their turn. */
export type Step = Uint8Array | undefined;

/** When writing ends early. */
interface Limits {
  readonly signal: AbortSignal;
  readonly stallLimitMs: number;
}

/**
 * Writes an answer's messages one at a time, each when the client has taken the one before: what a slow client costs is one
 * message. Does not end the call.
 * @returns bytes and messages written
 * @throws signal.reason when the call was cancelled; CallError when the client reads nothing for stallLimitMs
 */
export async function writeAll(
  call: ByteStream,
  messages: Iterable<Step>,
  limits: Limits,
): Promise<{ messages: number; bytes: number }> {
  const written = { messages: 0, bytes: 0 };
  for (const message of messages) {
    limits.signal.throwIfAborted();
    if (message !== undefined) {
      await write(call, message, limits);
      written.messages += 1;
      written.bytes += message.length;
    }
    // Encoding is synchronous; other calls have their turn between two messages.
    await nextTurn();
  }
  return written;
}

/**
 * Writes one message, at once; resolves when the client has taken it.
 * @throws signal.reason when the call was cancelled; CallError when the client reads nothing for stallLimitMs
 */
function write(call: ByteStream, message: Uint8Array, { signal, stallLimitMs }: Limits): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (act: () => void): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
      act();
    };
    // grpc-js never calls back for a call that was cancelled meanwhile.
    const onAbort = (): void => settle(() => reject(signal.reason as Error));
    const timer = setTimeout(() => {
      const problem = new CallError('ERR_NSATLAS_STALLED', `the client has read nothing for ${duration(stallLimitMs)}`);
      settle(() => reject(problem));
      reset(call);
    }, stallLimitMs);
    signal.addEventListener('abort', onAbort, { once: true });
    call.write(message, (problem?: Error | null) => settle(() => (problem ? reject(problem) : resolve())));
  });
}

/**
 * Writes several messages at once; resolves when the client has taken the last.
 * @throws as write() does
 */
export function writeTogether(call: ByteStream, messages: readonly Uint8Array[], limits: Limits): Promise<void> {
  const last = messages.at(-1);
  if (last === undefined) return Promise.resolve();
  for (const message of messages.slice(0, -1)) call.write(message);
  return write(call, last, limits);
}

/**
 * Ends a call whose client does not read: a status would queue behind what is not read. grpc-js 1.14 has no call for it, so
 * the HTTP/2 stream is taken from inside (ServerWritableStreamImpl.call, BaseServerInterceptingCall.stream); where a later
 * release keeps it elsewhere, the connection's keepalive is what is left. test/live/agent-load.test.ts shows that it works.
 */
function reset(call: ByteStream): void {
  const inside = call as unknown as { call?: { stream?: ServerHttp2Stream } };
  inside.call?.stream?.close(constants.NGHTTP2_ENHANCE_YOUR_CALM);
}
