import { type IncomingMessage, request } from 'node:http';
import { explainConnectError } from './connect-error.js';
import { EngineError, type EngineQuestion } from './error.js';

/** A GET of one engine. */
export interface HttpQuestion extends EngineQuestion {
  /** Path and query, percent-encoded. */
  readonly path: string;
  /** Time limit of the exchange, including connecting. For a stream: until its header was received. */
  readonly timeMs: number;
  readonly signal?: AbortSignal;
}

/** Header of an answer: names and values together. Engines send some 300 bytes. */
const MAX_HEADER_BYTES = 16384;

/**
 * Asks and reads the whole answer. Each question has a connection of its own: on a unix socket that costs next to nothing
 * and leaves nothing open.
 * @param maxBytes of the body
 * @throws EngineError
 */
export async function httpGet(question: HttpQuestion, maxBytes: number): Promise<{ status: number; body: Buffer }> {
  return exchange(question, (response, done, fail) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    response.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > maxBytes)
        fail(new EngineError(question, 'ERR_NSATLAS_ENGINE_TOO_LARGE', `the answer is longer than ${maxBytes} bytes`));
      else chunks.push(chunk);
    });
    // An answer that was cut off has no 'end' but an 'error'.
    response.on('end', () => done({ status: response.statusCode ?? 0, body: Buffer.concat(chunks) }));
  });
}

/**
 * Asks and hands over the answer as soon as its header is there; what comes then has no time limit. Who takes it destroys it.
 * @throws EngineError
 */
export async function httpStream(question: HttpQuestion): Promise<IncomingMessage> {
  return exchange(question, (response, done) => done(response));
}

type Receive<Result> = (response: IncomingMessage, done: (result: Result) => void, fail: (error: EngineError) => void) => void;

/** sockaddr_un has 108 bytes for a path and its NUL: unix(7). */
const MAX_SOCKET_PATH = 107;

/** What is no path at all is refused here: Node 22 raises the error before anybody can listen for it. */
function isSocketPath(path: string): boolean {
  return path !== '' && !path.includes('\0') && Buffer.byteLength(path) <= MAX_SOCKET_PATH;
}

/** One exchange under its time limit. Settles once; whatever does not end in a result ends the connection. */
function exchange<Result>(question: HttpQuestion, receive: Receive<Result>): Promise<Result> {
  const { socket, path, timeMs, signal } = question;
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) {
      reject(abortError(question));
      return;
    }
    if (!isSocketPath(socket)) {
      reject(
        connectionError(question, Object.assign(new Error(`connect EINVAL ${socket}`), { code: 'EINVAL', syscall: 'connect' })),
      );
      return;
    }
    const outgoing = request({
      socketPath: socket,
      path,
      method: 'GET',
      agent: false,
      maxHeaderSize: MAX_HEADER_BYTES,
      headers: { Host: 'docker', Accept: 'application/json', 'User-Agent': 'nsatlas' },
    });
    let settled = false;
    const settle = (): boolean => {
      if (settled) return false;
      settled = true;
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      return true;
    };
    const done = (result: Result): void => {
      if (settle()) resolve(result);
    };
    const fail = (error: EngineError): void => {
      if (settle()) reject(error);
      outgoing.destroy();
    };
    const onAbort = (): void => fail(abortError(question));
    const timer = setTimeout(() => fail(timeoutError(question)), timeMs);
    signal?.addEventListener('abort', onAbort);
    outgoing.on('error', (cause: NodeJS.ErrnoException) => fail(connectionError(question, cause)));
    // After every end, a good one included: then the promise is settled already.
    outgoing.on('close', () =>
      fail(new EngineError(question, 'ERR_NSATLAS_ENGINE_UNREACHABLE', 'the connection ended before the answer did')),
    );
    outgoing.on('response', (response) => {
      response.on('error', (cause: NodeJS.ErrnoException) => fail(connectionError(question, cause)));
      receive(response, done, fail);
    });
    outgoing.end();
  });
}

function timeoutError(question: HttpQuestion): EngineError {
  const what = `no answer to ${question.operation} within ${Math.round(question.timeMs)} ms; the daemon hangs or is overloaded`;
  return new EngineError(question, 'ERR_NSATLAS_ENGINE_TIMEOUT', what, { errno: 'ETIMEDOUT' });
}

/** Ended by us; the signal's reason is the error when it is one of ours. */
function abortError(question: HttpQuestion): EngineError {
  const reason: unknown = question.signal?.reason;
  return reason instanceof EngineError ? reason : new EngineError(question, 'ERR_NSATLAS_ENGINE_CLOSED', 'closed');
}

function connectionError(question: HttpQuestion, cause: NodeJS.ErrnoException): EngineError {
  const code = cause.code ?? '';
  if (code === 'HPE_HEADER_OVERFLOW') {
    const what = `the answer's header is longer than ${MAX_HEADER_BYTES} bytes`;
    return new EngineError(question, 'ERR_NSATLAS_ENGINE_TOO_LARGE', what, { cause });
  }
  if (code.startsWith('HPE_'))
    return new EngineError(question, 'ERR_NSATLAS_ENGINE_MALFORMED', 'the peer does not speak HTTP', { cause });
  const isOfConnect = cause.syscall === 'connect' || code === 'ERR_INVALID_ARG_VALUE';
  const isDenied = isOfConnect && (code === 'EACCES' || code === 'EPERM');
  const kind = isDenied ? 'ERR_NSATLAS_ENGINE_DENIED' : 'ERR_NSATLAS_ENGINE_UNREACHABLE';
  const what = isOfConnect ? explainConnectError(question.socket, code) : `the connection broke (${code || cause.message})`;
  return new EngineError(question, kind, what, { errno: code || undefined, cause });
}
