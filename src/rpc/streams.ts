import { constants, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2';
import type { Notice } from './notices.js';

/** Counts and limits the HTTP/2 streams of a connection, with those of all others: each is a call, or the beginning of one. */
export type CountStreams = (session: ServerHttp2Session, connection: Counted) => void;

interface Counted {
  /** For the log. */
  readonly peer: string;
  /** It has a stream; it has none any more. */
  readonly onBusy: () => void;
  readonly onIdle: () => void;
  /** Ends the connection. */
  readonly end: () => void;
}

interface StreamLimits {
  /** Most at once, of all connections together. */
  readonly max: number;
  /** How long a client may take to write a request, in milliseconds. */
  readonly requestLimitMs: number;
  readonly notice: Notice;
  readonly now: () => number;
}

/**
 * A client may cancel this many calls at once and this many a second in the long run. nghttp2 has limits of its own (1000 and 33) and
 * sends GOAWAY above them, but does not notify Node, which keeps the connection until its keepalive fails.
 */
const RESETS = { burst: 500, perSecond: 20 } as const;

/** So many calls a connection always has, however many others have taken the rest. */
const FAIR_SHARE = 4;

/**
 * A call costs memory from its first frame, long before it can be answered and Calls counts it: half a request of 256 KiB on each of
 * 256 streams of 256 connections would be 16 GiB. And streams that are opened and reset at once cost work and are never many
 * (CVE-2023-44487).
 */
export function createStreams({ max, requestLimitMs, notice, now }: StreamLimits): CountStreams {
  let open = 0;

  const limitRequest = (stream: ServerHttp2Stream, peer: string): void => {
    if (stream.endAfterHeaders) return;
    const timer = setTimeout(() => {
      if (stream.readableEnded || stream.closed) return;
      notice('slow-call', { peer, limitMs: requestLimitMs }, 'a client did not finish a request in time; the call was ended');
      stream.close(constants.NGHTTP2_CANCEL);
    }, requestLimitMs).unref();
    stream.once('end', () => clearTimeout(timer));
    stream.once('close', () => clearTimeout(timer));
  };

  return (session, { peer, onBusy, onIdle, end }) => {
    const resets = createBucket(RESETS, now);
    let streams = 0;
    let wild = false;
    session.on('stream', (stream) => {
      open += 1;
      streams += 1;
      onBusy();
      limitRequest(stream, peer);
      stream.once('close', () => {
        open -= 1;
        streams -= 1;
        if (streams === 0) onIdle();
        if (wild || stream.rstCode === constants.NGHTTP2_NO_ERROR || resets.take()) return;
        wild = true;
        notice('resets', { peer }, 'a client cancelled too many calls in a short time; its connection was ended');
        end();
      });
      if (open <= max || streams <= FAIR_SHARE) return;
      notice('too-many-calls', { peer, max }, 'too many calls at once; a new one was refused');
      stream.close(constants.NGHTTP2_REFUSED_STREAM);
    });
  };
}

/** A bucket that fills with time. take() is false when it is empty. */
function createBucket({ burst, perSecond }: typeof RESETS, now: () => number): { take(): boolean } {
  let left: number = burst;
  let at = now();
  return {
    take: () => {
      const time = now();
      left = Math.min(burst, left + ((time - at) / 1000) * perSecond) - 1;
      at = time;
      return left >= 0;
    },
  };
}
