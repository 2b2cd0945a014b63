import { type handleServerStreamingCall, type handleUnaryCall, type StatusObject, status } from '@grpc/grpc-js';
import type { Received } from '../wire/definitions.js';
import type { MessageName, Messages } from '../wire/messages.js';
import { CallError } from './error.js';
import { type ByteStream, type Step, writeAll, writeTogether } from './stream.js';
import { isCallCode, statusOf, trailerOf } from './trailer.js';
import type { CallOutcome, Log } from './types.js';
import { codeOf } from '../text/error.js';

/** What every call of the service has to do with. */
export interface Calls {
  /** A handler of a server-streaming method. `answer` yields the messages; its signal is aborted when the call is cancelled. */
  stream<Name extends MessageName>(
    answer: (request: Messages[Name], signal: AbortSignal) => Promise<Iterable<Step>>,
  ): handleServerStreamingCall<Received<Name>, Uint8Array>;
  /** A handler of a server-streaming method that writes by itself; the call ends when it does. */
  feed<Name extends MessageName>(
    run: (request: Messages[Name], stream: FeedStream) => Promise<object>,
  ): handleServerStreamingCall<Received<Name>, Uint8Array>;
  /** A handler of a unary method. */
  unary<Name extends MessageName>(
    answer: (request: Messages[Name], signal: AbortSignal) => Promise<Uint8Array>,
  ): handleUnaryCall<Received<Name>, Uint8Array>;
  /** Calls that run now. */
  readonly running: number;
}

/** Where a feed writes. */
export interface FeedStream {
  /** Writes at once; resolves when the client has taken the last, rejects as stream.ts's writeTogether() does. */
  write(messages: readonly Uint8Array[]): Promise<void>;
  /** Aborted when the call is cancelled. */
  readonly signal: AbortSignal;
}

interface CallsOptions {
  readonly log: Log;
  readonly maxCalls: number;
  readonly stallLimitMs: number;
  readonly now: () => number;
  /** Called when a call begins. */
  readonly onCallBegin: (method: string) => void;
  /** Called when a call has ended. */
  readonly onCall: (call: CallOutcome) => void;
}

/** Counts, limits and logs calls, and makes of whatever goes wrong the status that the client gets. */
export function createCalls({ log, maxCalls, stallLimitMs, now, onCall, onCallBegin }: CallsOptions): Calls {
  let running = 0;

  const track = async <Result>(call: Cancellable, run: (signal: AbortSignal) => Promise<Result>): Promise<Result> => {
    const startedAt = now();
    const ended = (code: status): void => onCall({ method: call.getPath(), code: status[code], ms: now() - startedAt });
    onCallBegin(call.getPath());
    const controller = new AbortController();
    call.once('cancelled', () => controller.abort(new CallError('ERR_NSATLAS_CANCELLED', 'the client cancelled the call')));
    running += 1;
    try {
      if (running > maxCalls)
        throw new CallError('ERR_NSATLAS_TOO_MANY_CALLS', `${maxCalls} calls are in progress already; try again later`);
      const result = await run(controller.signal);
      log.debug({ method: call.getPath(), peer: call.getPeer(), ms: Math.round(now() - startedAt), ...result }, 'call answered');
      ended(status.OK);
      return result;
    } catch (cause) {
      const problem = toCallError(cause);
      const { code } = problem;
      const callStatus = statusOf(code);
      const level = callStatus === status.INTERNAL || callStatus === status.UNAVAILABLE ? 'warn' : 'debug';
      log[level](
        { method: call.getPath(), peer: call.getPeer(), status: status[callStatus], code, err: problem.cause ?? problem },
        'call failed',
      );
      ended(callStatus);
      throw problem;
    } finally {
      running -= 1;
    }
  };

  const respond = (call: ByteStream, run: (signal: AbortSignal) => Promise<object>): void => {
    track(call, run).then(
      () => call.end(),
      (cause: unknown) => {
        // A cancelled call cannot be answered; grpc-js has destroyed its stream.
        if (!call.cancelled && !call.destroyed) call.emit('error', failureOf(cause));
      },
    );
  };

  return {
    stream: (answer) => (call) =>
      respond(call, async (signal) => writeAll(call, await answer(messageOf(call.request), signal), { signal, stallLimitMs })),
    feed: (run) => (call) =>
      respond(call, (signal) =>
        run(messageOf(call.request), { signal, write: (messages) => writeTogether(call, messages, { signal, stallLimitMs }) }),
      ),
    unary: (answer) => (call, callback) => {
      let bytes: Uint8Array = new Uint8Array();
      const run = async (signal: AbortSignal): Promise<{ bytes: number }> => {
        bytes = await answer(messageOf(call.request), signal);
        return { bytes: bytes.length };
      };
      track(call, run).then(
        () => callback(null, bytes),
        (cause: unknown) => callback(failureOf(cause)),
      );
    },
    get running() {
      return running;
    },
  };
}

/** What an answer threw, as the client gets it: what has no code for a client is a bug of ours, INTERNAL, and logged. */
function toCallError(cause: unknown): CallError {
  if (cause instanceof CallError) return cause;
  const code = codeOf(cause);
  const message = cause instanceof Error ? cause.message : String(cause);
  return new CallError(isCallCode(code) ? code : 'ERR_NSATLAS_INTERNAL', message, { cause });
}

function failureOf(cause: unknown): Partial<StatusObject> {
  const { code, message } = toCallError(cause);
  return { code: statusOf(code), details: message, metadata: trailerOf(code) };
}

interface Cancellable {
  once(event: 'cancelled', listener: () => void): unknown;
  getPath(): string;
  getPeer(): string;
}

function messageOf<Name extends MessageName>(received: Received<Name>): Messages[Name] {
  if ('message' in received) return received.message;
  throw new CallError('ERR_NSATLAS_REQUEST', `the request ${received.problem.message}`, { cause: received.problem });
}
