import type { Client, ClientReadableStream } from '@grpc/grpc-js';
import { decode, encode } from '../wire/codec.js';
import { methodPath } from '../wire/definitions.js';
import { type ListedName, type MessageName, type Messages, RPCS } from '../wire/messages.js';

/** A method of a service with its messages. */
export interface Method<Request extends MessageName, Response extends MessageName> {
  /** "ListFdb" */
  readonly name: string;
  readonly request: Request;
  readonly response: Response;
}

/** GetSnapshot of an agent and of a collector. */
export const SNAPSHOT_METHOD = {
  name: 'GetSnapshot',
  request: 'nsatlas.v1.GetSnapshotRequest',
  response: 'nsatlas.v1.HostSnapshot',
} as const;

/** The method of a list, of an agent or of a collector. */
export function listMethod<Name extends ListedName>(
  name: Name,
): Method<`nsatlas.v1.List${(typeof RPCS)[Name]}Request`, `nsatlas.v1.List${(typeof RPCS)[Name]}Response`> {
  const method = `List${RPCS[name]}` as const;
  return { name: method, request: `nsatlas.v1.${method}Request`, response: `nsatlas.v1.${method}Response` };
}

/** Calls the methods of one service. Every call rejects with what `toError` makes, and with nothing else. */
export interface Caller {
  unary<Request extends MessageName, Response extends MessageName>(
    method: Method<Request, Response>,
    request: Messages[Request],
  ): Promise<Messages[Response]>;
  /** The messages of a stream, one after the other, until it ends. */
  stream<Request extends MessageName, Response extends MessageName>(
    method: Method<Request, Response>,
    request: Messages[Request],
    onMessage: (message: Messages[Response]) => void,
  ): Promise<void>;
  /** A stream without an end of its own and without a time limit, not decoded. */
  open<Request extends MessageName>(
    method: Method<Request, MessageName>,
    request: Messages[Request],
  ): ClientReadableStream<Buffer>;
}

interface CallerOptions {
  /** "nsatlas.v1.Agent" */
  readonly service: string;
  /** For a complete answer, in milliseconds. */
  readonly timeoutMs: number;
  /** What a call ended with, or what was wrong with a message, as it is to be thrown. */
  readonly toError: (cause: unknown) => Promise<Error>;
}

const asTheyAre = (bytes: Buffer): Buffer => bytes;

/** A caller over a channel, which stays the caller's own. */
export function createCaller(client: Client, { service, timeoutMs, toError }: CallerOptions): Caller {
  const deadline = (): { deadline: number } => ({ deadline: Date.now() + timeoutMs });
  return {
    unary: ({ name, request: asked, response }, request) =>
      new Promise((resolve, reject) => {
        const fail = (cause: unknown): void => void toError(cause).then(reject, reject);
        const bytes = encode(asked, request);
        client.makeUnaryRequest(methodPath(service, name), asTheyAre, asTheyAre, bytes, deadline(), (problem, answer) => {
          try {
            if (problem !== null || answer === undefined) fail(problem);
            else resolve(decode(response, answer));
          } catch (cause) {
            fail(cause);
          }
        });
      }),
    stream: async ({ name, request: asked, response }, request, onMessage) => {
      const bytes = encode(asked, request);
      const call = client.makeServerStreamRequest(methodPath(service, name), asTheyAre, asTheyAre, bytes, deadline());
      try {
        for await (const part of call) onMessage(decode(response, part as Buffer));
      } catch (cause) {
        call.cancel();
        throw await toError(cause);
      }
    },
    open: ({ name, request: asked }, request) =>
      client.makeServerStreamRequest(methodPath(service, name), asTheyAre, asTheyAre, encode(asked, request)),
  };
}
