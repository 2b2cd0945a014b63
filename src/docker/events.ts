import type { IncomingMessage } from 'node:http';
import { StringDecoder } from 'node:string_decoder';
import { asObject, child, text } from './json.js';

/** What an event means for what we know. */
export type EngineChange =
  | { readonly kind: 'container'; readonly id: string }
  | { readonly kind: 'network'; readonly id: string; readonly containerId?: string };

/**
 * What is asked for. The many other events (each health check makes three) are not even sent. "remove" and "update" are
 * what networks of a swarm have in place of "destroy".
 */
export const EVENT_FILTERS: Readonly<Record<string, readonly string[]>> = {
  type: ['container', 'network'],
  event: ['start', 'die', 'destroy', 'rename', 'create', 'remove', 'connect', 'disconnect', 'update'],
};

/** Actions of containers that change nothing we know of: one that was created does not run yet; limits were updated. */
const WITHOUT_EFFECT: ReadonlySet<string> = new Set(['create', 'update']);

/** A line of the stream of events: what has changed; 'irrelevant'; or 'malformed', after which nothing can be relied on. */
export function parseEvent(line: string): EngineChange | 'irrelevant' | 'malformed' {
  let raw: ReturnType<typeof asObject>;
  try {
    raw = asObject(JSON.parse(line));
  } catch {
    // Said by the result.
    return 'malformed';
  }
  const type = text(raw, 'Type');
  const action = text(raw, 'Action');
  const actor = child(raw, 'Actor');
  const id = text(actor, 'ID');
  if (type === undefined || action === undefined) return 'malformed';
  if (type !== 'container' && type !== 'network') return 'irrelevant';
  if (id === undefined) return 'malformed';
  if (type === 'container') return WITHOUT_EFFECT.has(action) ? 'irrelevant' : { kind: 'container', id };
  const containerId = text(child(actor, 'Attributes'), 'container');
  return { kind: 'network', id, ...(containerId !== undefined && { containerId }) };
}

/** Longest line that is an event: it carries all labels of a container, so it is as long as an inspected one at most. */
const MAX_LINE_LENGTH = 4 * 1024 * 1024;

/** Receives the events of an engine. */
export interface EventListener {
  onChange(change: EngineChange): void;
  /** The stream has ended or cannot be understood any more (malformed, too long). Called once, and nothing is called after it. */
  onLost(): void;
}

/** Cuts a stream of events into lines. It does not keep the process alive. */
export class EventFollower {
  readonly #response: IncomingMessage;
  readonly #listener: EventListener;
  readonly #decoder = new StringDecoder('utf8');
  /** The beginning of a line, in pieces. */
  #rest: string[] = [];
  #restLength = 0;
  #over = false;

  constructor(response: IncomingMessage, listener: EventListener) {
    this.#response = response;
    this.#listener = listener;
    response.socket.unref();
    response.on('data', (chunk: Buffer) => this.#push(this.#decoder.write(chunk)));
    response.on('close', () => this.#lose());
    // A broken connection is followed by 'close'; without a listener it would end the process.
    response.on('error', () => undefined);
  }

  /** Closes the stream. The listener is not called any more. */
  close(): void {
    this.#over = true;
    this.#response.destroy();
  }

  #push(piece: string): void {
    if (this.#over) return;
    const [end = '', ...lines] = piece.split('\n');
    this.#rest.push(end);
    this.#restLength += end.length;
    if (this.#restLength > MAX_LINE_LENGTH) this.#lose();
    else if (lines.length > 0) this.#takeAll(this.#rest.join(''), lines);
  }

  /** @param lines the lines after the first; the last one is not complete yet */
  #takeAll(first: string, lines: string[]): void {
    const rest = lines.pop() ?? '';
    this.#rest = [rest];
    this.#restLength = rest.length;
    for (const line of [first, ...lines]) {
      if (this.#over) return;
      if (line.trim() !== '') this.#take(line);
    }
  }

  #take(line: string): void {
    const change = parseEvent(line);
    if (change === 'malformed') this.#lose();
    else if (change !== 'irrelevant') this.#listener.onChange(change);
  }

  #lose(): void {
    if (this.#over) return;
    this.close();
    this.#listener.onLost();
  }
}
