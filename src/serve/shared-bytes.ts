import type { Table } from '../model/types.js';
import type { LiveHost } from '../live/types.js';
import { encodeChange, encodeWatchBody } from '../wire/watch-bytes.js';
import type { EventMaker } from './feed.js';

interface EncodedPart {
  readonly id: string;
  readonly body: Uint8Array;
}

/** Most bytes that are kept for other readers, and most of one namespace. */
const MOST_KEPT = 1024 * 1024;
const MOST_OF_ONE = 128 * 1024;

/** Events as bytes. Readers who know the same get the same bytes: as long as nothing changes, what was encoded for one is kept for the next. */
export class SharedBytes implements EventMaker<Uint8Array> {
  readonly make = encodeWatchBody;
  readonly #live: LiveHost;
  readonly #isShared: () => boolean;
  /** By what was asked for; of one revision. */
  readonly #kept = new Map<string, readonly EncodedPart[]>();
  #keptBytes = 0;
  #revision = -1;

  /** @param isShared whether there are other readers: for one alone nothing is kept */
  constructor(live: LiveHost, isShared: () => boolean = () => true) {
    this.#live = live;
    this.#isShared = isShared;
  }

  *parts(key: number, since: number | undefined, tables: readonly Table[]): Generator<EncodedPart> {
    const { revision } = this.#live;
    if (revision !== this.#revision) this.#forget(revision);
    const asked = `${key} ${since ?? ''} ${tables.join()}`;
    const known = this.#kept.get(asked);
    if (known !== undefined) {
      yield* known;
      return;
    }
    let parts: EncodedPart[] | undefined = this.#isShared() ? [] : undefined;
    let bytes = 0;
    for (const change of this.#live.parts(key, since, tables)) {
      for (const body of encodeChange(change)) {
        const part = { id: change.netns.id, body };
        bytes += body.length;
        if (bytes > MOST_OF_ONE) parts = undefined;
        parts?.push(part);
        yield part;
      }
    }
    if (parts === undefined || this.#revision !== revision || this.#live.revision !== revision) return;
    if (this.#keptBytes + bytes > MOST_KEPT) this.#forget(revision);
    this.#kept.set(asked, parts);
    this.#keptBytes += bytes;
  }

  #forget(revision: number): void {
    this.#kept.clear();
    this.#keptBytes = 0;
    this.#revision = revision;
  }
}
